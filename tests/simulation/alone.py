"""Runs outside the test suite: many seeds, in several processes, on a stack that is thrown away afterwards."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing.queues import Queue

import asyncpg
import uvloop

from dev.stack.addresses import DATABASE, OWNER
from dev.stack.plan import Plan
from dev.stack.postgres import SLOT, superuser_dsn
from dev.stack.sql import drop_slot
from dev.stack.stack import Stack
from migrations.runner import migrate
from tests.simulation.report import Report
from tests.simulation.run import LONG_MONTHS, MONTHS, STEPS, Failed, open_simulation_pool, simulate
from tests.throw_away import new_state, sweep, throw_away

LOOK_SECONDS = 1.0  # for whether it is to stop
Outcome = Report | Failed
_place: list[str] = []  # of a process of these: its owner's and its own address of the database that nobody else has


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
    await migrate(owner_url)
    async with open_simulation_pool(owner_url, owner_url, _months(steps)):
        pass
    superuser = await asyncpg.connect(superuser_url)
    try:
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
    _place[:] = places.get()


def _run(seed: int, steps: int) -> Outcome:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as in tests and in our processes
        return runner.run(_run_here(seed, steps))


async def _run_here(seed: int, steps: int) -> Outcome:
    async with open_simulation_pool(*_place, _months(steps)) as pool:
        try:
            return replace(await simulate(seed, pool, steps), journal=())  # nobody reads so many
        except Failed as failed:
            return failed.with_traceback(None)
