"""While nobody knows what became of a payment, nothing charges its invoice again, and everybody is told until when."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dev.story.documents import ADD_METHOD, PAY
from domain.actor import Grant
from domain.payments.outlook import QUERY_AFTER
from domain.reactions.work import do_now
from tests.api_callers import START, Api, Guest, key
from tests.interruptions import ahead
from tests.provider_process import Bench, bench_at, shared_or_own_provider

PAY_AGAIN = """mutation ($input: PayInvoiceInput!) { payInvoice(input: $input) { payment { id } errors {
    __typename ... on UserError { code retryable path } ... on PaymentOutcomeUnknown { resolvesBy } } } }"""
CAPTURE = """mutation ($input: CaptureInvoicePaymentInput!) { captureInvoicePayment(input: $input) {
    errors { ... on UserError { code } } } }"""
VOID = "mutation ($input: VoidPaymentInput!) { voidPayment(input: $input) { errors { ... on UserError { code } } } }"
REFUND = """mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
    errors { ... on UserError { code } } } }"""
SHOWN = """query ($id: ID!) { viewer { customer { invoice(id: $id) {
    state resolvesBy payments { id state failureClass resolvesBy } } } } }"""
TRIED = """query ($id: ID!) { staff { payment(id: $id) { sentAt payment { attemptNumber } priorAttempts {
    providerReference payment { attemptNumber state failureCode failureClass } } } } }"""


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """This test's corner of the provider."""
    async with bench_at(shared_or_own_provider()) as opened:
        yield opened


async def shown(guest: Guest, id: str) -> Any:
    """The invoice and its payments."""
    return (await guest.data(SHOWN, id=id))["viewer"]["customer"]["invoice"]


async def lost(api: Api, bench: Bench) -> tuple[Guest, str, str]:
    """A customer whose second attempt at its first invoice was not answered, the invoice and that attempt."""
    guest = await api.guest("tok_insufficient_funds")
    owed = (await guest.do(START, priceId=str(api.world.prices["starter"])))["invoice"]["id"]
    await bench.behave("tok_visa", operations=["charge"], fault="hangup_after", times=1)
    await guest.do(ADD_METHOD, token=bench.token("tok_visa"))
    begun = await guest.do(PAY, invoiceId=owed)
    assert begun["payment"]["state"] == "UNKNOWN"
    return guest, owed, begun["payment"]["id"]


@pytest.mark.row("X5")
@pytest.mark.row("B8")
@pytest.mark.row("C13")
async def test_nothing_charges_an_invoice_again_while_the_outcome_of_its_payment_is_unknown(
    api: Api, bench: Bench
) -> None:
    guest, owed, id = await lost(api, bench)
    finance, owner = await api.staff(Grant.FINANCE), {"customerId": guest.id}
    other = (await guest.do(ADD_METHOD, token="tok_mastercard"))["paymentMethod"]["id"]  # and that charges nothing
    sent = (await finance.data(TRIED, id=id))["staff"]["payment"]["sentAt"]
    resolved_by = datetime.fromisoformat(sent) + sum(QUERY_AFTER, timedelta(0))
    for caller, given in (
        (guest, {}), (guest, {"methodId": other}), (guest, {"idempotencyKey": key()}), (finance, owner),
        (finance, {**owner, "capture": "LATER"}),
    ):  # fmt: skip
        (error,) = (await caller.call(PAY_AGAIN, invoiceId=owed, **given))["errors"]
        assert (error["__typename"], error["code"], error["retryable"], error["path"]) == (
            "PaymentOutcomeUnknown", "PAYMENT_IN_PROGRESS", False, ["invoiceId"],
        )  # fmt: skip
        assert datetime.fromisoformat(error["resolvesBy"]) == resolved_by
    money = {"minorUnits": "100", "currency": "EUR"}
    for document, given, code in (
        (CAPTURE, {"amount": money}, "STATE_CONFLICT"),
        (VOID, {}, "PAYMENT_IN_PROGRESS"),
        (REFUND, {"amount": money, "reason": "It rained."}, "EXCEEDS_CAPTURED"),
    ):
        (error,) = (await finance.call(document, paymentId=id, **owner, **given))["errors"]
        assert error["code"] == code
    invoice = await shown(guest, owed)
    assert datetime.fromisoformat(invoice["resolvesBy"]) == resolved_by
    assert [(each["state"], each["failureClass"]) for each in invoice["payments"]] == [
        ("FAILED", "SOFT_DECLINE"), ("UNKNOWN", "AMBIGUOUS"),
    ]  # fmt: skip
    await do_now(ahead(api.world.house, timedelta(minutes=2)), guest.who.id)
    assert len((await bench.get("/admin/books", customer=guest.id))["payments"]) == 2
    paid = await shown(guest, owed)
    assert (paid["state"], paid["resolvesBy"]) == ("PAID", None)
    assert [(each["state"], each["resolvesBy"]) for each in paid["payments"]][1:] == [("SUCCEEDED", None)]


@pytest.mark.row("C13")
async def test_support_sees_what_was_tried_before_an_attempt(api: Api, bench: Bench) -> None:
    guest, _, id = await lost(api, bench)
    found = (await (await api.staff()).data(TRIED, id=id))["staff"]["payment"]
    assert found["payment"]["attemptNumber"] == 2
    (first,) = found["priorAttempts"]
    assert first["payment"] == {
        "attemptNumber": 1, "state": "FAILED", "failureCode": "insufficient_funds", "failureClass": "SOFT_DECLINE",
    }  # fmt: skip
    books = (await bench.get("/admin/books", customer=guest.id))["payments"]
    assert first["providerReference"] in {each["id"] for each in books}
