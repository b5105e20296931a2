"""Admins register where the tenant's own systems listen; staff see what reached them and send it again."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.actor import Grant
from domain.ids import WebhookDeliveryId
from domain.webhooks.deliver import deliver
from tests.api_callers import START, Api, Caller, key
from tests.webhook_receiver import Receiver, receiving
from tests.webhook_stage import CHANGE, REGISTER, ROTATE, registered, url
from tests.world import make_world

REPLAY = """mutation ($input: ReplayWebhooksInput!) { replayWebhooks(input: $input) {
    count errors { ... on UserError { code path } } } }"""
DESK = """query ($endpoint: ID, $state: WebhookDeliveryState, $first: Int!, $after: String,
    $atLeast: ConsistencyToken = "000000017777777777777777") { staff {
    webhookEventKinds { name } webhookEndpoints { id url }
    webhookDeliveries(first: $first, after: $after, endpointId: $endpoint, state: $state, atLeast: $atLeast) {
        asOf source totalCount pageInfo { hasNextPage endCursor }
        edges { node { id kind state attempts lastStatus lastCause body customerId } } } } }"""


@pytest.fixture
async def endpoint(api: Api) -> AsyncIterator[tuple[Receiver, Caller, str]]:
    """A receiver on this machine that hears of sandbox subscriptions, and who registered it."""
    admin = await api.staff(Grant.ADMIN)
    async with receiving() as receiver:
        done = await admin.do(REGISTER, url=receiver.url, kinds=["subscription.started"], sandbox=True)
        assert receiver.url == done["endpoint"]["url"]
        yield receiver, admin, done["endpoint"]["id"]
        await admin.do(CHANGE, endpointId=done["endpoint"]["id"], active=False)


async def test_a_lost_answer_is_asked_for_again_and_holds_the_same_secret(api: Api) -> None:
    admin, same = await api.staff(Grant.ADMIN), key()
    given = {"url": url(), "kinds": ["contract.ended", "contract.signed", "contract.ended"], "idempotencyKey": same}
    first, again = await admin.do(REGISTER, **given), await admin.do(REGISTER, **given)
    assert first["secret"].startswith("whsec_")
    assert (again["secret"], again["endpoint"]["id"]) == (first["secret"], first["endpoint"]["id"])
    assert again["operation"] == {"id": first["operation"]["id"], "replayed": True}
    assert first["endpoint"]["kinds"] == ["contract.signed", "contract.ended"]  # nothing on the stage brings them about
    turned = await admin.do(ROTATE, endpointId=first["endpoint"]["id"])
    assert turned["secret"] != first["secret"]
    assert turned["endpoint"]["secretVersion"] == 2 and turned["endpoint"]["previousSecretUntil"]
    assert (await admin.do(REGISTER, **given))["secret"] == first["secret"]
    early = await admin.refusal(ROTATE, endpointId=first["endpoint"]["id"])
    assert early == {"code": "STATE_CONFLICT", "path": ["endpointId"]}


async def test_staff_see_what_failed_and_send_it_again(api: Api, endpoint: tuple[Receiver, Caller, str]) -> None:
    receiver, _, id = endpoint
    support, house = await api.staff(), api.world.house
    guest = await api.guest("tok_visa")
    await guest.do(START, priceId=str(api.world.prices["starter"]))
    asked = {"endpoint": id, "first": 10}
    (edge,) = (await support.data(DESK, **asked))["staff"]["webhookDeliveries"]["edges"]
    assert (edge["node"]["state"], edge["node"]["customerId"]) == ("WAITING", guest.id)
    receiver.answers = ["410 Gone"]
    assert not await deliver(house.db, house.sender, WebhookDeliveryId.parse(edge["node"]["id"]))
    parked = (await support.data(DESK, **asked, state="PARKED"))["staff"]["webhookDeliveries"]
    node = parked["edges"][0]["node"]
    assert (parked["totalCount"], parked["source"]) == (1, "PRIMARY")  # as of its latest, which the test asked for
    listed = (await support.data(DESK, **asked, atLeast=None))["staff"]["webhookDeliveries"]
    assert listed["source"] == "REPLICA" and listed["asOf"]
    assert (node["lastStatus"], node["lastCause"], node["attempts"]) == (410, "HTTP 410", 1)
    assert (await support.do(REPLAY, endpointId=id))["count"] == 1
    assert await deliver(house.db, house.sender, WebhookDeliveryId.parse(edge["node"]["id"]))
    assert receiver.taken[-1].body.decode() == node["body"]
    assert (await support.data(DESK, **asked, state="PARKED"))["staff"]["webhookDeliveries"]["edges"] == []


async def test_the_deliveries_of_an_endpoint_are_paged_newest_first(
    api: Api, endpoint: tuple[Receiver, Caller, str]
) -> None:
    support, owners = await api.staff(), []
    for _ in range(3):
        guest = await api.guest("tok_visa")
        await guest.do(START, priceId=str(api.world.prices["starter"]))
        owners.append(guest.id)
    page = (await support.data(DESK, endpoint=endpoint[2], first=2))["staff"]["webhookDeliveries"]
    rest = await support.data(DESK, endpoint=endpoint[2], first=2, after=page["pageInfo"]["endCursor"])
    edges = [*page["edges"], *rest["staff"]["webhookDeliveries"]["edges"]]
    assert [each["node"]["customerId"] for each in edges] == owners[::-1]
    assert page["pageInfo"]["hasNextPage"]


async def test_nobody_but_an_admin_says_where_events_go(api: Api) -> None:
    for role in (Grant.SUPPORT, Grant.LEAD, Grant.FINANCE):
        caller = await api.staff(role)
        assert (await caller.refusal(REGISTER, url=url(), kinds=["invoice.paid"]))["code"] == "FORBIDDEN"
        assert (await caller.refusal(ROTATE, endpointId=await registered(api)))["code"] == "FORBIDDEN"
    assert (await (await api.guest()).refusal(REGISTER, url=url(), kinds=["invoice.paid"]))["code"] == "FORBIDDEN"


async def test_one_url_is_registered_once_and_twenty_are_enough(api: Api, house_of_their_own: Api) -> None:
    admin = await house_of_their_own.staff(Grant.ADMIN)
    first = {"url": url(), "kinds": ["invoice.paid"]}
    await admin.do(REGISTER, **first)
    assert (await admin.refusal(REGISTER, **first))["code"] == "ALREADY_EXISTS"
    await admin.do(REGISTER, **first, sandbox=True)
    for _ in range(18):
        last = (await admin.do(REGISTER, url=url(), kinds=["invoice.paid"]))["endpoint"]["id"]
    assert (await admin.refusal(REGISTER, url=url(), kinds=["invoice.paid"]))["code"] == "STATE_CONFLICT"
    assert (await admin.refusal(CHANGE, endpointId=last, url=first["url"]))["code"] == "ALREADY_EXISTS"
    stranger = await api.staff(Grant.ADMIN)
    assert (await stranger.refusal(CHANGE, endpointId=last, active=False))["code"] == "NOT_FOUND"
    assert (await stranger.refusal(REPLAY, endpointId=last))["code"] == "NOT_FOUND"
    assert (await stranger.data(DESK, endpoint=last, first=1))["staff"]["webhookDeliveries"]["edges"] == []
    assert last not in {each["id"] for each in (await stranger.data(DESK, first=1))["staff"]["webhookEndpoints"]}


@pytest.fixture
async def house_of_their_own(api: Api) -> Api:
    """The same API in front of another tenant."""
    world = await make_world(api.world.house)
    await world.trust(api.issuer)
    return replace(api, world=world)
