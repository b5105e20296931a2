"""Clients of this process that do one thing again and again until their time is over."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.bench.samples import Counted, percentile


async def clients_for(one: Callable[[], Awaitable[bool]], clients: int, seconds: float) -> Counted:
    """Runs ``one`` by so many tasks at once; it says whether it found something to do. Each does it once at least."""
    began = time.perf_counter()
    deadline = began + seconds
    times: list[float] = []

    async def client() -> None:
        while True:
            at = time.perf_counter()
            assert await one(), "there is nothing left to do"
            now = time.perf_counter()
            times.append(now - at)
            if now >= deadline:
                return

    await asyncio.gather(*(client() for _ in range(clients)))
    took = time.perf_counter() - began
    times.sort()
    return Counted(len(times), took, percentile(times, 0.50) * 1000, percentile(times, 0.99) * 1000)
