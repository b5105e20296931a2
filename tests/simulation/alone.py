"""Runs outside the test suite: many seeds, in several processes, on a stack that is thrown away afterwards."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from multiprocessing.queues import Queue

import asyncpg
import uvloop

from dev.stack.addresses import DATABASE, OWNER
from dev.stack.plan import Plan
from dev.stack.postgres import SLOT, superuser_dsn
from dev.stack.sql import drop_slot
from dev.stack.stack import Stack
from domain.pool import Pool
from migrations.runner import migrate
from tests.simulation.report import Report
from tests.simulation.run import LONG_MONTHS, MONTHS, STEPS, Failed, open_simulation_pool, simulate
from tests.throw_away import new_state, sweep, throw_away

LOOK_SECONDS = 1.0  # for whether it is to stop
Outcome = Report | Failed
# Of a process of these: its owner's and its own address of the database that nobody else has.
_place: list[tuple[str, str]] = []
_kept: list["Kept"] = []  # what it goes on with from life to life


def run_alone(
    seeds: Iterable[int], steps: int, told: Callable[[int, Outcome], None], jobs: int, stopped: Callable[[], bool]
) -> None:
    """Runs the seeds, as many at a time as there are jobs, and tells of each; StackError where servers do not start.

    Where it is stopped, what is under way is given up and nothing is left behind.
    """
    sweep()
    stack = Stack(Plan(new_state(), durable=False), quiet=True)
    try:
        stack.start()
        _let_go_of_replica(stack)
        servers = stack.ground.servers
        asyncio.run(_prepare(servers.owner_url, superuser_dsn(stack.ground.layout, stack.ground.keys), steps, jobs))
        places = multiprocessing.get_context("spawn").Queue()
        for job in range(jobs):
            places.put((_moved(servers.owner_url, job), _moved(servers.database_url, job)))
        _spread(seeds, steps, told, jobs, places, stopped)
    finally:
        stack.stop()
        throw_away(stack.plan.state)


def _let_go_of_replica(stack: Stack) -> None:
    """Nobody reads from it here; it cost a tenth of a run to follow."""
    replica = stack.named("replica")
    replica.child.stop()
    stack.running.remove(replica)
    drop_slot(superuser_dsn(stack.ground.layout, stack.ground.keys), SLOT)


def _name(job: int) -> str:
    return f"simulation_{job}"


def _moved(url: str, job: int) -> str:
    return url.replace(f"/{DATABASE}?", f"/{_name(job)}?")


async def _prepare(owner_url: str, superuser_url: str, steps: int, jobs: int) -> None:
    """A database for each job, copied from one that is migrated and has the months that its runs live through."""
    superuser = await asyncpg.connect(superuser_url)
    try:
        # What it learnt of a few lives in one database had all of them read to look at one; without it they are found
        # by their shard key, and the hundredth life costs what the first one did.
        await superuser.execute("ALTER SYSTEM SET autovacuum = off")
        await superuser.execute("SELECT pg_reload_conf()")
        await migrate(owner_url)
        async with open_simulation_pool(owner_url, owner_url, _months(steps)):
            pass
        for job in range(jobs):  # utility statements take no parameters; the names are ours
            await superuser.execute(f"CREATE DATABASE {_name(job)} TEMPLATE {DATABASE} OWNER {OWNER}")
    finally:
        await superuser.close()


def _months(steps: int) -> int:
    return LONG_MONTHS if steps > STEPS else MONTHS


def _spread(
    seeds: Iterable[int], steps: int, told: Callable[[int, Outcome], None], jobs: int,
    places: "Queue[tuple[str, str]]", stopped: Callable[[], bool],
) -> None:  # fmt: skip
    executor = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _settle, (places,))
    try:
        seed_of: dict[Future[Outcome], int] = {executor.submit(_run, seed, steps): seed for seed in seeds}
        waiting = set(seed_of)
        while waiting and not stopped():
            done, waiting = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
            for each in done:
                told(seed_of[each], each.result())
    finally:
        if stopped():
            for process in list((executor._processes or {}).values()):  # there is no other way to end them
                process.terminate()
        executor.shutdown(cancel_futures=True)


def _settle(places: "Queue[tuple[str, str]]") -> None:
    """A process takes a database of its own; an interrupt is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _place[:] = [places.get()]


@dataclass
class Kept:
    """A loop and the connections of the lives that held so far: to warm up ten of them was a tenth of a light one."""

    runner: asyncio.Runner
    stack: AsyncExitStack
    pool: Pool

    @classmethod
    def opened(cls, steps: int) -> "Kept":
        """New ones."""
        runner, stack = asyncio.Runner(loop_factory=uvloop.new_event_loop), AsyncExitStack()  # as in our processes
        (place,) = _place
        opening = open_simulation_pool(*place, _months(steps))
        return cls(runner, stack, runner.run(stack.enter_async_context(opening)))

    def close(self) -> None:
        """Gives up all of it."""
        self.runner.run(self.stack.aclose())
        self.runner.close()


def _run(seed: int, steps: int) -> Outcome:
    if not _kept:
        _kept.append(Kept.opened(steps))
    try:
        return replace(_kept[0].runner.run(simulate(seed, _kept[0].pool, steps)), journal=())  # nobody reads so many
    except Failed as failed:
        _kept.pop().close()  # whatever it left on them is not for the next life
        return failed.with_traceback(None)
