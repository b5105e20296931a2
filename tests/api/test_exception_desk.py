"""The desk's exceptions: support sees and claims them, finance decides, and a longer queue costs no more."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.payments.exception_case import Kind
from domain.payments.open_exception import OpenException, open_exception
from tests.api_callers import Api, Caller
from tests.exception_stage import exceptions_of
from tests.lives import by_house, caught_up
from tests.statements import statements_seen

FACTS = "id kind state customerId amount { decimal } claimedBy resolution resolvedBy resolvedWhy resolutions"
QUEUE = f"""query ($first: Int!, $after: String, $filter: ExceptionFilter) {{ staff {{
    exceptions(first: $first, after: $after, filter: $filter) {{
        totalCount edges {{ node {{ {FACTS} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
ONE = f"query ($id: ID!) {{ staff {{ exception(id: $id) {{ {FACTS} }} }} }}"
NODE = "query ($id: ID!) { node(id: $id) { id ... on ExceptionCase { kind } } }"
ERRORS = "operation { status } errors { ... on UserError { code path } }"
CLAIM = f"""mutation ($input: ClaimExceptionInput!) {{
    claimException(input: $input) {{ exception {{ {FACTS} }} {ERRORS} }} }}"""
RELEASE = f"""mutation ($input: ReleaseExceptionInput!) {{
    releaseException(input: $input) {{ exception {{ {FACTS} }} {ERRORS} }} }}"""
RESOLVE = f"""mutation ($input: ResolveExceptionInput!) {{
    resolveException(input: $input) {{ exception {{ {FACTS} }} {ERRORS} }} }}"""
TOLD = RESOLVE.replace("code path", "code path message")
TRAIL = """query ($id: ID!) { staff { auditTrail(customerId: $id, first: 100) {
    edges { node { operation actor } } } } }"""


async def queue(of: Caller, **filter: Any) -> list[dict[str, Any]]:
    """All that the filter lets through, two a page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await of.data(QUEUE, first=2, after=after, filter=filter))["staff"]["exceptions"]
        found += [each["node"] for each in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.row("A8")
@pytest.mark.row("X7")
async def test_support_claims_and_finance_decides_and_the_desk_and_the_trail_tell_who_did_what(elsewhere: Api) -> None:
    api = elsewhere
    guest, cases = await exceptions_of(api, 100, 200, 300)
    support, other, finance = await api.staff(), await api.staff(), await api.staff(Grant.FINANCE)
    shown = [each for each in await queue(support) if each["customerId"] == guest.id]
    assert [each["id"] for each in shown] == [str(each.id) for each in cases]  # the oldest first
    assert {(each["kind"], each["state"], tuple(each["resolutions"])) for each in shown} == {
        ("REFUND_FAILED", "OPEN", ("RETRY_REFUND", "KEEP_AS_CREDIT", "PAID_OUT_OF_BAND"))
    }
    one, two, three = [{"customerId": guest.id, "exceptionId": str(each.id)} for each in cases]
    mine = (await support.do(CLAIM, **one))["exception"]
    assert (await finance.do(CLAIM, **two))["exception"]["state"] == "CLAIMED"
    assert [each["id"] for each in await queue(support, claimedBy=mine["claimedBy"])] == [mine["id"]]
    assert not [each for each in await queue(support, state="OPEN") if each["id"] in (mine["id"], two["exceptionId"])]
    assert guest.id not in [each["customerId"] for each in await queue(support, kinds=["PAYMENT_UNKNOWN"])]
    decision = {"resolution": "KEEP_AS_CREDIT", "reason": "They agreed."}
    for who, what in ((support, one), (other, one), (finance, two)):
        assert (await who.refusal(RESOLVE, **what, **decision))["code"] == "FORBIDDEN"
    assert (await other.refusal(RELEASE, **one))["code"] == "FORBIDDEN"
    assert (await finance.do(RELEASE, **two))["exception"]["claimedBy"] is None
    done = await finance.do(RESOLVE, **one, **decision)
    assert (done["exception"]["state"], done["exception"]["resolvedWhy"]) == ("RESOLVED", "They agreed.")
    assert done["operation"]["status"] == "DONE"
    (kept,) = [each for each in await queue(support, state="RESOLVED") if each["customerId"] == guest.id]
    assert kept == done["exception"] == (await support.data(ONE, id=mine["id"]))["staff"]["exception"]
    assert (await support.data(NODE, id=three["exceptionId"]))["node"]["kind"] == "REFUND_FAILED"
    assert (await guest.error(NODE, id=three["exceptionId"]))["extensions"]["code"] == "NOT_FOUND"
    await caught_up(api.world)
    trail = [each["node"] for each in (await support.data(TRAIL, id=guest.id))["staff"]["auditTrail"]["edges"]]
    by = {each["operation"]: each["actor"] for each in reversed(trail)}
    assert by["payments.resolve_exception"] == kept["resolvedBy"] != kept["claimedBy"]
    assert by["payments.claim_exception"] in (kept["claimedBy"], kept["resolvedBy"])


@pytest.mark.row("B8")
async def test_a_charge_is_not_confirmed_by_the_reference_of_another_customers_payment(api: Api) -> None:
    (guest, bought), (_, theirs) = await api.subscriber(), await api.subscriber()
    world, db = api.world, api.world.house.db.primary
    id, other = (PaymentId.parse(each["invoice"]["payments"][0]["id"]) for each in (bought, theirs))
    taken = await db.fetchval(
        "SELECT provider_ref FROM payment WHERE shard_key = $1 AND id = $2", other.shard, other.uuid
    )
    opened = await by_house(world, guest.who, open_exception, OpenException(Kind.PAYMENT_MISMATCH, id, None, "Odd."))
    case = {"customerId": guest.id, "exceptionId": str(opened.exception)}
    await (await api.staff()).do(CLAIM, **case)
    decision = {"resolution": "CONFIRM_CHARGED", "reason": "Seen.", "reference": taken}
    refused = await (await api.staff(Grant.FINANCE)).refusal(TOLD, **case, **decision)
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["reference"])
    assert "another payment" in refused["message"]


async def test_a_longer_queue_takes_no_more_statements(api: Api) -> None:
    support, counts = await api.staff(), []
    await support.data(QUEUE, first=1)  # who calls is looked up once
    for _ in range(2):
        await exceptions_of(api, 100, 200)
        with statements_seen() as statements:
            await support.data(QUEUE, first=100)
        counts.append(len(statements))
        print(*statements, sep="\n--\n")
        print("=======")
    assert counts[0] == counts[1]
