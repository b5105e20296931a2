"""Renewals of subscriptions that are due, by the product's own paths: in batches as a worker does them, and alone."""

import asyncio
import time
from collections import deque

from domain.due import Due
from domain.ids import CustomerId
from domain.reactions.batches import do_batch
from domain.reactions.house import House
from domain.reactions.work import do
from domain.subscriptions.lifecycle import RENEW
from tests.bench.clients import clients_for
from tests.bench.samples import Counted, percentile

LOOKED = 100  # rows a look, as many as a batch has


async def by_product(house: House, shard: int, workers: int, seconds: float) -> Counted:
    """Renewals by so many workers at once, batch after batch, one at least. The times are those of batches."""
    began = time.perf_counter()
    times: list[float] = []
    counts: list[int] = []

    async def worker() -> None:
        while True:
            at = time.perf_counter()
            counts.append(await do_batch(house, shard, RENEW))
            if not counts[-1]:  # the others have it all in hand
                return
            times.append(time.perf_counter() - at)
            if time.perf_counter() - began >= seconds:
                return

    await asyncio.gather(*(worker() for _ in range(workers)))
    took = time.perf_counter() - began
    assert times, "there is nothing to do"
    times.sort()
    return Counted(sum(counts), took, percentile(times, 0.50) * 1000, percentile(times, 0.99) * 1000)


async def alone(house: House, shard: int, clients: int, seconds: float) -> Counted:
    """Renewals one by one, each claimed, performed and drained on its own, by so many tasks at once."""
    waiting: deque[Due] = deque()
    looking = asyncio.Lock()

    async def one() -> bool:
        for _ in range(LOOKED):
            async with looking:
                if not waiting:
                    waiting.extend(await _free(house, shard))
                work = waiting.popleft() if waiting else None
            if work is None:
                return False
            if await do(house, work):
                return True
        return False

    return await clients_for(one, clients, seconds)


async def _free(house: House, shard: int) -> list[Due]:
    rows = await house.db.primary.fetch(
        """SELECT customer_id, kind, subject, due_at, attempts, clocked, recorded_at FROM due_work
            WHERE shard_key = $1 AND kind IN ('renew') AND attempts = 0 AND NOT clocked AND due_at <= $2
              AND (lease_until IS NULL OR lease_until <= $2) ORDER BY due_at LIMIT $3""",
        shard,
        house.db.clock.now(),
        LOOKED,
    )
    return [Due(CustomerId(shard, row[0]), *tuple(row)[1:]) for row in rows]


async def give_back(house: House, shard: int) -> None:
    """Ends the leases of renewals that nobody works on any more."""
    await house.db.marks.execute(
        """UPDATE due_work SET lease_until = NULL
            WHERE shard_key = $1 AND kind = 'renew' AND attempts = 0 AND NOT clocked AND due_at <= $2""",
        shard,
        house.db.clock.now(),
    )
