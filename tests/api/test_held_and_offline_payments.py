"""Staff through the door: hold, take and let go of a customer's money, and record what came without a provider."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Caller, Guest, key
from tests.provider_process import bench_at, shared_or_own_provider

MONEY = "{ minorUnits }"
PAYMENT = f"""id state kind reference captureMode failureCode authorized {MONEY} captured {MONEY} capturable {MONEY}
    released {MONEY} returned {MONEY} refundable {MONEY} expiresAt expectedAt action {{ url expiresAt }}
    receipt {{ number withdrawnAt }} method {{ last4 }}"""
ERRORS = "operation { id replayed status } errors { ... on UserError { code path } }"


def mutation(name: str, *, invoice: bool = True) -> str:
    """A document of that mutation about a payment."""
    kind, of = name[0].upper() + name[1:], "invoice { id state due { minorUnits } payments { id state } }"
    return f"""mutation ($input: {kind}Input!) {{ {name}(input: $input) {{
        payment {{ {PAYMENT} }} {of if invoice else ""} {ERRORS} }} }}"""


async def owing(api: Api, card: str = "tok_visa") -> tuple[Guest, str]:
    """A customer whose first invoice of 10.00 EUR was declined for good, and that invoice; its card is another now."""
    guest = await api.guest("tok_lost_card")
    begun = await guest.do(START, priceId=str(api.world.prices["starter"]))
    await api.world.card(guest.who, card)
    return guest, begun["invoice"]["id"]


async def hold(finance: Caller, guest: Guest, invoice: str) -> Any:
    """What payInvoice answers to finance that wants the money held."""
    return await finance.do(mutation("payInvoice"), customerId=guest.id, invoiceId=invoice, capture="LATER")


def sums(payment: Any) -> list[int]:
    """Authorized, captured, capturable and released."""
    return [int(payment[name]["minorUnits"]) for name in ("authorized", "captured", "capturable", "released")]


@pytest.mark.row("C1")
@pytest.mark.row("C3")
async def test_finance_holds_money_takes_it_in_parts_and_sees_every_prior_attempt(api: Api) -> None:
    guest, invoice = await owing(api)
    finance = await api.staff(Grant.FINANCE)
    held = await hold(finance, guest, invoice)
    payment = held["payment"]
    assert (payment["state"], payment["captureMode"], sums(payment)) == ("AUTHORIZED", "LATER", [1000, 0, 1000, 0])
    assert (payment["receipt"], held["invoice"]["due"]["minorUnits"]) == (None, "1000")
    assert payment["expiresAt"] is not None
    of, used = {"customerId": guest.id, "paymentId": payment["id"]}, key()
    part = {**of, "amount": {"minorUnits": "400", "currency": "EUR"}, "final": False, "idempotencyKey": used}
    for replayed in (False, True):
        taken = await finance.do(mutation("captureInvoicePayment"), **part)
        assert (taken["payment"]["state"], sums(taken["payment"])) == ("AUTHORIZED", [1000, 400, 600, 0])
        assert (taken["invoice"]["due"]["minorUnits"], taken["operation"]["replayed"]) == ("600", replayed)
    done = await finance.do(mutation("captureInvoicePayment"), **of)
    assert (done["payment"]["state"], sums(done["payment"])) == ("CAPTURED", [1000, 1000, 0, 0])
    assert done["payment"]["receipt"]["withdrawnAt"] is None
    assert (done["invoice"]["state"], [each["state"] for each in done["invoice"]["payments"]]) == (
        "PAID",
        ["FAILED", "CAPTURED"],
    )


async def test_support_voids_what_is_only_held_and_may_not_take_it(api: Api) -> None:
    guest, invoice = await owing(api)
    finance, support = await api.staff(Grant.FINANCE), await api.staff()
    of = {"customerId": guest.id, "paymentId": (await hold(finance, guest, invoice))["payment"]["id"]}
    assert (await support.refusal(mutation("captureInvoicePayment"), **of))["code"] == "FORBIDDEN"
    gone = await support.do(mutation("voidPayment", invoice=False), **of)
    assert (gone["payment"]["state"], sums(gone["payment"])) == ("VOIDED", [1000, 0, 0, 1000])
    refused = await finance.refusal(mutation("captureInvoicePayment"), **of)
    assert (refused["code"], refused["path"]) == ("STATE_CONFLICT", ["paymentId"])


async def test_a_customer_may_not_choose_to_be_charged_later(api: Api) -> None:
    guest, invoice = await owing(api)
    refused = await guest.refusal(mutation("payInvoice"), invoiceId=invoice, capture="LATER")
    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["capture"])


@pytest.mark.row("B6")
async def test_a_transfer_is_recorded_with_its_receipt_and_taken_back(api: Api) -> None:
    guest, invoice = await owing(api, "tok_stolen_card")
    finance = await api.staff(Grant.FINANCE)
    came = {"customerId": guest.id, "invoiceId": invoice, "means": "TRANSFER", "reference": f"RF-{key()}",
            "amount": {"minorUnits": "1500", "currency": "EUR"}}  # fmt: skip
    first, second = [await finance.do(mutation("recordOfflinePayment"), **came) for _ in range(2)]
    assert first["payment"] == second["payment"]  # another key, and the same money
    payment = first["payment"]
    assert (payment["state"], payment["kind"], payment["reference"]) == ("SUCCEEDED", "OFFLINE", came["reference"])
    assert (payment["method"], payment["refundable"]["minorUnits"], first["invoice"]["state"]) == (None, "1500", "PAID")
    back = await finance.do(
        mutation("reverseOfflinePayment"), customerId=guest.id, paymentId=payment["id"], reason="It was recalled."
    )
    assert (back["payment"]["state"], back["payment"]["failureCode"]) == ("FAILED", "reversed")
    assert (back["payment"]["returned"]["minorUnits"], back["payment"]["refundable"]["minorUnits"]) == ("1500", "0")
    assert back["payment"]["receipt"]["withdrawnAt"] is not None
    assert (back["invoice"]["state"], back["invoice"]["due"]["minorUnits"]) == ("OPEN", "1000")


@pytest.mark.row("B3")
async def test_what_a_customer_has_to_do_says_where_and_until_when(api: Api) -> None:
    guest, invoice = await owing(api, "tok_3ds")
    asked = await guest.do(mutation("payInvoice"), invoiceId=invoice)
    action = asked["payment"]["action"]
    assert (asked["payment"]["state"], action["expiresAt"] is not None) == ("REQUIRES_ACTION", True)
    async with bench_at(shared_or_own_provider()) as bench:
        assert (await bench.http.get(action["url"])).is_success


@pytest.mark.row("B5")
async def test_a_bank_debit_is_processing_and_says_when_it_is_expected(api: Api) -> None:
    guest, invoice = await owing(api, "tok_bank_held")
    begun = await guest.do(mutation("payInvoice"), invoiceId=invoice)
    assert (begun["payment"]["state"], begun["operation"]["status"]) == ("PROCESSING", "PROCESSING")
    assert begun["payment"]["expectedAt"] is not None
    assert begun["invoice"]["due"]["minorUnits"] == "1000"
