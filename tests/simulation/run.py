"""A run: a seed draws what may happen, then action after action; after each one all that must hold is checked."""

import logging
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

from domain import points
from domain.db import READ_WRITE, open_pool
from domain.refusals import Refused
from migrations.partitions import ensure_partitions
from migrations.registry import PARTITIONED
from tests.simulation.acts import EVERYTHING, OPENING
from tests.simulation.acts_catalog import open_coupons
from tests.simulation.acts_customers import Act
from tests.simulation.clock import START
from tests.simulation.invariants import check_each_step
from tests.simulation.look import Memory
from tests.simulation.mortal import Crash, draw_strike
from tests.simulation.opening import open_town
from tests.simulation.quiet import come_to_rest
from tests.simulation.town import Broken, Town

LOG = logging.getLogger("quittance")
CONNECTIONS = 8  # for up to five clients at once, each with one for its operation and one for what it reads
MONTHS = 60  # wall time of the longest short run; customers on test clocks may be far ahead of it
EVERY = 10  # steps of a long run are checked together: what is written is never changed, so that nothing is missed
LONG_MONTHS = 240  # and of a run of a thousand steps and more
STEPS = 60  # long enough for several renewals and a dunning story, short enough for many seeds


class Failed(AssertionError):
    """A seed under which a promise broke; the text says how to see it again."""


@dataclass(frozen=True)
class Report:
    """What a run came through."""

    seed: int
    steps: int
    simulated: timedelta
    span: timedelta
    calls: int
    rows: int
    moves: Counter[str]
    journal: tuple[str, ...]


async def simulate(seed: int, pool: asyncpg.Pool, steps: int = STEPS) -> Report:
    """Runs a seed; Failed with everything needed to repeat it where a promise breaks."""
    town = await open_town(seed, pool, is_long=steps > STEPS)
    await open_coupons(town)
    memory = Memory()
    LOG.addHandler(town.errors)
    points.on_reached.append(lambda point: town.process.mortal.at_point(point))
    listener = points.on_reached[-1]
    try:
        for number in range(1, steps + 1):
            await _step(town, memory, number)
        await come_to_rest(town, memory)
    except Exception as error:
        raise Failed(_story(town, steps, error)) from error
    finally:
        points.on_reached.remove(listener)
        LOG.removeHandler(town.errors)
    rows = sum(len(rows) for rows in town.facts.rows.values())
    seen = Counter(
        f"{row['machine']}: {row['from_state']} > {row['to_state']}" for row in town.facts.rows["transition"]
    )
    seen.update(f"posting: {row['cause']}" for row in town.facts.rows["ledger_transaction"])
    seen.update(f"invoice for: {row['reason'].partition(':')[0]}" for row in town.facts.rows["invoice"])
    lived = _lived(town)
    together, span = sum(lived, timedelta(0)), max(*lived, town.clock.at - START)
    return Report(seed, steps, together, span, len(town.answered), rows, seen, tuple(town.journal))


def _lived(town: Town) -> list[timedelta]:
    """How much time passed for each customer; by the wall where there is none."""
    spans = [town.clock.at - START if not patron.on_clock else town.now_of(patron) - START for patron in town.patrons]
    return spans or [town.clock.at - START]


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
    if town.process.mortal.dead:
        town.process = town.process.reborn()
    town.process.mortal.strike = None
    check = not town.is_long or number % EVERY == 0
    await town.look(whole=check)
    if check:
        check_each_step(town, memory)
    town.rough = town.at_once = False


def _drawn(town: Town, number: int) -> Act:
    """The next action that there is something to do for."""
    names, weights = list(EVERYTHING), [town.options.weights[name] for name in EVERYTHING]
    name = OPENING[number - 1] if number <= len(OPENING) else town.chance.choices(names, weights)[0]
    while True:
        town.journal.append(f"{number:3} {name}")
        act = EVERYTHING[name][1](town)
        if act is not None:
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
async def open_simulation_pool(owner_url: str, url: str, months: int = MONTHS) -> AsyncIterator[asyncpg.Pool]:
    """Connections as the application's role; the months that runs live through get their partitions first."""
    owner = await asyncpg.connect(owner_url)
    try:
        await ensure_partitions(owner, PARTITIONED, START.date(), months)
    finally:
        await owner.close()
    pool = await open_pool(url, size=CONNECTIONS, attrs=READ_WRITE, name="simulation")
    try:
        yield pool
    finally:
        await pool.close()
