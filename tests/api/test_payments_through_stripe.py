"""A customer whose currency goes to Stripe: the whole way over HTTP, with Stripe's webhooks, beside the sandbox."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from api.app import build_app
from domain.actor import Grant
from domain.ids import PaymentId
from domain.inbox import find, raw_of
from domain.payments.gateway import Gateway, LineKind, SettlementLines
from domain.payments.gateways.stripe_signature import sign
from domain.payments.payment import payment
from domain.reactions.house import House
from domain.reactions.provider_events import apply
from runtime.settings import Settings
from tests.api_callers import START, Api, Caller, Guest, running
from tests.provider_here import in_the_books, stripe_at
from tests.provider_process import WEBHOOK_SECRET, Bench, ProviderProcess, bench_at, receiver
from tests.world import USD

ROUTE = """mutation ($input: SetPaymentRouteInput!) { setPaymentRoute(input: $input) {
    routes { currency account } errors { ... on UserError { code path } } } }"""
ADD = """mutation ($input: AddPaymentMethodInput!) { addPaymentMethod(input: $input) {
    paymentMethod { id kind brand last4 } errors { ... on UserError { code } } } }"""
WHERE = "{ viewer { customer { paymentMethodAccount } } }"
REFUND = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
    refund { id state } errors { ... on UserError { code } } } }"""
FIND = """query ($charge: String!, $refund: String!, $ours: ID!) { staff {
    paymentsByProvider(reference: $charge) { customerId providerAccount payment { id state } }
    refundsByProvider(reference: $refund) { customerId paymentId refund { id state } }
    refund(id: $ours) { providerReference customerId } } }"""


DISPUTED = """query ($reference: String!) { staff { disputesByProvider(reference: $reference) {
    customerId providerAccount providerReference dispute { amount { minorUnits } state } } } }"""


@dataclass
class Town:
    """The API of a process that has both accounts, the provider behind them, and a house for what its worker does."""

    api: Api
    bench: Bench
    house: House
    stripe: Gateway

    async def told(self, subject: str, count: int) -> list[tuple[int, str | None]]:
        """Hands the object's first webhooks in as Stripe sends them, the last one first; what became of each."""
        listed = await self.bench.get("/v1/events", object=subject)
        found = []
        async with receiver() as endpoint:
            events = [event["id"] for event in listed["events"][:count]]
            await self.bench.post("/admin/webhooks/deliver", {"events": events, "url": endpoint.url})
            letters = [await endpoint.next() for _ in events]
        for event, letter in reversed(list(zip(events, letters, strict=True))):
            headers = {"Stripe-Signature": letter.headers["stripe-signature"]}
            answer = await self.api.http.post("/webhooks/stripe/main", content=letter.raw, headers=headers)
            key = f"stripe/main:{event.replace('event_', 'evt_')}"
            found.append((answer.status_code, await apply(self.house, key)))
        return found


@pytest.fixture(scope="module")
async def town(
    process_settings: Settings, api: Api, provider_here: ProviderProcess, house: House
) -> AsyncIterator[Town]:
    """Dollars go to Stripe while these tests run."""
    both = process_settings.model_copy(
        update={
            "stripe_url": f"{provider_here.url}/stripe",
            "stripe_secret": SecretStr(provider_here.secret),
            "stripe_webhook_secret": SecretStr(f"whsec_other,{WEBHOOK_SECRET}"),
        }
    )
    gateway = stripe_at(provider_here)
    async with running(build_app(both)) as http, bench_at(provider_here) as bench:
        here = replace(api, http=http)
        admin = await here.staff(Grant.ADMIN)
        routed = await admin.do(ROUTE, currency="USD", account="stripe/main")
        assert {"currency": "USD", "account": "stripe/main"} in routed["routes"]
        yield Town(here, bench, replace(house, gateways={**house.gateways, "stripe/main": gateway}), gateway)
        assert not any(each["currency"] == "USD" for each in (await admin.do(ROUTE, currency="USD"))["routes"])
    await gateway.close()


async def buyer_with(town: Town, token: str) -> tuple[Guest, Any]:
    """A customer in dollars with that card, and the purchase."""
    guest = await town.api.guest(currency=USD)
    await guest.do(ADD, token=f"{token}#{uuid4().hex}")
    return guest, await guest.do(START, priceId=str(town.api.world.prices["usd"]))


async def charge_of(town: Town, guest: Guest, bought: Any) -> tuple[PaymentId, str]:
    """The payment of a purchase, and Stripe's id of it."""
    id = PaymentId.parse(bought["invoice"]["payments"][0]["id"])
    known = await payment(town.house.db.primary, guest.who.id, id)
    assert known.provider_account == "stripe/main" and (known.provider_ref or "").startswith("pi_")
    return id, known.provider_ref or ""


