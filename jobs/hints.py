"""Hints from other processes: each becomes a job at once instead of at the next sweep."""

from collections.abc import Awaitable
from typing import cast

import msgspec
from arq.connections import ArqRedis

from jobs import queue
from jobs.calls import Call, call_apply, call_customer
from runtime.wake import HINTS

BLOCK_SECONDS = 5  # how long one read waits for a hint; a connection that died meanwhile is noticed then

_CALLS = {"event": call_apply, "customer": call_customer}


def call_of(raw: bytes) -> Call | None:
    """The job that a hint asks for; None for anything else that stands in the list."""
    try:
        kind, id = msgspec.json.decode(raw, type=tuple[str, str])
    except msgspec.MsgspecError:
        return None
    make = _CALLS.get(kind)
    return make(id) if make else None


async def listen(redis: ArqRedis) -> None:
    """Turns hints into jobs until it is cancelled; RedisError where the server went away."""
    while True:
        # The client's own types leave open whether it waits.
        taken = await cast(Awaitable[list[bytes] | None], redis.blpop([HINTS], timeout=BLOCK_SECONDS))
        call = call_of(taken[1]) if taken else None
        if call is not None:
            await queue.put(redis, call)
