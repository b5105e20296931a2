"""Real worker processes, started as the supervisor starts them, and what they are given to do."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from arq.connections import ArqRedis

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


async def start_worker(ground: Ground, log: Path, **environment: str) -> WorkerProcess:
    """Starts a worker on the ground; it may be dead at once where a crash point says so."""
    return await start_program("jobs", ground, log, **environment)


async def start_program(name: str, ground: Ground, log: Path, **environment: str) -> WorkerProcess:
    """Starts one of our programs on the ground, as `python -m NAME`."""
    watch_file(log)
    with log.open("ab") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            name,
            stdout=asyncio.subprocess.PIPE,
            stderr=err,
            cwd=CHECKOUT,
            env={**os.environ, **ground.environment, **environment},
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


async def after_the_lease(ground: Ground, redis: ArqRedis) -> None:
    """Half a minute after a worker died, another does what there is: from the sweep, through the queue."""
    await let_go(redis)
    house = later(ground.house, LEASE + timedelta(seconds=1))
    for _ in range(ROUNDS):
        if not await sweep(house, redis):
            return
        await make_worker(house, redis, burst=True).async_run()
    raise AssertionError("there is always something left to do")


async def let_go(redis: ArqRedis) -> None:
    """Ends the hold that a dead worker has on its jobs in the queue, which is no longer than its lease of rows."""
    for name in WORK:
        for key in await redis.keys(f"arq:in-progress:{name}:*"):
            assert 0 < await redis.pttl(key) <= LEASE.total_seconds() * 1000
            await redis.delete(key)
