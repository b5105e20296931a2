"""Live streams: every event once and in order, whatever is cut, wiped or replaced on the way."""

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from api.app import build_app
from api.live.places import PER_CALLER
from domain.actor import Grant
from domain.subscriptions.start import StartSubscription, start_subscription
from runtime.settings import Settings
from tests.api.test_withdrawn_access import withdraw
from tests.api_callers import START, Api, Guest, key, running
from tests.live_kit import BALANCE, INVOICES, OPERATION, SUBSCRIPTIONS, listening
from tests.own_valkey import OwnValkey
from tests.server_gate import gate_before
from tests.web_kit import Acme

TWINS = """query ($invoice: ID!, $subscription: ID!, $key: IdempotencyKey!) { viewer { customer { version
    invoice(id: $invoice) { id state due { minorUnits } } subscription(id: $subscription) { id state }
    balance { through credit { decimal } } operation(idempotencyKey: $key) { name status objectIds } } } }"""


@pytest.fixture
def valkey() -> Iterator[OwnValkey]:
    """A server that is not started yet."""
    with tempfile.TemporaryDirectory(prefix="quittance-valkey-") as folder:
        server = OwnValkey(folder)
        yield server
        server.kill()


@pytest.fixture
async def another(process_settings: Settings, valkey: OwnValkey) -> AsyncIterator[httpx2.AsyncClient]:
    """Another API process, whose Redis is its own."""
    await valkey.start()
    own = process_settings.model_copy(update={"redis_url": SecretStr(valkey.url)})
    async with running(build_app(own, fenced=lambda house: house)) as client:
        yield client


async def buy(guest: Guest, api: Api, plan: str, **given: Any) -> Any:
    """What the purchase answers."""
    return await guest.do(START, priceId=str(api.world.prices[plan]), **given)


async def test_each_stream_shows_what_its_twin_shows_as_soon_as_it_is_so(api: Api) -> None:
    guest, used = await api.guest("tok_visa"), key()
    async with (
        listening(api.http, guest, INVOICES) as invoices,
        listening(api.http, guest, SUBSCRIPTIONS) as subscriptions,
        listening(api.http, guest, BALANCE) as balance,
        listening(api.http, guest, OPERATION, key=used) as operation,
    ):
        opened = [await each.update() for each in (invoices, subscriptions, balance, operation)]
        assert [each["reason"] for each in opened] == ["OPENED"] * 4
        assert [opened[0]["invoice"], opened[1]["subscription"], opened[3]["operation"]] == [None] * 3
        bought = await buy(guest, api, "starter", idempotencyKey=used)
        paid = (await invoices.until(lambda it: it["invoice"]["state"] == "PAID"))[-1]
        active = (await subscriptions.until(lambda it: it["subscription"]["state"] == "ACTIVE"))[-1]
        posted = (await balance.until(lambda it: it["balance"]["through"] == "2"))[-1]
        done = (await operation.until(lambda it: it["operation"]["status"] == "DONE"))[-1]
        assert [event.kind for event in await operation.rest()] == ["complete"]
        ids = {"invoice": bought["invoice"]["id"], "subscription": bought["subscription"]["id"]}
        twins = (await guest.data(TWINS, key=used, **ids))["viewer"]["customer"]
        assert paid["invoice"] == twins["invoice"]
        assert active["subscription"] == twins["subscription"]
        assert posted["balance"] == twins["balance"]
        assert done["operation"] == twins["operation"]
        assert int(twins["version"]) >= int(paid["eventId"][1:].partition(".")[0])
    async with listening(api.http, guest, INVOICES, id=ids["invoice"]) as one:
        assert (await one.update())["invoice"] == twins["invoice"]
    # A GET is as good, for clients that open streams by an address alone.
    asked = {"query": OPERATION, "variables": json.dumps({"key": used})}
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {guest.token}"}
    over = await api.http.get("/graphql", params=asked, headers=headers)
    assert over.headers["content-type"].startswith("text/event-stream")
    assert over.text.split("\r\n")[0] == f"id: {done['eventId']}"
    assert over.text.endswith("event: complete\r\ndata: \r\n\r\n")


async def test_a_stream_that_is_cut_goes_on_at_another_process_without_redis_and_leaves_out_and_repeats_nothing(
    api: Api, another: httpx2.AsyncClient, valkey: OwnValkey
) -> None:
    guest = await api.guest("tok_visa")
    async with listening(api.http, guest, INVOICES) as first:
        begun = await first.update()
        await buy(guest, api, "starter")
        seen = [await first.update()]
    await buy(guest, api, "team")
    async with listening(another, guest, INVOICES, last=seen[-1]["eventId"]) as second:
        missed = await second.until(lambda it: it["invoice"]["state"] == "PAID")
        seen += missed
        valkey.kill()
        last = (await buy(guest, api, "yearly"))["invoice"]["id"]
        # At the end all invoices are paid: what is left is told of this one.
        seen += await second.until(lambda it: it["invoice"]["id"] == last and it["invoice"]["state"] == "PAID")
    assert all(each["reason"] == "CHANGED" for each in seen)
    async with listening(api.http, guest, INVOICES, id=None, last=begun["eventId"]) as replay:
        whole = [(await replay.update())["eventId"] for _ in seen]
    assert [each["eventId"] for each in seen] == whole
    assert len(set(whole)) == len(whole)


