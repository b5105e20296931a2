"""Renewals of subscriptions that are due, by the product's own path: swept, claimed, performed, events drained."""

import asyncio
from collections import deque

from domain.due import Due
from domain.fanout.waiting import due_by_wall
from domain.reactions.house import House
from domain.reactions.work import do
from tests.bench.clients import clients_for
from tests.bench.samples import Counted

SWEEP = 200  # rows a look


async def by_product(house: House, clients: int, seconds: float) -> Counted:
    """Renewals by so many tasks of this process at once."""
    waiting: deque[Due] = deque()
    sweeping = asyncio.Lock()

    async def one() -> bool:
        for _ in range(SWEEP):  # a row that another task has in hand meanwhile is passed over
            async with sweeping:
                if not waiting:
                    waiting.extend(await due_by_wall(house.db.primary, house.db.clock.now(), SWEEP))
                work = waiting.popleft() if waiting else None
            if work is None:
                return False
            if await do(house, work):
                return True
        return False

    return await clients_for(one, clients, seconds)
