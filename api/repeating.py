"""What a process does again and again for as long as it serves, and what ends that."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

LAST_SECONDS: Final = 2.0  # a process that stops does not wait longer for a server that is away


@asynccontextmanager
async def repeated(seconds: float, work: Callable[[], Awaitable[None]], *, at_end: bool = False) -> AsyncIterator[None]:
    """Does the work every so many seconds while it is entered, and ``at_end`` once more, for as long as there is time.
    Raises at its end what the work raised.

    A cancellation can be lost, as by a client that sends through ``asyncio.wait_for`` before Python 3.12: it ends all
    the same, before the next time.
    """
    ended = False

    async def go_on() -> None:
        while not ended:
            await asyncio.sleep(seconds)
            await work()

    going = asyncio.create_task(go_on())
    try:
        yield
    finally:
        ended = True
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going
        if at_end:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await work()