async def test_whoever_missed_too_much_or_names_a_place_that_is_not_there_is_told_to_read_again(api: Api) -> None:
    guest, _ = await api.subscriber()
    for last in ("i999999.1", "i999999999"):
        async with listening(api.http, guest, INVOICES, last=last) as stream:
            again = await stream.update()
            assert (again["reason"], again["invoice"]) == ("RESYNC", None)
            assert again["eventId"] != last
    for wrong in ("b1", "nonsense", "i", "i1.0", "i-1.1", "i1.1x"):
        async with listening(api.http, guest, INVOICES, last=wrong) as stream:
            refused, *rest = await stream.rest()
            assert (refused.code, [event.kind for event in rest]) == ("BAD_INPUT", ["complete"])


async def test_a_stream_is_for_portal_users_and_shows_nobody_else_s_objects(api: Api) -> None:
    guest, other = await api.guest(), (await api.subscriber())[1]
    staff = await api.staff(Grant.SUPPORT)
    streams = (
        (guest, INVOICES, other["invoice"]["id"], "NOT_FOUND"),
        (guest, SUBSCRIPTIONS, other["subscription"]["id"], "NOT_FOUND"),
        (guest, INVOICES, "nonsense", "NOT_FOUND"),
        (staff, BALANCE, None, "FORBIDDEN"),
    )
    for caller, document, id, code in streams:
        async with listening(api.http, caller, document, id=id) as stream:
            refused, *rest = await stream.rest()
            assert (refused.code, [event.kind for event in rest]) == (code, ["complete"])
    plain = await guest.post({"query": BALANCE})
    assert plain.json()["errors"][0]["message"].startswith("Subscriptions are answered as text/event-stream")


async def test_a_caller_has_a_bounded_number_of_streams_and_gets_a_place_back_when_one_closes(api: Api) -> None:
    guest = await api.guest()
    async with AsyncExitStack() as open_streams:
        for _ in range(PER_CALLER):
            stream = await open_streams.enter_async_context(listening(api.http, guest, BALANCE))
            await stream.update()
        refused = await api.http.post(
            "/graphql",
            json={"query": BALANCE},
            headers={"accept": "text/event-stream", "authorization": f"Bearer {guest.token}"},
        )
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "THROTTLED")
        assert refused.headers["retry-after"]
    async with listening(api.http, guest, BALANCE) as stream:
        assert (await stream.update())["reason"] == "OPENED"


async def test_whoever_loses_access_is_told_so_instead_of_the_next_event(api: Api, owner_url: str) -> None:
    guest = await api.guest("tok_visa")
    async with listening(api.http, guest, BALANCE) as stream:
        await stream.update()
        statement = "UPDATE customer_user SET active = false WHERE shard_key = $1 AND customer_id = $2"
        await withdraw(owner_url, statement, guest.who.id.shard, guest.who.id.uuid)
        await api.world.do(guest.who, start_subscription, StartSubscription(api.world.prices["starter"], 1))
        refused, last = await stream.rest()
        assert (refused.code, refused.body["data"], last.kind) == ("FORBIDDEN", None, "complete")


async def test_a_stream_of_a_browser_ends_with_its_session(acme: Acme) -> None:
    browser, ada, world = await acme.signed_in("portal", "customer"), acme.customers["customer"], acme.api.world
    cookies = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    headers = {"host": urlsplit(acme.origin).netloc, "cookie": cookies, "x-quittance-csrf": "portal"}
    await world.card(ada)
    async with listening(acme.api.http, headers, BALANCE) as stream:
        assert (await stream.update())["reason"] == "OPENED"
        await browser.log_out("portal")
        await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
        refused, last = await stream.rest()
        assert (refused.code, last.kind) == ("UNAUTHENTICATED", "complete")


async def test_a_stream_outlives_an_outage_of_the_database(api: Api, process_settings: Settings) -> None:
    guest = await api.guest("tok_visa")
    async with gate_before(process_settings.database_url.get_secret_value()) as (gate, url):
        own = process_settings.model_copy(update={"database_url": SecretStr(url)})
        async with running(build_app(own)) as http, listening(http, guest, BALANCE) as stream:
            await stream.update()
            await gate.shut()
            await buy(guest, api, "starter")
            await gate.open()
            assert [(await stream.update())["eventId"] for _ in range(2)] == ["b1", "b2"]


async def test_a_process_that_stops_ends_its_streams_so_that_clients_come_back(
    api: Api, process_settings: Settings
) -> None:
    guest, stops = await api.guest(), [False]
    async with (
        running(build_app(process_settings, stopping=lambda: stops[0])) as http,
        listening(http, guest, BALANCE) as stream,
    ):
        await stream.update()
        stops[0] = True
        assert await stream.rest() == []
