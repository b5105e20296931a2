"""A run: a seed draws what may happen, then action after action; after each one all that must hold is checked."""

import gc
import logging
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg

from domain import db, points
from domain.pool import READ_WRITE, Pool, open_pool
from domain.refusals import Refused
from migrations.partitions import ensure_partitions
from migrations.registry import PARTITIONED
from tests.simulation.acts import EVERYTHING, OPENING
from tests.simulation.acts_customers import Act
from tests.simulation.acts_patience import impatient
from tests.simulation.acts_time import is_behind
from tests.simulation.clock import START
from tests.simulation.invariants import check_each_step, check_whole
from tests.simulation.look import Look, Memory
from tests.simulation.mortal import Crash, draw_strike
from tests.simulation.opening import open_town
from tests.simulation.planted import notice
from tests.simulation.quiet import come_to_rest
from tests.simulation.reads import Reads
from tests.simulation.report import Report, report_of
from tests.simulation.town import Broken, Town
from tests.simulation.written import Written

LOG = logging.getLogger("quittance")
CONNECTIONS = 10  # for up to five clients at once, most with one for an operation and one for what they read; for looks
# What is committed is seen by all at once and outlives the death of any process here; no server is killed.
HASTY = "synchronous_commit=off"
MONTHS = 60  # wall time of the longest short run; customers on test clocks may be far ahead of it
PLANTED_EVERY = 10  # seeds: then every check must notice a fault that is planted for it
EVERY = 100  # steps after which all is checked, beside what each step has changed
FULL_LIFE = 1000  # steps; each that is so long is to see so many years, or what is about them is not tested
YEARS = timedelta(days=6 * 365.25)
LONG_MONTHS = 240  # and of a long one
STEPS = 60  # long enough for several renewals and a dunning story, short enough for many seeds


class Failed(AssertionError):
    """A seed under which a promise broke; the text says how to see it again."""


async def simulate(seed: int, pool: Pool, steps: int = STEPS) -> Report:
    """Runs a seed; Failed with everything needed to repeat it where a promise breaks."""
    town = await open_town(seed, pool, is_long=steps > STEPS)
    memory = Memory()
    gc.disable()  # all rows of a life are at hand to its end: to go through them again and again was a sixth of it
    LOG.addHandler(town.errors)
    town.reader.written = written = Written()
    db.observers.append(written.observe)
    points.on_reached.append(lambda point: town.process.mortal.at_point(point))
    listener = points.on_reached[-1]
    try:
        for number in range(1, steps + 1):
            await _step(town, memory, number)
        check_years(town, steps)
        await come_to_rest(town, memory)
        if seed % PLANTED_EVERY == 0:
            memory.noticed = notice(Look(town, memory, town.facts, whole=True))
    except Exception as error:
        raise Failed(_story(town, steps, error)) from error
    finally:
        if steps >= EVERY:  # not in a run of tests, which has set apart what it imported
            gc.unfreeze()
        gc.enable()
        await town.reader.close()
        points.on_reached.remove(listener)
        db.observers.remove(written.observe)
        LOG.removeHandler(town.errors)
    return report_of(town, memory, steps)


async def _step(town: Town, memory: Memory, number: int) -> None:
    act = _drawn(town, number)
    _arm(town)
    try:
        await act
    except Crash:
        assert town.process.mortal.dead
    except Refused as refused:
        if not (town.rough and refused.retryable):
            raise
    strike = town.process.mortal.strike
    if strike and strike.struck_at:
        town.note(f"{strike.kind} {strike.struck_at}")
        town.faults[f"process: {strike.kind}"] += 1
    if town.process.mortal.dead:
        town.process = town.process.reborn()
    town.process.mortal.strike = None
    if number % EVERY == 0:
        gc.collect()
        gc.freeze()  # what is left of the life so far stays to its end: no need to go through it the next time
        await check_whole(town, memory)
    else:
        await town.look()
        check_each_step(town, memory)
    town.rough = town.at_once = False
    town.reads = Reads()


def check_years(town: Town, steps: int) -> None:
    """Broken where a life of full length saw fewer years than it is to see."""
    lived = town.clock.at - START
    if steps >= FULL_LIFE and lived < YEARS:
        raise Broken(f"the simulation: a life of {steps} steps saw {lived.days} days alone, of {YEARS.days} promised")


def _drawn(town: Town, number: int) -> Act:
    """The next action that there is something to do for."""
    names, weights = list(EVERYTHING), [town.options.weights[name] for name in EVERYTHING]
    name = OPENING[number - 1] if number <= len(OPENING) else town.chance.choices(names, weights)[0]
    name = impatient(town, number) or ("time" if is_behind(town, number) else name)
    while True:
        town.journal.append(f"{number:3} {name}")
        act = EVERYTHING[name][1](town)
        if act is not None:
            town.acts[name] += 1
            return act
        town.journal.pop()
        name = town.chance.choices(names, weights)[0]


def _arm(town: Town) -> None:
    for kind, rate in (("crash", town.options.crash), ("loss", town.options.loss)):
        if town.chance.random() < rate:
            town.process.mortal.strike = draw_strike(town.chance, kind)
            town.rough = True


def _story(town: Town, steps: int, error: Exception) -> str:
    what = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
    journal = "\n".join(town.journal)
    return (
        f"seed {town.seed}: {what}\n\n{journal}\n\noptions: {town.options}\ncommit: {_commit()}\n"
        f"replay: make simulate SEEDS=1 FIRST={town.seed} STEPS={steps}"
    )


def _commit() -> str:
    root = Path(__file__).resolve().parents[2]
    command = ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


@asynccontextmanager
async def open_simulation_pool(owner_url: str, url: str, months: int = MONTHS) -> AsyncIterator[Pool]:
    """Connections as the application's role; the months that runs live through get their partitions first."""
    owner = await asyncpg.connect(owner_url)
    try:
        await ensure_partitions(owner, PARTITIONED, START.date(), months)
    finally:
        await owner.close()
    pool = await open_pool(f"{url}&{HASTY}", size=CONNECTIONS, attrs=READ_WRITE, name="simulation")
    try:
        yield pool
    finally:
        await pool.close()
