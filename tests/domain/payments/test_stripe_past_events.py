"""Stripe's events since an instant, asked for again: the oldest first, however many pages there are, and kept once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from domain.inbox import find
from domain.payments.gateway import Captured, ChargeRequest, CredentialsRefused, Unknown
from domain.payments.gateways.stripe import StripeGateway
from domain.payments.past_events import PastEvents
from domain.reactions.refetch import refetch
from tests.payments_stories import TEN
from tests.stripe_stage import card, gateway_by, gateway_to
from tests.world import World, fresh

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
EVENTS = {f"evt_{number}": int(SINCE.timestamp()) + number for number in range(-5, 250)}  # when each came to be


def listed(path: str) -> bytes:
    """A page as docs.stripe.com/api/pagination says: the newest first, and before a cursor those next to it."""
    asked = parse_qs(urlsplit(path).query)
    ids = [id for id in reversed(EVENTS) if EVENTS[id] >= int(asked["created[gte]"][0])]
    known, limit = [{"id": id, "created": EVENTS[id]} for id in ids], int(asked["limit"][0])
    if before := asked.get("ending_before"):
        newer = known[: ids.index(before[0])]
        return json.dumps({"object": "list", "data": newer[-limit:], "has_more": len(newer) > limit}).encode()
    rest = known[ids.index(asked["starting_after"][0]) + 1 :] if "starting_after" in asked else known
    return json.dumps({"object": "list", "data": rest[:limit], "has_more": len(rest) > limit}).encode()


async def test_all_events_since_an_instant_come_once_each_and_the_oldest_first() -> None:
    seen, after = list[str](), None
    async with gateway_by(listed) as gateway:
        while True:
            answer = await gateway.past_events(SINCE, after)
            assert isinstance(answer, PastEvents)
            if not answer.events:
                break
            seen += [json.loads(each.raw)["id"] for each in answer.events]
            after = seen[-1]
    assert seen == [f"evt_{number}" for number in range(250)]


async def test_what_no_endpoint_took_is_asked_for_page_by_page_without_the_rest_of_the_past() -> None:
    asked = list[dict[str, list[str]]]()

    def heard(path: str) -> bytes:
        asked.append(parse_qs(urlsplit(path).query))
        return listed(path)

    seen, after = list[str](), None
    until = SINCE + timedelta(seconds=250)
    async with gateway_by(heard) as gateway:
        while isinstance(answer := await gateway.list_undelivered(SINCE, until, after), PastEvents) and answer.events:
            seen += [each.id for each in answer.events]
            after = seen[-1]
    assert seen == [f"evt_{number}" for number in reversed(range(250))]
    assert [each.get("starting_after") for each in asked] == [None, ["evt_150"], ["evt_50"], ["evt_0"]]
    assert {(*each["delivery_success"], *each["created[lt]"]) for each in asked} == {
        ("false", str(int(until.timestamp())))
    }
    assert len([name for name in asked[0] if name.startswith("types")]) <= 20, "as many as Stripe takes"


async def test_what_stripe_refuses_to_list_is_no_end_of_its_list() -> None:
    refused = b'{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "no such event"}}'
    async with gateway_to(404, refused) as gateway:
        assert await gateway.past_events(SINCE, "evt_forgotten") == Unknown("resource_missing")
    async with gateway_to(401, b'{"error": {"type": "invalid_request_error", "message": "no"}}') as gateway:
        assert isinstance(await gateway.past_events(SINCE, None), CredentialsRefused)


async def test_a_charge_of_which_nothing_is_known_here_is_named_and_its_event_kept_once(
    world: World, stripe_here: StripeGateway
) -> None:
    house = replace(world.house, gateways={"stripe/main": stripe_here})
    began, ada = datetime.now(UTC) - timedelta(minutes=1), await world.customer()
    about = {"customer": str(ada.id)}
    charge = ChargeRequest(fresh("key"), fresh("lost"), TEN, await card(stripe_here), about)
    taken = await stripe_here.charge(charge)
    assert isinstance(taken, Captured)
    first, again = [await refetch(house, "stripe/main", began) for _ in range(2)]
    assert (first.kept, again.kept, again.seen) == (first.seen, 0, first.seen)
    (unknown,) = [each for each in first.unknown if each.charge_ref == taken.provider_ref]
    kept = await find(house.db.primary, f"stripe/main:{unknown.event_id}")
    assert kept is not None and (kept.state, unknown.money, unknown.metadata["customer"]) == (
        "received", TEN, str(ada.id)
    )  # fmt: skip
