"""What if, asked through the portal."""

from typing import Any

import pytest

from dev.story.documents import ADVANCE
from domain.actor import Grant
from domain.reactions.work import do_now
from tests.api_callers import Api, Guest
from tests.bad_input_stage import CREATE_INVOICE, amount
from tests.draft_stage import refused_drafts

WHAT_IF = """query ($id: ID, $count: Int!, $until: DateTime, $scenario: Scenario) { viewer { customer {
    simulation(subscriptionId: $id, count: $count, until: $until, scenario: $scenario) {
        errors { __typename ... on UserError { code path retryable } }
        simulation { endings { subscriptionId at } troubles { subscriptionId failedAt retries accessUntil givesUpAt }
        invoices { subscriptionId period { start end } issuedAt subtotal { minorUnits }
            tax { minorUnits } total { minorUnits } credited { minorUnits } due { minorUnits }
            lines { description explanation { kind } } }
        refusedDrafts { draftId refusal { __typename ... on UserError { code message } } } } } } } }"""


async def what_if(guest: Guest, **variables: Any) -> Any:
    """What the portal foresees."""
    answer = (await guest.data(WHAT_IF, **variables))["viewer"]["customer"]["simulation"]
    assert answer["errors"] == []
    return answer["simulation"]


@pytest.mark.row("X9")
async def test_the_portal_foresees_invoices_and_what_a_failing_card_leads_to(api: Api) -> None:
    guest, bought = await api.subscriber()
    id = bought["subscription"]["id"]
    told = await what_if(guest, id=id, count=12)
    assert [each["total"]["minorUnits"] for each in told["invoices"]] == ["1000"] * 12
    assert (told["endings"], told["troubles"]) == ([], [])
    assert told["invoices"][11]["period"] == {"start": "2028-01-01T00:00:00Z", "end": "2028-02-01T00:00:00Z"}
    failing = await what_if(guest, id=id, count=12, scenario={"card": "FAILS"})
    assert len(failing["invoices"]) == 1
    (trouble,), (ending,) = failing["troubles"], failing["endings"]
    assert (trouble["givesUpAt"], trouble["subscriptionId"]) == (ending["at"], ending["subscriptionId"])
    assert (await what_if(guest, count=2))["invoices"] == told["invoices"][:2]
    assert len((await what_if(guest, count=12, until="2027-03-15T00:00:00Z"))["invoices"]) == 2


@pytest.mark.row("X9")
async def test_a_draft_that_would_not_be_issued_says_why_and_hides_nothing_else_that_comes(api: Api) -> None:
    (guest, alone), finance = [await api.guest("tok_visa") for _ in range(2)], await api.staff(Grant.FINANCE)
    given_back = (await refused_drafts(api.world, guest, alone))["given back again"]
    empty, right = [
        (await finance.do(CREATE_INVOICE, customerId=guest.id, lines=lines))["draft"]["id"]
        for lines in ([], [{"description": "Work", "unitAmount": amount(500)}])
    ]
    plain = await what_if(guest, count=2)
    told = await what_if(guest, count=3, scenario={"issueDrafts": True})
    assert (plain["refusedDrafts"], [each["total"]["minorUnits"] for each in plain["invoices"]]) == ([], ["2000"] * 2)
    assert [each["total"]["minorUnits"] for each in told["invoices"]] == ["500", "2000", "2000"]
    codes = {each["draftId"]: each["refusal"]["code"] for each in told["refusedDrafts"]}
    assert codes == {given_back: "EXCEEDS_INVOICED", empty: "STATE_CONFLICT"}
    assert right not in codes


async def refused(guest: Guest, **variables: Any) -> tuple[str, str, list[str]]:
    """Why it is refused: the member of the union, its code and its path."""
    answer = (await guest.data(WHAT_IF, **variables))["viewer"]["customer"]["simulation"]
    assert answer["simulation"] is None
    (error,) = answer["errors"]
    return error["__typename"], error["code"], error["path"]


async def test_what_cannot_be_foreseen_is_refused_with_its_reason(api: Api) -> None:
    guest, bought = await api.subscriber()
    _, other = await api.subscriber()
    id = bought["subscription"]["id"]
    bad, late = ("InputError", "INVALID_INPUT"), "2040-01-01T00:00:00Z"
    assert await refused(guest, id=id, count=49) == (*bad, ["count"])
    assert await refused(guest, id=id, count=0) == (*bad, ["count"])
    assert await refused(guest, id=id, count=1, until=late) == (*bad, ["until"])
    assert await refused(guest, id=id, count=1, until="2026-01-01T00:00:00Z") == (*bad, ["until"])
    assert await refused(guest, count=1, scenario={"quantity": 2}) == (*bad, ["subscriptionId"])
    foreign = await refused(guest, id=other["subscription"]["id"], count=1)
    assert foreign == ("NotFoundError", "NOT_FOUND", ["subscriptionId"])
    dollars = {"priceId": str(api.world.prices["usd"])}
    mismatch = await refused(guest, id=id, count=1, scenario=dollars)
    assert mismatch == ("InputError", "CURRENCY_MISMATCH", ["priceId"])
    await api.world.card(guest.who, "tok_insufficient_funds")
    await guest.do(ADVANCE, to="2027-02-03T00:00:00Z")
    await do_now(api.world.house, guest.who.id)
    for of in (id, None):
        assert await refused(guest, id=of, count=1) == ("ConflictError", "STATE_CONFLICT", ["subscriptionId"])


OF_BEFORE = """query ($id: ID!, $scenario: Scenario, $invoice: ID!) { viewer { customer {
    simulate(subscriptionId: $id, count: 2, scenario: $scenario) {
        endsAt trouble { failedAt } endings { at } troubles { failedAt } invoices { total { minorUnits } } }
    compareInvoices(before: $invoice, after: $invoice) { difference { minorUnits } reasons { kind } } } } }"""


async def test_the_fields_that_were_replaced_still_answer_their_clients(api: Api) -> None:
    guest, bought = await api.subscriber()
    of = {"id": bought["subscription"]["id"], "invoice": bought["invoice"]["id"]}
    told = (await guest.data(OF_BEFORE, **of))["viewer"]["customer"]
    assert (told["simulate"]["endsAt"], told["simulate"]["trouble"]) == (None, None)
    assert [each["total"]["minorUnits"] for each in told["simulate"]["invoices"]] == ["1000"] * 2
    assert told["compareInvoices"] == {"difference": {"minorUnits": "0"}, "reasons": []}
    failing = (await guest.data(OF_BEFORE, **of, scenario={"card": "FAILS"}))["viewer"]["customer"]["simulate"]
    assert failing["endsAt"] == failing["endings"][0]["at"]
    assert failing["trouble"] == failing["troubles"][0]
