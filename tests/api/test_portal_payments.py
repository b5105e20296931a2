"""Paying through the portal while the provider is slow, silent or away, wants a confirmation, or declines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from dev.story.documents import ADD_METHOD, BALANCE, INVOICE, PAY, SUBSCRIPTIONS
from domain.reactions.provider_events import apply
from domain.subscriptions.subscription import subscriptions
from tests.api_callers import START, Api, Guest, key, until
from tests.provider_process import Bench, Receiver, bench_at, receiver, shared_or_own_provider

STATUS = "query ($key: IdempotencyKey!) { viewer { customer { operation(idempotencyKey: $key) { status } } } }"
STUCK = """{ staff { stuckPayments {
    customerId timesAsked sentAt providerReference payment { id state invoiceId } } } }"""
IN_DOUBT = """query ($after: String) { staff { paymentsInDoubt(first: 1, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { customerId } } } } }"""
SLOW_MS = 8_000
"""Seconds longer than a mutation waits, and below the ten after which the provider is given up."""


@dataclass
class Provider:
    """A corner of the sandbox provider whose webhooks reach the API when the test hands them on."""

    bench: Bench
    hook: Receiver
    api: Api

    async def guest(self, token: str, **behaviour: Any) -> Guest:
        """A customer with a method of that token, treated so."""
        await self.bench.behave(token, webhook_url=self.hook.url, **behaviour)
        guest = await self.api.guest()
        await guest.do(ADD_METHOD, token=self.bench.token(token))
        return guest

    async def tell(self, kind: str) -> None:
        """Hands webhooks on to the API, up to and with the first of that kind."""
        while True:
            delivery = await self.hook.next()
            headers = {name: value for name, value in delivery.headers.items() if name != "host"}
            answer = await self.api.http.post("/webhooks/sandbox/main", content=delivery.raw, headers=headers)
            assert answer.status_code == 200, answer.text
            await apply(self.api.world.house, f"sandbox/main:{headers['webhook-id']}")
            if f'"{kind}"'.encode() in delivery.raw:
                return


@pytest.fixture
async def provider(api: Api) -> AsyncIterator[Provider]:
    """This test's corner of the provider."""
    async with bench_at(shared_or_own_provider()) as bench, receiver() as hook:
        yield Provider(bench, hook, api)


async def invoice(guest: Guest, id: str) -> Any:
    """The invoice as it stands."""
    return (await guest.data(INVOICE, id=id))["viewer"]["customer"]["invoice"]


async def subscription(guest: Guest) -> Any:
    """The newest subscription as it stands."""
    return (await guest.data(SUBSCRIPTIONS))["viewer"]["customer"]["subscriptions"][0]


async def active(api: Api, guest: Guest) -> bool | None:
    """True once the newest subscription is active; looked up past the door, which would count the looks."""
    newest = (await subscriptions(api.world.house.db.primary, guest.who.id))[0]
    return True if newest.state.name == "active" else None


async def status(guest: Guest, of: str) -> str:
    """Whether what a key did is done."""
    operation = (await guest.data(STATUS, key=of))["viewer"]["customer"]["operation"]
    return str(operation["status"])


@pytest.mark.row("B5")
async def test_a_slow_provider_is_answered_as_processing_and_completes_by_itself(provider: Provider) -> None:
    guest, price = await provider.guest("tok_visa", operations=["charge"], delay_ms=SLOW_MS), provider.api.world.prices
    given = {"priceId": str(price["starter"]), "idempotencyKey": key()}
    slow = await guest.do(START, **given)
    assert slow["operation"]["status"] == "PROCESSING"
    assert (slow["subscription"]["state"], slow["subscription"]["entitled"]) == ("INCOMPLETE", False)
    assert [payment["state"] for payment in slow["invoice"]["payments"]] == ["PROCESSING"]
    refused = await guest.refusal(PAY, invoiceId=slow["invoice"]["id"])
    assert (refused["code"], refused["path"]) == ("PAYMENT_IN_PROGRESS", ["invoiceId"])

    await until(lambda: active(provider.api, guest))
    assert (await subscription(guest))["entitled"]
    again = await guest.do(START, **given)
    assert (again["operation"]["replayed"], again["operation"]["status"]) == (True, "DONE")
    assert [payment["state"] for payment in again["invoice"]["payments"]] == ["CAPTURED"]
    assert len((await provider.bench.get("/admin/books", customer=guest.id))["payments"]) == 1


