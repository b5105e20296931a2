"""What monitoring sees move: how long transactions take, how far the replica is behind, what waits, keys in vain."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr

from api.app import build_app
from dev.stack.addresses import REPLICA_PORT
from dev.stack.postgres import superuser_dsn
from dev.stack.stack import Stack
from dev.story.client import until
from domain import dead_letter
from domain.outbox import Event
from domain.perform import perform
from domain.reactions.work import do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from migrations.runner import migrate
from runtime.settings import Settings
from tests.api_callers import START, Api, Guest, key, running
from tests.bad_input_stage import mutation
from tests.world import fresh

OPERATION = "query ($key: IdempotencyKey!) { viewer { customer { operation(idempotencyKey: $key) { id } } } }"

FRESH_S = 1.0
"""A replica that has everything is a round trip behind at most; one that stands still is soon further behind."""


async def metric(http: httpx2.AsyncClient, name: str) -> float:
    """The value of one line of the metrics, which must be there."""
    text = (await http.get("/metrics")).text
    found = re.search(rf"^{re.escape(f'quittance_{name}')} (.+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


async def in_vain(http: httpx2.AsyncClient, reason: str) -> float:
    """How many keys were looked up in vain for that reason."""
    return await metric(http, f'key_lookups_failed_total{{reason="{reason}"}}')


@pytest.mark.row("M3")
async def test_each_transaction_adds_its_length_to_those_of_its_operation(api: Api) -> None:
    guest = await api.guest("tok_visa")
    await guest.do(START, priceId=str(api.world.prices["starter"]))
    names = [f'operation_seconds_{part}{{operation="subscriptions.start"}}' for part in ("count", "sum")]
    count, seconds = [await metric(api.http, name) for name in names]
    await guest.do(START, priceId=str(api.world.prices["team"]))
    count_after, seconds_after = [await metric(api.http, name) for name in names]
    assert count_after == count + 1
    assert seconds_after > seconds > 0


@pytest.mark.row("M3")
async def test_what_waits_is_counted_until_it_is_done(api: Api) -> None:
    house = api.world.house
    ada = (await api.guest("tok_visa")).who
    before = await waiting(api.http)
    command = StartSubscription(api.world.prices["starter"], 1)
    await perform(house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    events, due, letters = await waiting(api.http)
    assert events > before[0]
    await do_now(house, ada.id)
    assert (await waiting(api.http))[0] < events
    event = Event(ada.id, 1, "payment.begun", {"payment": "payment_x"}, 4, clocked=False)
    await dead_letter.bury(house.db, event, "KeyError", "0123456789abcdef")
    assert (await waiting(api.http))[2] == letters + 1
    assert due >= 0


async def waiting(http: httpx2.AsyncClient) -> list[float]:
    """Events, due work and dead letters."""
    return [await metric(http, name) for name in ("outbox_events", "due_work", "dead_letters")]


@pytest.mark.row("M3")
async def test_a_clock_that_is_to_move_is_due_work_until_it_has_moved(api: Api) -> None:
    guest = await api.guest()
    before = await metric(api.http, "due_work")
    await guest.call(mutation("advanceTestClock"), to="2027-01-02T00:00:00Z")
    during = await metric(api.http, "due_work")
    assert during > before
    await do_now(api.world.house, guest.who.id)
    assert await metric(api.http, "due_work") < during


@pytest.mark.row("M3")
async def test_keys_that_are_looked_up_in_vain_are_counted_by_why(api: Api) -> None:
    guest, used = await api.guest("tok_visa"), key()
    await guest.do(START, priceId=str(api.world.prices["starter"]), idempotencyKey=used)
    mismatches, unknown = await in_vain(api.http, "MISMATCH"), await in_vain(api.http, "UNKNOWN")
    await guest.refusal(START, priceId=str(api.world.prices["team"]), idempotencyKey=used)
    assert await in_vain(api.http, "MISMATCH") == mismatches + 1
    await guest.data(OPERATION, key=used)
    assert await in_vain(api.http, "UNKNOWN") == unknown
    await guest.data(OPERATION, key=key())
    assert await in_vain(api.http, "UNKNOWN") == unknown + 1


@asynccontextmanager
async def unfinished(owner_url: str, guest: Guest, of: str) -> AsyncIterator[None]:
    """Another process has reserved the key and is not through; at the end it dies."""
    other = await asyncpg.connect(owner_url)
    change = other.transaction()
    await change.start()
    await other.execute(
        """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation, command_hash,
               recorded_at) VALUES ($1, $2, 'portal', $3, $4, 'subscriptions.start', '\\x00', now())""",
        guest.who.id.shard,
        guest.who.id.uuid,
        of,
        uuid4(),
    )
    try:
        yield
    finally:
        await change.rollback()
        await other.close()


@pytest.mark.row("F4")
@pytest.mark.row("F10")
@pytest.mark.row("M3")
async def test_while_the_first_call_under_a_key_runs_the_second_is_told_so_and_goes_through_once_it_died(
    api: Api, owner_url: str
) -> None:
    guest, given = await api.guest("tok_visa"), {"priceId": str(api.world.prices["starter"]), "idempotencyKey": key()}
    before = await in_vain(api.http, "IN_PROGRESS")
    async with unfinished(owner_url, guest, given["idempotencyKey"]):
        refused = await guest.refusal(START, **given)
        assert (refused["__typename"], refused["code"], refused["retryable"]) == ("TryAgainError", "IN_PROGRESS", True)
        assert await in_vain(api.http, "IN_PROGRESS") == before + 1
    assert not (await guest.do(START, **given))["operation"]["replayed"]


@pytest.mark.row("M3")
async def test_the_lag_of_the_replica_grows_while_it_stands_still_and_ends_when_it_goes_on(
    fresh_stack: Stack, process_settings: Settings
) -> None:
    servers = fresh_stack.ground.servers
    await migrate(servers.owner_url)
    own = {"database_url": SecretStr(servers.database_url), "replica_url": SecretStr(servers.replica_url)}
    dsn = superuser_dsn(fresh_stack.ground.layout, fresh_stack.ground.keys, REPLICA_PORT)
    replica, owner = await asyncpg.connect(dsn), await asyncpg.connect(servers.owner_url)
    async with running(build_app(process_settings.model_copy(update=own))) as http:

        async def is_fresh() -> bool | None:
            return True if await metric(http, "replica_lag_seconds") < FRESH_S else None

        async def is_behind() -> bool | None:
            return True if await metric(http, "replica_lag_seconds") > FRESH_S else None

        await until(is_fresh, "a replica that has everything")
        await replica.execute("SELECT pg_wal_replay_pause()")
        await owner.execute("CREATE TABLE news ()")
        await until(is_behind, "a replica that stands still")
        ready = (await http.get("/readyz")).json()
        assert (ready["status"], ready["replica"], ready["replicaLagSeconds"] > FRESH_S) == ("ready", "up", True)
        await replica.execute("SELECT pg_wal_replay_resume()")
        await until(is_fresh, "a replica that has caught up")
    await replica.close()
    await owner.close()