@pytest.mark.row("B4", "A7")
async def test_a_card_in_the_routed_currency_is_charged_told_refunded_settled_and_found_at_stripe(town: Town) -> None:
    guest, bought = await buyer_with(town, "pm_card_visa")
    assert (await guest.data(WHERE))["viewer"]["customer"]["paymentMethodAccount"] == "stripe/main"
    assert (bought["subscription"]["state"], bought["invoice"]["state"]) == ("ACTIVE", "PAID")
    id, ref = await charge_of(town, guest, bought)
    assert await town.told(in_the_books(ref), 1) == [(200, "applied")]
    assert (await payment(town.house.db.primary, guest.who.id, id)).state.name == "succeeded"
    finance: Caller = await town.api.staff(Grant.FINANCE)
    amount = {"minorUnits": "300", "currency": "USD"}
    given = {"customerId": guest.id, "paymentId": str(id), "amount": amount, "reason": "Too much."}
    back = (await finance.do(REFUND, **given))["refund"]
    assert back["state"] == "SUCCEEDED"
    books = await town.bench.get("/admin/books", customer=guest.id)
    assert (books["captured_minor"], books["refunded_minor"]) == ({"USD": 1100}, {"USD": 300})
    (there,) = books["refunds"]
    names = {"charge": ref, "refund": there["id"].replace("refund_", "re_"), "ours": back["id"]}
    found = (await finance.data(FIND, **names))["staff"]
    assert [(each["customerId"], each["payment"]["id"]) for each in found["paymentsByProvider"]] == [
        (guest.id, str(id))
    ]
    assert [each["refund"]["id"] for each in found["refundsByProvider"]] == [back["id"]]
    assert found["refund"] == {"providerReference": names["refund"], "customerId": guest.id}
    await disputed(town, guest, finance, ref)
    lines = await town.stripe.settlement_lines(None, None, 1000)
    assert isinstance(lines, SettlementLines)
    mine = [(line.kind, line.gross.minor) for line in lines.lines if line.reference == str(id)]
    assert mine == [(LineKind.CHARGE, 1100), (LineKind.REFUND, -300), (LineKind.DISPUTE, -500)]


async def disputed(town: Town, guest: Guest, finance: Caller, ref: str) -> None:
    """The cardholder disputes a part: the webhook says so, and the desk finds it by Stripe's own id."""
    opened = await town.bench.post("/admin/disputes", {"payment": in_the_books(ref), "amount_minor": 500})
    assert await town.told(opened["id"], 1) == [(200, "applied")]
    name = opened["id"].replace("dispute_", "dp_")
    (found,) = (await finance.data(DISPUTED, reference=name))["staff"]["disputesByProvider"]
    assert found == {"customerId": guest.id, "providerAccount": "stripe/main", "providerReference": name,
                     "dispute": {"amount": {"minorUnits": "500"}, "state": "OPEN"}}  # fmt: skip


async def test_a_customer_who_has_to_be_there_comes_and_the_webhooks_end_it_in_any_order(town: Town) -> None:
    guest, bought = await buyer_with(town, "pm_3ds")
    (attempt,) = bought["invoice"]["payments"]
    assert attempt["state"] == "REQUIRES_ACTION" and attempt["actionUrl"]
    id, ref = await charge_of(town, guest, bought)
    async with httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        assert (await browser.get(attempt["actionUrl"], params={"outcome": "complete"})).is_success
    told = await town.told(in_the_books(ref), 2)
    assert [status for status, _ in told] == [200, 200] and told[0][1] == "applied"
    known = await payment(town.house.db.primary, guest.who.id, id)
    assert (known.state.name, known.captured.minor) == ("succeeded", 1100)


async def test_a_decline_at_stripe_is_hard_or_soft_and_a_forged_event_is_nobody_s(town: Town) -> None:
    guest, bought = await buyer_with(town, "pm_stolen_card")
    id, ref = await charge_of(town, guest, bought)
    known = await payment(town.house.db.primary, guest.who.id, id)
    assert (known.state.name, known.failure_code, known.failure_hard) == ("failed", "stolen_card", True)
    forged = {"Stripe-Signature": "t=1,v1=00"}
    answer = await town.api.http.post("/webhooks/stripe/main", content=f'{{"id": "{ref}"}}', headers=forged)
    assert answer.status_code == 401


async def test_a_kind_of_event_without_a_word_of_ours_is_kept_once_without_its_body_and_ignored(town: Town) -> None:
    id, now = f"evt_{uuid4().hex}", datetime.now(UTC)
    thin = {"id": id, "object": "v2.core.event", "type": "v1.billing.meter.error", "created": now.isoformat()}
    raw, seconds = json.dumps(thin).encode(), int(now.timestamp())
    signed = {"Stripe-Signature": f"t={seconds},v1={sign(raw, seconds, WEBHOOK_SECRET)}"}
    answers = [await town.api.http.post("/webhooks/stripe/main", content=raw, headers=signed) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"duplicate": False}, {"duplicate": True}]
    kept = await find(town.house.db.primary, f"stripe/main:{id}")
    assert kept is not None and await raw_of(town.house.db.primary, kept) == ({}, b"")
    assert await apply(town.house, f"stripe/main:{id}") == "stale"
