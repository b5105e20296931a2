"""A server that is short of something: changes are refused for now, balances are read and webhooks kept meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest

from domain import inbox, points
from domain.database import Addresses, Database
from domain.db import write_transaction
from domain.ledger.balance import balance
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from runtime.clock import SystemClock
from tests.webhook_desk import key_of, made_up
from tests.world import ACCOUNT, EUR, World, fresh


@asynccontextmanager
async def no_space_at(point: str) -> AsyncIterator[None]:
    """The server answers as PostgreSQL does on a full disk, from that point of an operation on."""

    def fail(reached: str) -> None:
        if reached == point:
            raise asyncpg.DiskFullError("could not extend file: No space left on device")

    points.on_reached.append(fail)
    try:
        yield
    finally:
        points.on_reached.remove(fail)


@pytest.mark.parametrize("point", ["perform.key_stored", "perform.recorded"])
async def test_a_full_disk_refuses_for_now_and_leaves_nothing(world: World, point: str) -> None:
    ada, key = await world.customer(), fresh("key")
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    async with no_space_at(point):
        with pytest.raises(Refused) as refused:
            await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert (refused.value.code, refused.value.retryable) == (RefusalCode.UNAVAILABLE, True)
    noted = "SELECT count(*) FROM refusal_log WHERE shard_key = $1 AND customer_id = $2"
    assert await world.house.db.primary.fetchval(noted, ada.id.shard, ada.id.uuid) == 0, "it would be waited for again"
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert not done.replayed


async def test_balances_are_read_and_webhooks_kept_while_transactions_hold_every_connection_of_theirs(
    world: World, database_url: str, replica_url: str
) -> None:
    house, ada = world.house, await world.customer()
    addresses = Addresses(database_url, replica_url)
    db = await Database.open(addresses, SystemClock(), house.db.entropy, house.db.vault, name="small", size=1)
    try:
        async with write_transaction(db.pool, 1000, keep=False):
            assert (await balance(db.primary, ada.id, EUR)).receivable.minor == 0
            event = made_up()
            arrival = inbox.Arrival(ACCOUNT, str(event["id"]), "charge_captured", "payment", 1)
            assert await inbox.store(db.marks, arrival, {}, b"{}", datetime.now(UTC))
            assert await inbox.find(db.primary, key_of(event)) is not None
    finally:
        await db.close()
