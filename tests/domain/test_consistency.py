"""Read your writes: a consistency token makes history show them, and nothing else makes the primary answer history."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from dev.stack.addresses import REPLICA_PORT
from dev.stack.postgres import superuser_dsn
from dev.stack.program import bring_up
from dev.stack.stack import Stack
from dev.story.client import until
from domain.database import Addresses, Database, HistoryUnavailable, Source, Token
from domain.ids import CustomerId
from domain.ledger.balance import balance
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from migrations.runner import migrate
from runtime.clock import SystemClock
from tests.lives import caught_up
from tests.world import EUR, World, make_world

WRITES = 50


class AheadClock:
    """Wall time plus a distance that a test can grow, so that thirty seconds need not pass."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def invoices_seen(world: World, customer: CustomerId, token: Token | None) -> tuple[int, Source]:
    """How many invoices of a customer history shows, and which server said so."""
    async with world.house.db.history(token) as history:
        count = await history.replica.fetchval(
            "SELECT count(*) FROM invoice WHERE shard_key = $1 AND customer_id = $2",
            customer.shard,
            customer.uuid,
        )
    return count, history.source


@pytest.mark.row("X4")
@pytest.mark.row("L1")
async def test_history_with_the_token_of_a_write_always_shows_it(world: World) -> None:
    for _ in range(WRITES // 10):
        ada = await world.customer()
        await world.card(ada)
        for seen, plan in enumerate(("starter", "team", "yearly"), start=1):
            await world.do(ada, start_subscription, StartSubscription(world.prices[plan], 1))
            count, _ = await invoices_seen(world, ada.id, await world.house.db.token())
            assert count == seen


async def test_an_idle_replica_answers_and_says_that_it_is_fresh(world: World) -> None:
    token = await caught_up(world)
    before = datetime.now(UTC)
    async with world.house.db.history(token) as history:
        assert history.source is Source.REPLICA
        assert history.as_of >= before - timedelta(seconds=5)


async def test_a_token_of_another_timeline_is_answered_by_the_primary(world: World) -> None:
    real = await world.house.db.token()
    async with world.house.db.history(Token(real.timeline + 1, real.lsn)) as history:
        assert history.source is Source.PRIMARY


@pytest.mark.parametrize(
    "text", ["", "x", "0" * 23, "0" * 25, "G" * 24, "0" * 24 + "\x00", "00000001-0000000000000000"]
)
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Token.parse(text)
    assert refused.value.code is RefusalCode.INVALID_INPUT


@pytest.mark.row("M2")
async def test_the_replica_refuses_to_be_written_to_and_a_wrong_address_fails_at_start(
    database_url: str, replica_url: str, house: House
) -> None:
    swapped = Addresses(primary=replica_url, replica=database_url)
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await Database.open(swapped, SystemClock(), house.db.entropy, house.db.vault, name="swapped")
    replica = await asyncpg.connect(replica_url)
    try:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await replica.execute("INSERT INTO outbox_lease VALUES (1, gen_random_uuid(), gen_random_uuid(), now())")
    finally:
        await replica.close()


@dataclass(frozen=True)
class Own:
    """A world on servers of its own, which a test may pause and stop, and its clock."""

    world: World
    stack: Stack
    clock: AheadClock

    def restart_replica(self) -> None:
        """Ends the replica where it still runs, and waits until it answers again."""
        replica = self.stack.named("replica")
        replica.child.stop()
        replica.child = bring_up(replica.child.program)

    async def answered_by_replica(self) -> Source | None:
        """The replica, where history comes from it; None while it cannot be told how old it is."""
        try:
            async with self.world.house.db.history() as history:
                return history.source
        except HistoryUnavailable:
            return None


@pytest.fixture(scope="module")
async def own_world(shared_stack: Stack, house: House) -> AsyncIterator[Own]:
    """One for this file."""
    servers = shared_stack.ground.servers
    await migrate(servers.owner_url)
    clock = AheadClock()
    addresses = Addresses(servers.database_url, servers.replica_url)
    db = await Database.open(addresses, clock, house.db.entropy, house.db.vault, name="own")
    yield Own(await make_world(House(db, house.gateways)), shared_stack, clock)
    await db.close()


@pytest.fixture
async def own(own_world: Own) -> AsyncIterator[Own]:
    """It at the time of now, with a replica that follows."""
    own_world.clock.ahead = timedelta(0)
    yield own_world
    own_world.clock.ahead = timedelta(0)
    assert await until(own_world.answered_by_replica, "a replica for the next test") is Source.REPLICA


@pytest.mark.row("X4")
@pytest.mark.row("L1")
async def test_a_replica_that_lags_never_hides_the_own_write_and_never_pretends(
    own: Own,
) -> None:
    world, stack, clock = own.world, own.stack, own.clock
    layout = stack.ground.layout
    admin = await asyncpg.connect(superuser_dsn(layout, stack.ground.keys, REPLICA_PORT))
    await admin.execute("SELECT pg_wal_replay_pause()")
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    db = world.house.db
    assert (await balance(db.primary, ada.id, EUR)).through == 2
    assert await invoices_seen(world, ada.id, await db.token()) == (1, Source.PRIMARY)
    assert await invoices_seen(world, ada.id, None) == (0, Source.REPLICA)
    clock.ahead = timedelta(minutes=1)
    with pytest.raises(HistoryUnavailable):
        await invoices_seen(world, ada.id, None)
    await admin.execute("SELECT pg_wal_replay_resume()")
    await admin.close()


@pytest.mark.row("X4")
async def test_a_replica_whose_connection_stands_still_does_not_pretend_to_be_fresh(
    own: Own,
) -> None:
    world, stack, clock = own.world, own.stack, own.clock
    ada = await world.customer()
    await world.card(ada)
    assert await invoices_seen(world, ada.id, await caught_up(world)) == (0, Source.REPLICA)
    admin = await asyncpg.connect(superuser_dsn(stack.ground.layout, stack.ground.keys))
    sender = await admin.fetchval("SELECT pid FROM pg_stat_replication")
    await admin.close()
    os.kill(sender, signal.SIGSTOP)
    try:
        await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
        bought = clock.now()
        async with world.house.db.history() as history:
            assert history.as_of < bought
        assert await invoices_seen(world, ada.id, None) == (0, Source.REPLICA)
        clock.ahead = timedelta(minutes=1)
        with pytest.raises(HistoryUnavailable):
            await invoices_seen(world, ada.id, None)
    finally:
        os.kill(sender, signal.SIGCONT)


async def test_a_replica_that_is_down_fails_history_alone(own: Own) -> None:
    world = own.world
    ada = await world.customer()
    await world.card(ada)
    token = await world.house.db.token()
    own.stack.named("replica").child.stop()
    with pytest.raises(HistoryUnavailable):
        await invoices_seen(world, ada.id, None)
    assert await invoices_seen(world, ada.id, token) == (0, Source.PRIMARY)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    owed = await balance(world.house.db.primary, ada.id, EUR)
    assert (owed.receivable.minor, owed.through) == (0, 2)
    own.restart_replica()


async def test_a_replica_that_restarted_and_got_nothing_new_is_fresh(own: Own) -> None:
    own.restart_replica()
    assert await until(own.answered_by_replica, "the restarted replica's first answer") is Source.REPLICA
