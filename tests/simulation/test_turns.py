"""Who is next where several act at once and wait for each other: the seed decides, and not the database."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg
import pytest

from domain.pool import Pool
from tests.simulation.mortal import Connection, Mortal
from tests.simulation.opening import open_town
from tests.simulation.turns import Turns

ACTS = 4
LOOKS = 2
SEEDS = range(3)
PATIENCE_SECONDS = 5.0
# A version of its own for each that writes: those who wait for the last one go on to the new one side by side.
WRITE = "UPDATE customer_head SET ledger_number = ledger_number WHERE shard_key = $1 AND customer_id = $2"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ANY ($1::int[])"

Row = tuple[int, object]


@dataclass
class Play:
    """What came of acts that were played: who wrote in which order, and how many waited in the database meanwhile."""

    mortal: Mortal
    wrote: list[str] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    backends: list[int] = field(default_factory=list)

    async def write(self, name: str, *rows: Row) -> None:
        """Writes these rows in one transaction, which looks at who waits before it ends."""
        connection = await self.mortal.take(PATIENCE_SECONDS)
        self.backends.append(connection.real.get_server_pid())
        try:
            await connection.execute("BEGIN")
            for row in rows:
                await connection.execute(WRITE, *row)
                self.wrote.append(name)
                await self._look(connection)
            await connection.execute("COMMIT")
        finally:
            await self.mortal.release(connection)

    async def _look(self, connection: Connection) -> None:
        for _ in range(LOOKS):
            self.waited.append(await connection.fetchval(WAITING, self.backends))


@pytest.fixture
async def rows(pool: Pool) -> list[Row]:
    """Rows that nobody else writes."""
    town = await open_town(1, pool, spared=True)
    await town.reader.close()
    heads = town.facts.rows["customer_head"]
    return [(row["shard_key"], row["customer_id"]) for row in heads]


async def played(
    pool: Pool, seed: int, acts: Callable[[Play], Sequence[Coroutine[Any, Any, None]]]
) -> tuple[Play, list[BaseException | None]]:
    """What came of them, and how each ended."""
    turns = Turns(Random(seed), pool)
    play = Play(Mortal(pool, turns))
    return play, await asyncio.wait_for(turns.play(acts(play)), 10 * PATIENCE_SECONDS)


async def test_of_several_that_want_one_row_each_writes_it_in_the_order_of_the_seed(
    pool: Pool, rows: list[Row]
) -> None:
    orders = set()
    for seed in SEEDS:
        once, again = [
            await played(pool, seed, lambda play: [play.write(str(name), rows[0]) for name in range(ACTS)])
            for _ in range(2)
        ]
        assert once[1] == again[1] == [None] * ACTS
        assert sorted(once[0].wrote) == [str(name) for name in range(ACTS)]
        assert once[0].wrote == again[0].wrote
        assert max(once[0].waited) == 1  # of two that waited there either might be next
        orders.add(tuple(once[0].wrote))
    assert len(orders) > 1


async def test_those_who_wait_for_each_other_are_told_so_by_the_database_also_where_others_wait_behind_them(
    pool: Pool, rows: list[Row]
) -> None:
    first, second, *_ = rows
    wanted = {"to and": (first, second), "fro": (second, first), "behind": (first,)}
    ended = []
    for seed in SEEDS:
        play, ends = await played(pool, seed, lambda play: [play.write(name, *of) for name, of in wanted.items()])
        for (name, of), end in zip(wanted.items(), ends, strict=True):
            assert play.wrote.count(name) == len(of) if end is None else isinstance(end, asyncpg.DeadlockDetectedError)
        ended.append(len([end for end in ends if end is not None]))
    assert 0 < max(ended) < len(wanted)