@pytest.mark.row("B3")
async def test_a_confirmation_at_the_bank_has_a_url_until_it_is_given(provider: Provider) -> None:
    guest = await provider.guest("tok_3ds")
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]))
    (payment,) = bought["invoice"]["payments"]
    assert (payment["state"], bought["subscription"]["state"]) == ("REQUIRES_ACTION", "INCOMPLETE")
    async with httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        assert (await browser.get(payment["actionUrl"])).status_code == 200
        await browser.post(payment["actionUrl"], params={"outcome": "complete"})
    await provider.tell("payment.succeeded")
    paid = await invoice(guest, bought["invoice"]["id"])
    assert (paid["state"], paid["payments"][0]["state"], paid["payments"][0]["actionUrl"]) == (
        "PAID",
        "SUCCEEDED",
        None,
    )
    assert (await subscription(guest))["state"] == "ACTIVE"


async def test_a_confirmation_that_fails_leaves_the_invoice_to_be_paid_otherwise(provider: Provider) -> None:
    guest = await provider.guest("tok_3ds")
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]))
    url = bought["invoice"]["payments"][0]["actionUrl"]
    async with httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        await browser.post(url, params={"outcome": "fail"})
    await provider.tell("payment.failed")
    unpaid = await invoice(guest, bought["invoice"]["id"])
    assert (unpaid["state"], unpaid["due"]["decimal"]) == ("OPEN", "10.00")
    assert (unpaid["payments"][0]["state"], unpaid["payments"][0]["actionUrl"]) == ("FAILED", None)
    assert unpaid["payments"][0]["failureCode"] == "authentication_failed"


async def test_a_declined_first_payment_keeps_the_subscription_incomplete_until_another_card_pays(api: Api) -> None:
    guest = await api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    assert (bought["subscription"]["state"], bought["invoice"]["state"]) == ("INCOMPLETE", "OPEN")
    (failed,) = bought["invoice"]["payments"]
    assert (failed["state"], failed["failureCode"]) == ("FAILED", "insufficient_funds")
    owed = (await guest.data(BALANCE))["viewer"]["customer"]["balance"]["receivable"]
    assert owed == {"minorUnits": "1000", "currency": "EUR", "decimal": "10.00"}
    good = (await guest.do(ADD_METHOD, token="tok_visa"))["paymentMethod"]
    paid = await guest.do(PAY, invoiceId=bought["invoice"]["id"], methodId=good["id"])
    assert (paid["invoice"]["state"], paid["payment"]["state"]) == ("PAID", "CAPTURED")
    assert (await subscription(guest))["state"] == "ACTIVE"
    refused = await guest.refusal(PAY, invoiceId=bought["invoice"]["id"])
    assert (refused["code"], refused["path"]) == ("NOTHING_DUE", ["invoiceId"])


async def test_a_bank_debit_is_processing_until_the_bank_says_how_it_ended(provider: Provider) -> None:
    guest = await provider.guest("tok_bank_held")
    used = key()
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]), idempotencyKey=used)
    assert bought["invoice"]["payments"][0]["state"] == "PROCESSING"
    assert bought["operation"]["status"] == await status(guest, used) == "PROCESSING"
    (charge,) = (await provider.bench.get("/admin/books", customer=guest.id))["payments"]
    await provider.bench.post(f"/admin/settle/{charge['id']}")
    await provider.tell("payment.succeeded")
    assert (await invoice(guest, bought["invoice"]["id"]))["state"] == "PAID"
    assert await status(guest, used) == "DONE"


