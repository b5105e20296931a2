"""The dispute desk: the queue, evidence, giving in and the policy through the door; customers see what is theirs."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.ids import CustomerId
from tests.api_callers import Api
from tests.dispute_kit import PDF
from tests.dispute_stage import in_dispute
from tests.statements import statements_seen

SUBMIT = """mutation ($input: SubmitDisputeEvidenceInput!) { submitDisputeEvidence(input: $input) {
    dispute { answering dispute { state } evidence { kind mediaType sha256 size answer } }
    payment { disputed { minorUnits } conditions } operation { status }
    errors { ... on UserError { code message } } } }"""
ACCEPT = """mutation ($input: AcceptDisputeInput!) { acceptDispute(input: $input) {
    dispute { dispute { id state } onceLost } payment { disputed { minorUnits } conditions }
    errors { ... on UserError { code message } } } }"""
SET = """mutation ($input: SetDisputePolicyInput!) { setDisputePolicy(input: $input) {
    policy { onOpened onLost } errors { ... on UserError { code message } } } }"""
QUEUE = """query ($first: Int!, $after: String, $filter: DisputeFilter) { staff {
    disputes(first: $first, after: $after, filter: $filter) {
        totalCount edges { cursor node { customerId reason answerBy fee { minorUnits } excess { minorUnits } refusedCode
            providerReference whileOpen dispute { id state amount { minorUnits } } } } } } }"""
ONE = """query ($id: ID!) { staff { disputePolicy { onOpened onLost }
    dispute(id: $id) { providerAccount dispute { id } } } }"""
OWN = """query ($id: ID!) { node(id: $id) { ... on Dispute { state openedAt closedAt paymentId } } viewer { customer {
    payments(first: 1) { edges { node { disputed { minorUnits } conditions refundable { minorUnits }
        disputes { id state amount { minorUnits } } } } }
    invoices(first: 1) { edges { node { state disputed { minorUnits } conditions } } } } } }"""


@pytest.mark.row("A8")
async def test_staff_answer_the_dispute_that_is_due_first_and_the_customer_sees_that_there_is_one(api: Api) -> None:
    support = await api.staff(Grant.SUPPORT)
    guest, late = await in_dispute(api, amount_minor=400)
    other, soon = await in_dispute(api, answer_ms=3_600_000)
    page = (await support.data(QUEUE, first=100, filter={"states": ["OPEN"]}))["staff"]["disputes"]
    queued = [edge["node"]["dispute"]["id"] for edge in page["edges"]]
    assert queued.index(str(soon.id)) < queued.index(str(late.id))
    due = [edge["node"]["answerBy"] for edge in page["edges"]]
    assert due == sorted(due)
    after = next(edge["cursor"] for edge in page["edges"] if edge["node"]["dispute"]["id"] == str(soon.id))
    rest = (await support.data(QUEUE, first=100, after=after, filter={"states": ["OPEN"]}))["staff"]["disputes"]
    assert [edge["node"]["dispute"]["id"] for edge in rest["edges"]] == queued[queued.index(str(soon.id)) + 1 :]
    shown = next(edge["node"] for edge in page["edges"] if edge["node"]["dispute"]["id"] == str(late.id))
    assert (shown["reason"], shown["fee"], shown["excess"], shown["whileOpen"]) == (
        "fraudulent", {"minorUnits": "1500"}, {"minorUnits": "0"}, "KEEP"
    )  # fmt: skip
    own = await guest.data(OWN, id=str(late.id))
    assert own["node"]["state"] == "OPEN" and own["node"]["closedAt"] is None
    (paid,) = [edge["node"] for edge in own["viewer"]["customer"]["payments"]["edges"]]
    assert (paid["disputed"], paid["refundable"], paid["conditions"]) == (
        {"minorUnits": "400"}, {"minorUnits": "600"}, ["DISPUTED"]
    )  # fmt: skip
    (billed,) = [edge["node"] for edge in own["viewer"]["customer"]["invoices"]["edges"]]
    assert (billed["state"], billed["disputed"], billed["conditions"]) == ("PAID", {"minorUnits": "400"}, ["DISPUTED"])
    given = {"customerId": guest.id, "disputeId": str(late.id), "texts": [{"kind": "USAGE", "text": "They used it."}],
             "files": [{"kind": "RECEIPT", "mediaType": "application/pdf", "content": PDF}]}  # fmt: skip
    done = await support.do(SUBMIT, **given)
    assert (done["dispute"]["dispute"]["state"], done["operation"]["status"]) == ("EVIDENCE_SUBMITTED", "DONE")
    assert [(piece["kind"], piece["answer"]) for piece in done["dispute"]["evidence"]] == [("USAGE", 1), ("RECEIPT", 1)]
    assert str(late.id) not in [
        edge["node"]["dispute"]["id"]
        for edge in (await support.data(QUEUE, first=100, filter={"states": ["OPEN"]}))["staff"]["disputes"]["edges"]
    ]
    lead = await api.staff(Grant.LEAD)
    lost = await lead.do(ACCEPT, customerId=other.id, disputeId=str(soon.id), reason="It is true.")
    assert (lost["dispute"]["dispute"]["state"], lost["dispute"]["onceLost"]) == ("LOST", "KEEP")
    assert lost["payment"] == {"disputed": {"minorUnits": "1000"}, "conditions": ["DISPUTE_LOST"]}


@pytest.mark.row("K3")
async def test_only_a_lead_gives_a_dispute_up_and_only_an_admin_sets_the_policy(
    api: Api, elsewhere: Api
) -> None:  # fmt: skip
    support, admin = await api.staff(Grant.SUPPORT), await api.staff(Grant.ADMIN)
    guest, known = await in_dispute(api)
    refused = await support.refusal(ACCEPT, customerId=guest.id, disputeId=str(known.id), reason="R.")
    assert refused["code"] == "FORBIDDEN"
    assert (await support.refusal(SET, onOpened="SUSPEND", onLost="KEEP"))["code"] == "FORBIDDEN"
    assert (await admin.do(SET, onOpened="KEEP", onLost="KEEP"))["policy"] == {"onOpened": "KEEP", "onLost": "KEEP"}
    seen = (await support.data(ONE, id=str(known.id)))["staff"]
    assert seen["dispute"] == {"providerAccount": "sandbox/main", "dispute": {"id": str(known.id)}}
    stranger = await elsewhere.staff(Grant.ADMIN)
    answers: list[Any] = []
    for id in (str(known.id), str(known.id)[:-4] + "zzzz"):
        answers.append(await stranger.error(ONE, id=id))
    assert answers[0] == answers[1]
    theirs = await stranger.refusal(ACCEPT, customerId=guest.id, disputeId=str(known.id), reason="R.")
    assert theirs["code"] == "NOT_FOUND"


async def test_another_customer_s_dispute_is_no_node(api: Api) -> None:
    _, known = await in_dispute(api)
    other = await api.guest("tok_visa")
    answer = await other.error("query ($id: ID!) { node(id: $id) { id } }", id=str(known.id))
    assert answer["extensions"]["code"] == "NOT_FOUND"


async def test_a_longer_queue_with_its_evidence_takes_no_more_statements(api: Api) -> None:
    support, counts = await api.staff(), []
    told = "{ staff { disputes(first: 40, filter: {states: [EVIDENCE_SUBMITTED]}) { edges { node {"
    told += " customerId evidence { kind } } } } } }"
    await support.data(told)  # who calls is looked up once
    for more in (1, 2):
        for _ in range(more):
            guest, found = await in_dispute(api)
            texts = [{"kind": "USAGE", "text": "They used it."}]
            await support.do(SUBMIT, customerId=guest.id, disputeId=str(found.id), texts=texts)
        with statements_seen() as statements:
            page = await support.data(told)
        nodes = [edge["node"] for edge in page["staff"]["disputes"]["edges"]]
        shards = {CustomerId.parse(node["customerId"]).shard for node in nodes}
        counts.append(len(statements) - len(shards))
    assert all(node["evidence"] for node in nodes) and len(nodes) > 2
    assert counts[0] == counts[1], "one statement a shard key"
