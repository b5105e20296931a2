"""The log of requests: who sent what when, what came of it and what it took; nothing of what portal users do."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from api.audience import Audience, Sender
from api.request_log import REFUSED, Line, RequestLog, outcome_of
from domain.actor import Grant, partner
from domain.allowance import ROWS_A_MINUTE
from domain.reactions.house import House
from domain.tenants.api_request import KEPT, ApiRequest, count_requests, forget_requests, requests_of
from tests.api_callers import Api, Caller, until
from tests.world import fresh

LOOKS = 100  # at a replica that is behind by a moment
_LINE = "at surface caller documentId operation kind outcome cost milliseconds requestId"
LOG = f"""query ($partner: String, $after: String, $first: Int!) {{ staff {{
    apiRequests(first: $first, after: $after, partner: $partner) {{
        totalCount pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {_LINE} }} }} }} }} }}"""
END = """mutation EndThem($input: EndSessionsInput!) { endSessions(input: $input) {
    count errors { ... on UserError { code } } operation { id } } }"""
TRAIL = """query ($id: ID!) { staff { auditTrail(customerId: $id, first: 1) { edges { node {
    operation requestId apiRequest { operation outcome requestId } securityEvents { kind requestId } } } } } }"""


async def named(program: Caller) -> str:
    """The client id of a program, which asks for it."""
    itself = (await program.post({"documentId": "partner-itself.1"})).json()["data"]["partner"]
    return str(itself["clientId"])


async def lines(caller: Caller, partner: str | None = None, first: int = 100) -> list[Any]:
    """What the log says, newest first."""
    found = (await caller.data(LOG, partner=partner, first=first))["staff"]["apiRequests"]["edges"]
    return [each["node"] for each in found]


async def newest_entry(caller: Caller, customer: str) -> Any:
    """The customer's newest entry in the trail, which the replica shows a moment later."""
    for _ in range(LOOKS):
        edges = (await caller.data(TRAIL, id=customer))["staff"]["auditTrail"]["edges"]
        if edges:
            return edges[0]["node"]
    raise AssertionError("there is no entry")


async def written(api: Api, client: str | None, done: Callable[[ApiRequest], bool], count: int = 1) -> None:
    """Returns once so many such lines are in the database; reading them costs no points."""
    db, home = api.world.house.db.primary, api.world.tenant.live_house

    async def look() -> bool | None:
        return len([each for each in await requests_of(db, home, client, None, 100) if done(each)]) >= count or None

    await until(look)


