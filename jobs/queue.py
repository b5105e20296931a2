"""The queue in Redis: how jobs are written, connected to and put in. What is lost here is found again by the sweep."""

import asyncio
import contextlib
from typing import Any

import msgspec
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from jobs.calls import Call
from runtime.wake import QUEUE as QUEUE

CONNECTIONS = 50  # above all jobs of a process and what the worker itself needs
CONNECT_SECONDS = 1  # the server is on the same network
ANSWER_SECONDS = 10  # a server that is silent for longer is taken for dead; above the wait for a hint
EXPIRES_MS = 3_600_000  # a job older than an hour is nobody's: the sweep has long asked for it again


def encode(value: dict[str, Any]) -> bytes:
    """A job as JSON; what is no JSON (an error in a result that nobody reads) as its text."""
    return msgspec.json.encode(value, enc_hook=repr)


def decode(raw: bytes) -> dict[str, Any]:
    """The job again; nothing that is read from Redis can run code."""
    return msgspec.json.decode(raw, type=dict[str, Any])


async def connect(url: str, tries: int = 1) -> ArqRedis:
    """A connected queue, tried once a second so many times; then RedisError or OSError."""
    for left in reversed(range(tries)):
        redis = _opened(url)
        try:
            await redis.ping()
            return redis
        except (RedisError, OSError):
            await close(redis)
            if not left:
                raise
            await asyncio.sleep(1)
    raise ValueError("a queue is tried at least once")


def _opened(url: str) -> ArqRedis:
    pool = ConnectionPool.from_url(
        url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=CONNECT_SECONDS, max_connections=CONNECTIONS
    )
    return ArqRedis(
        pool,
        job_serializer=encode,
        job_deserializer=decode,
        default_queue_name=QUEUE,
        expires_extra_ms=EXPIRES_MS,
    )


async def close(redis: ArqRedis) -> None:
    """Gives the connections back, to a server that is away too."""
    with contextlib.suppress(RedisError, OSError):
        await redis.aclose(close_connection_pool=True)


async def put(redis: ArqRedis, call: Call) -> None:
    """Puts the job in unless one with its id is there already."""
    await redis.enqueue_job(call.name, *call.ids, _job_id=call.job_id)
