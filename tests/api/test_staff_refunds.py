"""Giving money back: who may, how much, and what the customer sees of it."""

from typing import Any

import pytest

from dev.story.documents import PAYMENTS
from domain.actor import Grant
from domain.ids import InvoiceId
from tests.api_callers import Api, Caller, Guest
from tests.domain.invoices.bills import note

MONEY = "{ minorUnits currency decimal }"
REFUND = f"""mutation ($input: RefundPaymentInput!) {{ refundPayment(input: $input) {{
    refund {{ id state reason requestedAt amount {MONEY} }} payment {{ id captured {MONEY} refundable {MONEY}
        refunds {{ id state amount {MONEY} }} }} operation {{ status replayed consistencyToken }}
    errors {{ __typename ... on UserError {{ code message path retryable }} }} }} }}"""


def asked(guest: Guest, bought: Any, minor: int | str, currency: str = "EUR") -> dict[str, Any]:
    """The input of a refund of the first payment."""
    return {
        "customerId": guest.id,
        "paymentId": bought["invoice"]["payments"][0]["id"],
        "amount": {"minorUnits": str(minor), "currency": currency},
        "reason": "The first days did not work as promised.",
    }


@pytest.mark.row("C6")
@pytest.mark.row("J4")
async def test_parts_are_given_back_until_all_is(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    first = await support.do(REFUND, **asked(guest, bought, 300))
    assert (first["refund"]["state"], first["refund"]["amount"]["decimal"]) == ("SUCCEEDED", "3.00")
    assert first["payment"]["refundable"]["decimal"] == "7.00"
    second = await support.do(REFUND, **asked(guest, bought, 700))
    assert second["payment"]["refundable"]["decimal"] == "0.00"
    assert second["payment"]["captured"]["decimal"] == "10.00"
    assert [each["amount"]["minorUnits"] for each in second["payment"]["refunds"]] == ["300", "700"]
    refused = await support.refusal(REFUND, **asked(guest, bought, 1))
    assert (refused["__typename"], refused["code"], refused["path"]) == (
        "ConflictError",
        "EXCEEDS_CAPTURED",
        ["amount"],
    )
    token = second["operation"]["consistencyToken"]
    payments = (await guest.data(PAYMENTS, atLeast=token))["viewer"]["customer"]["payments"]["edges"]
    assert [each["state"] for each in payments[0]["node"]["refunds"]] == ["SUCCEEDED", "SUCCEEDED"]


@pytest.mark.row("J6")
@pytest.mark.parametrize("role", [Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN])
async def test_every_member_of_staff_may_give_money_back(api: Api, role: Grant) -> None:
    guest, bought = await api.subscriber()
    done = await (await api.staff(role)).do(REFUND, **asked(guest, bought, 100))
    assert done["refund"]["reason"] == "The first days did not work as promised."


@pytest.mark.row("J6")
async def test_a_portal_user_cannot_give_itself_money(api: Api) -> None:
    guest, bought = await api.subscriber()
    refused = await guest.refusal(REFUND, **asked(guest, bought, 100))
    assert (refused["__typename"], refused["code"], refused["retryable"]) == ("ForbiddenError", "FORBIDDEN", False)


async def test_more_than_what_was_taken_and_another_currency_are_refused(api: Api) -> None:
    guest, bought = await api.subscriber()
    support = await api.staff()
    much = await support.refusal(REFUND, **asked(guest, bought, 1001))
    assert (much["code"], much["message"]) == (
        "EXCEEDS_CAPTURED",
        "At most 10.00 EUR of this payment can be given back.",
    )
    foreign = await support.refusal(REFUND, **asked(guest, bought, 100, "USD"))
    assert (foreign["code"], foreign["path"]) == ("CURRENCY_MISMATCH", ["amount", "currency"])


async def test_more_than_is_left_of_the_invoice_is_about_what_the_caller_sent_the_amount_or_lines(api: Api) -> None:
    (guest, bought), support = await api.subscriber(), await api.staff()
    await note(api.world, guest.who, InvoiceId.parse(bought["invoice"]["id"]), 600, credit=600)
    by_amount = {**asked(guest, bought, 500), "means": "CREDIT"}
    line = {"invoiceLine": 1, "amount": by_amount["amount"]}
    for given, path in ((by_amount, ["amount"]), ({**by_amount, "amount": None, "lines": [line]}, ["lines"])):
        refused = await support.refusal(REFUND, **given)
        assert (refused["code"], refused["path"]) == ("EXCEEDS_INVOICED", path)


async def test_a_payment_of_another_customer_is_not_found_under_this_one(api: Api) -> None:
    guest, _ = await api.subscriber()
    _, other = await api.subscriber()
    refused = await (await api.staff()).refusal(REFUND, **asked(guest, other, 100))
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["paymentId"])


async def test_a_refund_that_takes_its_time_is_shown_as_pending(api: Api) -> None:
    guest, bought = await api.subscriber(card="tok_refund_pending")
    done = await (await api.staff()).do(REFUND, **asked(guest, bought, 100))
    assert done["refund"]["state"] == "PENDING"


async def test_a_refund_that_the_provider_refuses_can_be_asked_for_again(api: Api) -> None:
    guest, bought = await api.subscriber(card="tok_refund_refused")
    support: Caller = await api.staff()
    done = await support.do(REFUND, **asked(guest, bought, 1000))
    assert (done["refund"]["state"], done["payment"]["refundable"]["decimal"]) == ("FAILED", "10.00")
