"""Credit notes that cannot be taken back say why: their credit was used, or their money is gone."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import START, Api, Caller, Guest
from tests.bad_input_stage import amount

ERRORS = "errors { __typename ... on UserError { code message path retryable } }"
NOTE = f"""mutation ($input: IssueCreditNoteInput!) {{ issueCreditNote(input: $input) {{
    creditNote {{ id number }} invoice {{ id due {{ decimal }} }} {ERRORS} }} }}"""
VOID = f"""mutation ($input: VoidCreditNoteInput!) {{ voidCreditNote(input: $input) {{
    creditNote {{ id state }} {ERRORS} }} }}"""
CREDIT = "{ viewer { customer { balance { credit { decimal } } } } }"


async def noted(finance: Caller, guest: Guest, invoice: str, way: str) -> dict[str, Any]:
    """A credit note of 3.00 EUR whose amount goes that way."""
    given = {"kind": "GOODWILL", "reason": "It was down.", "amount": amount(300), way: amount(300)}
    found: dict[str, Any] = (await finance.do(NOTE, customerId=guest.id, invoiceId=invoice, **given))["creditNote"]
    return found


async def credit(guest: Guest) -> str:
    """What the customer has in credit."""
    return str((await guest.data(CREDIT))["viewer"]["customer"]["balance"]["credit"]["decimal"])


@pytest.mark.row("E9")
async def test_a_credit_note_whose_credit_was_used_is_not_voided_and_says_what_is_left(api: Api) -> None:
    (guest, bought), finance = await api.subscriber(), await api.staff(Grant.FINANCE)
    issued = await noted(finance, guest, bought["invoice"]["id"], "credit")
    first = await noted(finance, guest, bought["invoice"]["id"], "credit")
    await finance.do(VOID, customerId=guest.id, creditNoteId=first["id"])  # while all of it is there
    await guest.do(START, priceId=str(api.world.prices["team"]))  # which uses the credit up
    refused = await finance.refusal(VOID, customerId=guest.id, creditNoteId=issued["id"])
    assert (refused["__typename"], refused["code"], refused["path"], refused["retryable"]) == (
        "ConflictError", "INSUFFICIENT_BALANCE", ["creditNoteId"], False,
    )  # fmt: skip
    assert refused["message"] == (
        f"Of the 3.00 EUR of credit that {issued['number']} gave, 0.00 EUR are left: bill it again instead."
    )
    assert await credit(guest) == "0.00"


@pytest.mark.parametrize("way", ["refund", "settledOutside"])
async def test_a_credit_note_that_was_paid_out_is_not_voided(api: Api, way: str) -> None:
    (guest, bought), finance = await api.subscriber(), await api.staff(Grant.FINANCE)
    issued = await noted(finance, guest, bought["invoice"]["id"], way)
    for _ in range(2):  # the second tab is told the same
        refused = await finance.refusal(VOID, customerId=guest.id, creditNoteId=issued["id"])
        assert (refused["code"], refused["path"]) == ("STATE_CONFLICT", ["creditNoteId"])
        assert refused["message"] == f"Credit note {issued['number']} paid money out, or was to: bill it again instead."
    assert await credit(guest) == "0.00"
