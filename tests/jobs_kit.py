"""Real worker processes, started as the supervisor starts them, and what they are given to do."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis

from dev.stack.program import dying_with_parent
from dev.story.client import until
from domain.due import LEASE
from domain.payments.method import payment_methods
from domain.payments.payment import Payment, payment
from domain.perform import perform
from domain.reactions.house import House
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from domain.subscriptions.subscription import subscriptions
from jobs.calls import WORK
from jobs.sweep import sweep
from jobs.worker import make_worker
from runtime.settings import Settings
from tests.canary_watch import watch_file
from tests.mishaps import later
from tests.webhook_desk import Desk
from tests.world import Someone, World, fresh

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come; only a broken worker uses it up."""

GONE = -2  # what Valkey answers of a key that is not there: its job ended meanwhile
ROUNDS = 20  # of sweeping and working: more than any chain of events of one customer needs


@dataclass(frozen=True)
class Ground:
    """Where workers work: their settings, a house on the same servers, a tenant, its webhook door."""

    settings: Settings
    house: House
    world: World
    desk: Desk
    environment: dict[str, str] = field(repr=False)

    async def bought(self, **behaviour: object) -> tuple[Someone, SubscriptionStarted]:
        """A customer that started a subscription, with a card that the provider treats so; nothing followed yet."""
        ada = await self.world.customer()
        method = await self.world.card(ada)
        if behaviour:
            (stored,) = await payment_methods(self.house.db.primary, ada.id, [method])
            await self.desk.admin("behaviour", method=stored.provider_ref, **behaviour)
        command = StartSubscription(self.world.prices["starter"], 1)
        begun = await perform(self.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"))
        return ada, begun.outcome

    async def calls_under_way(self) -> int:
        """How many payments of the tenant were sent to the provider and not heard of since."""
        count: int = await self.house.db.primary.fetchval(
            "SELECT count(*) FROM payment WHERE shard_key = $1 AND sent_at IS NOT NULL AND state = 'processing'",
            self.world.tenant.sandbox_house.shard,
        )
        return count

    async def state_of(self, of: Someone) -> str:
        """The state of the customer's subscription."""
        return (await subscriptions(self.house.db.primary, of.id))[0].state.name

    async def payment_of(self, of: Someone, begun: SubscriptionStarted) -> Payment:
        """The first payment of a purchase."""
        assert begun.payment is not None
        return await payment(self.house.db.primary, of.id, begun.payment)

    async def captures(self, of: Someone) -> list[int]:
        """What the provider took from a customer, charge by charge, by its own books."""
        payments = (await self.desk.books(of))["payments"]
        return [payment["captured_minor"] for payment in payments if payment["captured_minor"]]


@dataclass
class WorkerProcess:
    """A running `python -m jobs`."""

    process: asyncio.subprocess.Process
    log: Path

    async def end(self) -> int:
        """Waits for its end; the exit code, negative for the signal that killed it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    def signal(self, number: int) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """kill -9 where it still runs, and wait until nothing is left of it."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()


async def start_worker(ground: Ground, log: Path, *, dies_at: str = "", **environment: str) -> WorkerProcess:
    """Starts a worker on the ground; it may be dead at once where it is to die."""
    return await start_program("jobs", log, dies_at=dies_at, **ground.environment | environment)


async def start_program(name: str, log: Path, *, dies_at: str = "", **environment: str) -> WorkerProcess:
    """Starts one of our programs, as `python -m NAME`, or so that it dies at the named point; it ends with us."""
    watch_file(log)
    how = ("tests.mortal", name, dies_at) if dies_at else (name,)
    with log.open("ab") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *how,
            stdout=asyncio.subprocess.PIPE,
            stderr=err,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            preexec_fn=dying_with_parent(signal.SIGKILL),
        )
    return WorkerProcess(process, log)


async def ready(worker: WorkerProcess) -> WorkerProcess:
    """The worker, once it has said that it is."""
    assert worker.process.stdout
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = await worker.process.stdout.readline()
    assert line == b"worker ready\n", worker.log.read_text()
    return worker


async def comes_true(look: Callable[[], Awaitable[bool]], what: str) -> None:
    """Looks until it is true."""

    async def seen() -> bool | None:
        return True if await look() else None

    await until(seen, what)


async def after_the_lease(
    ground: Ground, redis: ArqRedis, *, wait: timedelta = LEASE + timedelta(seconds=1), **otherwise: Any
) -> None:
    """Half a minute after a worker died, another does what there is: from the sweep, through the queue. Its house may
    have something that others have not."""
    await let_go(redis)
    house = replace(later(ground.house, wait), **otherwise)
    for _ in range(ROUNDS):
        if not await sweep(house, redis):
            return
        await make_worker(house, redis, burst=True).async_run()
    raise AssertionError("there is always something left to do")


async def let_go(redis: ArqRedis) -> None:
    """Ends the hold that a dead worker has on its jobs in the queue, which is no longer than its lease of rows."""
    for name in WORK:
        for key in await redis.keys(f"arq:in-progress:{name}:*"):
            left_ms = await redis.pttl(key)
            assert left_ms == GONE or 0 < left_ms <= LEASE.total_seconds() * 1000
            await redis.delete(key)
