"""What is told to end while a server is silent ends, and nothing stays taken: no cancellation is lost on the way."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

import domain.db
from domain.database import Database
from domain.perform import perform
from domain.pool import READ_WRITE, open_pool
from domain.reactions.events import drained
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from runtime.settings import Settings
from tests.gated import behind_a_gate
from tests.lives import buyer
from tests.server_gate import gate_before
from tests.world import World, fresh

LONG = "SELECT pg_sleep(3600)"
TURNS = 5  # of the loop, for what was begun to be under way


async def turns() -> None:
    """Lets others go on."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def uses(db: Database) -> dict[str, Coroutine[Any, Any, object]]:
    """Statements that take long."""
    return {"read": db.primary.fetchval(LONG), "mark": db.marks.execute(LONG)}


@pytest.mark.row("F4")
async def test_a_statement_that_is_cancelled_on_a_silent_server_is_cancelled(process_settings: Settings) -> None:
    async with behind_a_gate(process_settings) as (gate, db):
        for reader in (db.primary, db.marks):
            await reader.fetchval("SELECT 1")  # there is a connection
        under_way = {name: asyncio.ensure_future(use) for name, use in uses(db).items()}
        await turns()
        gate.hold()
        for use in under_way.values():
            use.cancel()
        await asyncio.wait(under_way.values(), timeout=30)
        assert {name: use.cancelled() for name, use in under_way.items()} == {"read": True, "mark": True}


async def test_who_waits_has_the_connection_of_one_that_was_cancelled_twice(database_url: str) -> None:
    async with gate_before(database_url) as (gate, url):
        pool = await open_pool(url, size=1, attrs=READ_WRITE, name="quittance-test-twice")

        async def use() -> None:
            connection = await pool.take(1)
            try:
                await connection.execute(LONG)
            finally:
                await pool.release(connection)

        using = asyncio.ensure_future(use())
        await turns()
        waiting = asyncio.ensure_future(pool.take(10))
        await turns()
        gate.hold_answers()  # of the cancellation, too
        for _ in range(2):
            using.cancel()
            await turns()
        gate.let_go()
        try:
            connection = await waiting
            await pool.give(connection)
        finally:
            pool.terminate()


@pytest.mark.row("D19")
async def test_a_drain_that_fails_at_its_first_read_leaves_the_events_to_the_next_one(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    await perform(
        db, start_subscription, ada.actor, ada.id, StartSubscription(world.prices["starter"], 1), fresh("key")
    )

    def cut(sql: str, _args: Sequence[object], _tx: object) -> None:
        if "FROM outbox_event" in sql and "DELETE" not in sql:
            domain.db.observers.remove(cut)
            raise ConnectionResetError

    domain.db.observers.append(cut)
    with pytest.raises((ConnectionResetError, Refused)):
        await drained(world.house, ada.id)
    assert cut not in domain.db.observers
    assert (await drained(world.house, ada.id)).empty
