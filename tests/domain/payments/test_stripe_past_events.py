"""Stripe's events since an instant, asked for again: the oldest first, however many pages there are, and kept once."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.inbox import find
from domain.payments.gateway import Captured, ChargeRequest, CredentialsRefused, Unknown
from domain.payments.gateways.stripe import StripeGateway
from domain.payments.past_events import PastEvents
from domain.payments.unsure import TOO_LONG
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
    types = [value for name, values in asked[0].items() if name.startswith("types") for value in values]
    assert sorted(types) == sorted(told_to_send())
    assert len(types) <= 20, "as many as Stripe takes"


def told_to_send() -> list[str]:
    """The types of events that whoever makes an endpoint at Stripe is told to choose."""
    text = (Path(__file__).parents[3] / "docs" / "payment-providers.md").read_text()
    said = text.partition("make an endpoint")[2].partition("Of others")[0]
    types = list[str]()
    for word in re.findall(r"`([a-z_.]+)`", said):  # `.updated` is of what the one before it is of
        types.append(types[-1].rpartition(".")[0] + word if word.startswith(".") else word)
    return types


@pytest.mark.parametrize("most", [3, 1])
async def test_a_page_that_is_longer_than_any_answer_that_is_read_comes_in_shorter_ones(most: int) -> None:
    asked = list[str]()

    def heard(path: str) -> bytes:
        asked.extend(limit := parse_qs(urlsplit(path).query)["limit"])
        return listed(path) + b" " * (2 * 1024 * 1024 if int(limit[0]) > most else 0)

    seen, after = list[str](), None
    async with gateway_by(heard) as gateway:
        since, until = SINCE + timedelta(seconds=245), SINCE + timedelta(seconds=250)
        while isinstance(answer := await gateway.list_undelivered(since, until, after), PastEvents) and answer.events:
            seen += [each.id for each in answer.events]
            after = seen[-1]
    assert seen == [f"evt_{number}" for number in reversed(range(245, 250))]
    assert asked[:6] == ["100", "50", "25", "12", "6", "3"]


async def test_an_event_of_stripes_without_an_id_is_one_without_a_name() -> None:
    async with gateway_to(200, b'{"object": "list", "data": [{"id": null}], "has_more": false}') as gateway:
        page = await gateway.list_undelivered(SINCE, SINCE + timedelta(seconds=250), None)
    assert isinstance(page, PastEvents) and [each.id for each in page.events] == [""]


async def test_an_event_that_no_answer_holds_ends_in_no_answer() -> None:
    asked = list[str]()

    def heard(path: str) -> bytes:
        asked.extend(parse_qs(urlsplit(path).query)["limit"])
        return listed(path) + b" " * 2 * 1024 * 1024

    async with gateway_by(heard) as gateway:
        assert await gateway.list_undelivered(SINCE, SINCE + timedelta(seconds=250), None) is TOO_LONG
    assert asked == ["100", "50", "25", "12", "6", "3", "1"]


async def test_what_stripe_refuses_to_list_is_no_end_of_its_list() -> None:
    refused = b'{"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "no such event"}}'
    async with gateway_to(404, refused) as gateway:
        for page in (gateway.past_events(SINCE, "evt_1"), gateway.list_undelivered(SINCE, datetime.now(UTC), "evt_1")):
            assert await page == Unknown("resource_missing")
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
