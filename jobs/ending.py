"""How a worker ends: in order while its servers answer, and in time whatever they do."""

import asyncio
import logging
import signal
from collections.abc import Collection
from typing import Any

from arq.connections import ArqRedis

from jobs import queue
from runtime.last_resort import leave_after

# All of these together, and a second for the house, are below the ten seconds after which the process is killed.
GRACE_SECONDS = 5  # for what runs: longer than any transaction, and than all but the slowest answers of a provider
CANCEL_SECONDS = 1  # for what was cancelled to roll back and give its leases back: a few statements
CANCELLATIONS = 20  # in that time: one is lost now and then, and two in a row hardly ever
FAREWELL_SECONDS = 0.5  # for one step with Redis, which takes a millisecond where it is taken at all
LAST_SECONDS = 8  # after the signal; no server can hold the process any longer, and a busy machine has two to spare
LOG = logging.getLogger("quittance.jobs")


def listen_for_the_end(stop: asyncio.Event) -> None:
    """Sets ``stop`` at the first SIGTERM or SIGINT; eight seconds after it the process is gone, with exit code 0."""

    def told() -> None:
        if not stop.is_set():
            stop.set()
            leave_after(LAST_SECONDS)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told)


async def end(tasks: "Collection[asyncio.Task[Any]]") -> None:
    """Waits a while for jobs, cancels those that are left, and goes on without those that do not end then."""
    if not tasks:
        return
    await asyncio.wait(tasks, timeout=GRACE_SECONDS)
    for task in tasks:
        task.cancel()  # once: a second one would cut short the giving back of a lease
    ended, left = await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
    await asyncio.gather(*ended, return_exceptions=True)
    if left:
        LOG.warning("jobs do not end: a server is silent", extra={"jobs": len(left)})


async def stop_reading(tasks: "Collection[asyncio.Task[Any]]") -> None:
    """Cancels what waits for Redis until it has ended.

    Once is not enough before Python 3.12: there ``asyncio.wait_for``, through which the client sends, loses a
    cancellation that comes when the command has just been sent, and its caller goes on for ever.
    """
    left = set(tasks)
    for _ in range(CANCELLATIONS):
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=CANCEL_SECONDS / CANCELLATIONS)
        await asyncio.gather(*ended, return_exceptions=True)
        if not left:
            return
    LOG.warning("the reading of the queue does not end")


async def take_leave(redis: ArqRedis, health_key: str) -> None:
    """Takes back the sign of life and closes the connections; a server that is silent is left as it is."""
    for step in (redis.delete(health_key), queue.close(redis)):
        task = asyncio.ensure_future(step)
        await asyncio.wait((task,), timeout=FAREWELL_SECONDS)
        await stop_reading((task,))
