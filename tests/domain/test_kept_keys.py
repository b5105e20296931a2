"""The key of an operation that moved money outlives everybody: the application can neither delete nor rewrite it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.expired_keys import forget_expired
from domain.ids import CustomerId
from domain.perform import KEY_DAYS
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.throw_away import replayed
from tests.world import World


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def bought(world: World) -> CustomerId:
    """A customer that stored a card (a key that expires) and bought a plan (one that is kept)."""
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    return ada.id


async def keys(application: asyncpg.Connection, of: CustomerId, *, kept: bool) -> dict[str, str]:
    """The customer's keys that are kept for ever, or those that expire, and their outcomes."""
    rows = await application.fetch(
        """SELECT key, outcome::text AS outcome FROM operation_key
            WHERE shard_key = $1 AND customer_id = $2 AND (keep_until IS NULL) = $3""",
        of.shard, of.uuid, kept,
    )  # fmt: skip
    return {row["key"]: row["outcome"] for row in rows}


@pytest.mark.row("F6")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM operation_key WHERE shard_key = $1 AND customer_id = $2",
        "UPDATE operation_key SET outcome = '{}' WHERE shard_key = $1 AND customer_id = $2",
        "UPDATE operation_key SET outcome = NULL WHERE shard_key = $1 AND customer_id = $2",
    ],
)
async def test_a_key_that_moved_money_is_neither_deleted_nor_given_another_outcome(
    application: asyncpg.Connection, bought: CustomerId, statement: str
) -> None:
    before = await keys(application, bought, kept=True)
    assert before
    await application.execute(statement, bought.shard, bought.uuid)
    assert await keys(application, bought, kept=True) == before


async def test_no_outcome_is_rewritten_even_of_a_key_that_expires(
    application: asyncpg.Connection, bought: CustomerId
) -> None:
    before = await keys(application, bought, kept=False)
    assert before
    await application.execute(
        "UPDATE operation_key SET outcome = '{}' WHERE shard_key = $1 AND customer_id = $2", bought.shard, bought.uuid
    )
    assert await keys(application, bought, kept=False) == before


async def test_the_reach_of_the_application_ends_where_the_key_does(
    application: asyncpg.Connection, bought: CustomerId
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(
            "UPDATE operation_key SET keep_until = now() WHERE shard_key = $1 AND customer_id = $2",
            bought.shard, bought.uuid,
        )  # fmt: skip


async def test_what_expires_is_still_forgotten_and_what_is_kept_still_found(
    world: World, application: asyncpg.Connection, bought: CustomerId
) -> None:
    kept = await keys(application, bought, kept=True)
    later = world.house.db.clock.now() + 2 * KEY_DAYS
    assert await forget_expired(world.house.db.marks, bought.shard, later) >= 1
    assert await keys(application, bought, kept=False) == {}
    assert await keys(application, bought, kept=True) == kept


async def test_the_replica_shows_the_keys_that_the_primary_has(
    application: asyncpg.Connection, replica_url: str, bought: CustomerId
) -> None:
    before = await keys(application, bought, kept=True)
    position = await application.fetchval("SELECT pg_current_wal_lsn()")
    replica = await asyncpg.connect(replica_url)
    try:
        await replayed(replica, position)
        assert await keys(replica, bought, kept=True) == before
    finally:
        await replica.close()