async def paged(caller: Caller, partner: str) -> list[str]:
    """The ids of all requests of the partner, read two at a time."""
    shown, after = [], None
    while True:
        page = (await caller.data(LOG, partner=partner, first=2, after=after))["staff"]["apiRequests"]
        shown += [each["node"]["requestId"] for each in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return shown
        after = page["pageInfo"]["endCursor"]


def test_a_document_that_calls_something_else_a_code_gets_none_of_it_into_the_log() -> None:
    aliased = {"removeMember": {"errors": [{"code": "bea@example.test"}]}}  # errors: members { code: email }
    assert outcome_of(aliased, []) == REFUSED
    assert outcome_of({"removeMember": {"errors": [{"code": ["x"]}]}}, []) == REFUSED
    assert outcome_of({"removeMember": {"errors": [{"code": "STATE_CONFLICT"}]}}, []) == "STATE_CONFLICT"


async def test_a_flood_of_calls_that_were_refused_for_nothing_is_no_flood_of_lines(house: House, api: Api) -> None:
    log, tenant, home = RequestLog(house.db), api.world.tenant.tenant, api.world.tenant.live_house
    clients = noisy, _ = fresh("noisy"), fresh("other")
    asking = {
        each: SimpleNamespace(
            sender=Sender(Audience.PARTNER, tenant, each, frozenset()), actor=partner(tenant, home, each, fresh("id"))
        )
        for each in clients
    }
    for _ in range(ROWS_A_MINUTE + 50):
        log.note(Line(context=asking[noisy], outcome="THROTTLED"))
    for each in clients:
        log.note(Line(context=asking[each], outcome="FORBIDDEN"))
        log.note(Line(context=asking[each], cost=1))
    await log.flush()
    counted = [await count_requests(house.db.primary, home, each, 10 * ROWS_A_MINUTE) for each in clients]
    assert counted == [ROWS_A_MINUTE + 1, 2]


@pytest.mark.row("Y9")
async def test_a_tenant_and_a_partner_read_who_asked_what_and_what_came_of_it(
    api: Api, elsewhere: Api, house: House
) -> None:
    program, lead, guest = await api.partner(), await api.staff(Grant.LEAD), await api.guest()
    began, client = house.db.clock.now(), await named(program)
    await program.ask("{ plans { id } }")
    await program.post({"documentId": "customer-account.1", "variables": {"reference": "nobody's"}})
    await program.post({"documentId": "customer-account.1", "variables": {}})
    await program.post({"documentId": "nobody-s.1"})
    other = await named(await api.partner())
    await lead.do(END, customerId=guest.id)
    await guest.ask("query Mine { viewer { customer { id } } }")
    await written(api, None, lambda line: line.operation == "EndThem" and line.at >= began)
    await written(api, client, lambda line: True, 5)
    found = await lines(lead, client)
    told = [(each["documentId"], each["operation"], each["kind"], each["outcome"]) for each in reversed(found)]
    assert told == [
        ("partner-itself.1", "PartnerItself", "query", "OK"), (None, None, None, "FORBIDDEN"),
        ("customer-account.1", "CustomerAccount", "query", "NOT_FOUND"),
        ("customer-account.1", "CustomerAccount", "query", "BAD_INPUT"), (None, None, None, "DOCUMENT_NOT_FOUND"),
    ]  # fmt: skip
    assert {(each["surface"], each["caller"]) for each in found} == {("partner", client)}
    assert all(each["cost"] > 0 for each in found if each["outcome"] == "OK")
    assert len({each["requestId"] for each in found}) == 5
    assert [each["operation"] for each in await lines(lead, other)] == ["PartnerItself"]
    asked = {"documentId": "api-requests.1", "variables": {"first": 50}}
    mine = (await program.post(asked)).json()["data"]["partner"]["apiRequests"]["edges"]
    assert [each["node"]["requestId"] for each in mine] == [each["requestId"] for each in found]
    assert await paged(lead, client) == [each["requestId"] for each in found]

    assert await lines(await elsewhere.staff(Grant.LEAD), client) == []
    refused = await (await api.staff(Grant.SUPPORT)).error(LOG, first=1)
    assert refused["extensions"]["code"] == "FORBIDDEN"

    entry = await newest_entry(lead, guest.id)
    assert entry["operation"] == "sessions.end"
    assert (entry["apiRequest"]["operation"], entry["apiRequest"]["outcome"]) == ("EndThem", "OK")
    assert [each["kind"] for each in entry["securityEvents"]] == ["SESSIONS_ENDED"]
    assert {entry["requestId"]} == {each["requestId"] for each in (entry["apiRequest"], *entry["securityEvents"])}
    (edge,) = (await (await api.staff()).data(TRAIL, id=guest.id))["staff"]["auditTrail"]["edges"]
    assert (edge["node"]["apiRequest"], edge["node"]["securityEvents"]) == (None, [])  # support reads neither log
    everything = await lines(lead)
    assert "portal" not in {each["surface"] for each in everything}
    assert "Mine" not in {each["operation"] for each in everything}
    home, marks = api.world.tenant.live_house, house.db.marks
    await forget_requests(marks, home.shard, began + KEPT - timedelta(seconds=1))
    assert len(await lines(lead, client)) >= 5
    await forget_requests(marks, home.shard, began + KEPT + timedelta(minutes=5), batch=2)
    assert await lines(lead, client) == []
