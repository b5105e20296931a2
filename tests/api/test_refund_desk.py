"""The support desk: what support may not give back alone is asked for, decided by another person, and then paid."""

from typing import Any

import pytest

from domain.actor import Grant
from tests.api_callers import Api, Caller
from tests.domain.invoices.bills import note
from tests.lives import invoices_of
from tests.refund_stage import BEYOND, REFUND, asked_for, euro, payer
from tests.statements import statements_seen

DECISION = """refund { id state } payment { refundable { minorUnits } } operation { replayed status }
    errors { ... on UserError { code message path } }"""
APPROVE = f"mutation ($input: ApproveRefundInput!) {{ approveRefund(input: $input) {{ {DECISION} }} }}"
REJECT = f"mutation ($input: RejectRefundInput!) {{ rejectRefund(input: $input) {{ {DECISION} }} }}"
QUEUE = """query ($first: Int!, $after: String) { staff { refundRequests(first: $first, after: $after) {
    totalCount edges { cursor node { customerId paymentId askedBy needs because refund { id state amount { decimal } }
    } } pageInfo { hasNextPage endCursor } } } }"""
POLICY = "{ staff { refundPolicy { oldAfterDays expireAfterDays windowDays customerCount customerSum staffCount } } }"


@pytest.mark.row("X7")
@pytest.mark.row("A8")
@pytest.mark.row("J4")
async def test_support_asks_and_a_lead_approves_one_and_rejects_another(api: Api) -> None:
    guest, payment = await payer(api)
    support, lead = await api.staff(), await api.staff(Grant.LEAD)
    good, bad = [await asked_for(support, guest, payment) for _ in range(2)]
    waiting = [each["node"] for each in await queue(api, lead)]
    mine = {each["refund"]["id"]: each for each in waiting if each["customerId"] == guest.id}
    assert set(mine) == {good, bad}
    assert {(each["needs"], each["because"], each["paymentId"]) for each in mine.values()} == {
        ("LEAD", "AMOUNT", payment)
    }
    said = {"customerId": guest.id, "reason": "I looked at it."}
    mine_too = await support.refusal(APPROVE, **said, refundId=good)
    assert mine_too["code"] == "FORBIDDEN"
    approved = await lead.do(APPROVE, **said, refundId=good)
    assert (approved["refund"]["state"], approved["operation"]["status"]) == ("SUCCEEDED", "DONE")
    rejected = await lead.do(REJECT, **said, refundId=bad)
    assert rejected["refund"]["state"] == "REJECTED"
    assert rejected["payment"]["refundable"]["minorUnits"] == str(50_000 - BEYOND)
    again = await lead.refusal(REJECT, **said, refundId=good)
    assert (again["code"], again["path"]) == ("STATE_CONFLICT", ["refundId"])
    assert not {good, bad} & {each["node"]["refund"]["id"] for each in await queue(api, lead)}


async def test_lines_that_were_given_back_meanwhile_are_refused_to_who_approves_about_the_refund(api: Api) -> None:
    guest, payment = await payer(api)
    support, lead = await api.staff(), await api.staff(Grant.LEAD)
    waiting = await asked_for(support, guest, payment, lines=[{"invoiceLine": 1, "amount": euro(BEYOND)}])
    (billed,) = await invoices_of(api.world, guest.who)
    await note(api.world, guest.who, billed.id, 50_000, credit=50_000)
    refused = await lead.refusal(APPROVE, customerId=guest.id, refundId=waiting, reason="Yes.")
    assert (refused["code"], refused["path"]) == ("EXCEEDS_INVOICED", ["refundId"])


async def queue(api: Api, lead: Caller) -> list[dict[str, Any]]:
    """All that waits, page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await lead.data(QUEUE, first=50, after=after))["staff"]["refundRequests"]
        found += page["edges"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.row("K3")
@pytest.mark.parametrize("role", ["portal", Grant.SUPPORT])
async def test_who_may_not_decide_is_refused(api: Api, role: Grant | str) -> None:
    guest, payment = await payer(api)
    waiting = await asked_for(await api.staff(), guest, payment)
    caller = guest if role == "portal" else await api.staff(Grant(role))
    for document in (APPROVE, REJECT):
        refused = await caller.refusal(document, customerId=guest.id, refundId=waiting, reason="Mine.")
        assert refused["code"] == "FORBIDDEN"


async def test_a_part_of_a_line_becomes_credit_and_the_policy_is_shown(api: Api) -> None:
    guest, payment = await payer(api)
    support = await api.staff()
    done = await support.do(
        REFUND, customerId=guest.id, paymentId=payment, means="CREDIT", reason="Sorry.",
        lines=[{"invoiceLine": 1, "amount": euro(500)}],
    )  # fmt: skip
    assert (done["refund"]["state"], done["operation"]["status"]) == ("SUCCEEDED", "DONE")
    balance = await guest.data("{ viewer { customer { balance { credit { minorUnits } } } } }")
    assert balance["viewer"]["customer"]["balance"]["credit"]["minorUnits"] == "500"
    assert (await support.data(POLICY))["staff"]["refundPolicy"] == {
        "oldAfterDays": 120, "expireAfterDays": 14, "windowDays": 7, "customerCount": 10, "customerSum": "100000",
        "staffCount": 200,
    }  # fmt: skip


async def test_a_longer_queue_takes_no_more_statements(api: Api) -> None:
    guest, payment = await payer(api)
    support, lead = await api.staff(), await api.staff(Grant.LEAD)
    counts = []
    await lead.data(QUEUE, first=1)  # who calls is looked up once
    for more in (1, 3):
        for _ in range(more):
            await asked_for(support, guest, payment)
        with statements_seen() as statements:
            await lead.data(QUEUE, first=100)
        counts.append(len(statements))
    assert counts[0] == counts[1]
