"""How a migration takes a lock on a busy database: briefly and several times, so that nobody queues behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

import asyncpg

from migrations.files import MigrationRefused

# What a request that queues behind us may have to wait at most; with what waits for that request, below a second.
LOCK_TIMEOUT_SECONDS = 0.4
PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 8, 8)  # between tries: long enough for a burst of transactions to drain


async def patiently(work: Callable[[], Awaitable[None]], what: str, pauses: Sequence[float] = PAUSES_SECONDS) -> None:
    """Does the work, again after a lock time-out or deadlock; refuses when a pause no longer helped."""
    for pause in chain(pauses, (None,)):
        try:
            return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if pause is None:
                raise MigrationRefused(
                    f"{what} was not applied: a lock it needs was held through {len(pauses) + 1} tries of "
                    f"{LOCK_TIMEOUT_SECONDS} s; end the long transaction that pg_stat_activity shows and run it again"
                ) from error
            await asyncio.sleep(pause)
    return None