@pytest.mark.row("B8")
async def test_an_answer_that_was_lost_is_unknown_and_bars_a_second_charge(provider: Provider) -> None:
    guest = await provider.guest("tok_visa", operations=["charge"], fault="hangup_after", times=1)
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]))
    assert bought["invoice"]["payments"][0]["state"] == "UNKNOWN"
    assert bought["operation"]["status"] == "PROCESSING"
    refused = await guest.refusal(PAY, invoiceId=bought["invoice"]["id"])
    assert refused["code"] == "PAYMENT_IN_PROGRESS"
    await provider.tell("payment.succeeded")
    assert (await invoice(guest, bought["invoice"]["id"]))["state"] == "PAID"
    assert len((await provider.bench.get("/admin/books", customer=guest.id))["payments"]) == 1


async def test_support_sees_whose_payment_nobody_knows_the_outcome_of(provider: Provider, elsewhere: Api) -> None:
    guest = await provider.guest("tok_visa", operations=["charge"], fault="hangup_after", times=1)
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]))
    (lost,) = bought["invoice"]["payments"]
    debtor = await provider.guest("tok_bank_held")
    await debtor.do(START, priceId=str(provider.api.world.prices["starter"]))

    async def stuck(api: Api) -> dict[str, Any]:
        found = (await (await api.staff()).data(STUCK))["staff"]["stuckPayments"]
        return {each["customerId"]: each for each in found}

    seen = await stuck(provider.api)
    assert debtor.id not in seen
    assert seen[guest.id]["payment"] == {"id": lost["id"], "state": "UNKNOWN", "invoiceId": bought["invoice"]["id"]}
    assert (seen[guest.id]["providerReference"], seen[guest.id]["sentAt"][-1]) == (None, "Z")
    assert guest.id not in await stuck(elsewhere)
    support, after, paged = await provider.api.staff(), None, list[str]()
    while after is not None or not paged:
        page = (await support.data(IN_DOUBT, after=after))["staff"]["paymentsInDoubt"]
        paged += [each["node"]["customerId"] for each in page["edges"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert set(paged) == set(seen)
    assert page["totalCount"] == len(paged)
    await provider.tell("payment.succeeded")
    assert guest.id not in await stuck(provider.api)


async def test_a_provider_that_is_away_when_a_card_is_added_says_to_try_again(provider: Provider) -> None:
    guest = await provider.api.guest()
    await provider.bench.behave("tok_visa", operations=["method"], fault="unavailable", times=1)
    given = {"token": provider.bench.token("tok_visa"), "idempotencyKey": key()}
    refused = await guest.refusal(ADD_METHOD, **given)
    assert (refused["code"], refused["retryable"]) == ("UNAVAILABLE", True)
    stored = await guest.do(ADD_METHOD, **given)
    assert not stored["operation"]["replayed"]


@pytest.mark.row("F2")
async def test_a_stored_card_is_answered_again_even_while_the_provider_is_away(provider: Provider) -> None:
    guest = await provider.api.guest()
    given = {"token": provider.bench.token("tok_visa"), "idempotencyKey": key()}
    first = await guest.do(ADD_METHOD, **given)
    await provider.bench.behave("tok_visa", operations=["method"], fault="unavailable")
    again = await guest.do(ADD_METHOD, **given)
    assert again["paymentMethod"] == first["paymentMethod"]
    assert (again["operation"]["id"], again["operation"]["replayed"]) == (first["operation"]["id"], True)


async def test_two_tabs_that_pay_at_once_charge_once(provider: Provider) -> None:
    guest = await provider.api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(provider.api.world.prices["starter"]))
    await provider.bench.behave("tok_visa", webhook_url=provider.hook.url)
    await guest.do(ADD_METHOD, token=provider.bench.token("tok_visa"))
    tabs = [guest.call(PAY, invoiceId=bought["invoice"]["id"]) for _ in range(5)]
    answers = await asyncio.gather(*tabs)
    refused = {answer["errors"][0]["code"] for answer in answers if answer["errors"]}
    assert refused <= {"PAYMENT_IN_PROGRESS", "NOTHING_DUE"}
    assert len([answer for answer in answers if not answer["errors"]]) == 1
    shown = await invoice(guest, bought["invoice"]["id"])
    assert [payment["state"] for payment in shown["payments"]] == ["FAILED", "CAPTURED"]
