"""The life of a worker process: it works through an outage of Redis, and ends in order when it is told to."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from arq.connections import ArqRedis
from arq.worker import Worker
from redis.exceptions import RedisError

from domain.db import is_lost
from domain.fanout.waiting import any_notices
from domain.payments.gateways.bulkhead import Bulkhead
from domain.reactions.house import House, log_failure
from jobs import queue
from jobs.calls import WORK, Call
from jobs.door import monitored
from jobs.ending import end, listen_for_the_end, stop_reading, take_leave
from jobs.hints import listen
from jobs.retry import WORK_SECONDS
from jobs.sweep import waiting
from jobs.worker import MAX_JOBS, make_worker
from runtime.house import open_house, with_breakers
from runtime.memory import loaded
from runtime.pace import Pace, opened
from runtime.settings import Settings

PROVIDER_CALLS = 8  # under way at once: less than half of the jobs, so that the other half needs no provider
START_TRIES = 5  # seconds: servers that start beside us are up by then; a wrong address is told after them
PAUSE_SECONDS = 1  # between two looks while Redis is away
AWAY = (RedisError, OSError)
LOG = logging.getLogger("quittance.jobs")


async def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT; returns the exit code, 1 where a server did not answer at the start."""
    stop = asyncio.Event()
    listen_for_the_end(stop)
    try:
        redis = await queue.connect(settings.redis_url.get_secret_value(), START_TRIES)
    except AWAY as error:
        LOG.critical("Redis does not answer at REDIS_URL", extra={"cause": type(error).__name__})
        return 1
    try:
        async with open_house(settings, "quittance-worker") as house:
            await warn_of_silence(house)
            ways = with_breakers(house).gateways
            gateways = {name: Bulkhead(gateway, PROVIDER_CALLS) for name, gateway in ways.items()}
            async with monitored(house, settings), opened(settings.redis_url.get_secret_value()) as gauge:
                pace = Pace(gauge, settings.batch_yield_ms)
                await _keep_working(replace(house, gateways=gateways, pace=pace), settings, redis, stop)
    except Exception as error:
        if not is_lost(error):
            raise
        LOG.critical("PostgreSQL does not answer at DATABASE_URL", extra={"cause": type(error).__name__})
        return 1
    return 0


async def warn_of_silence(house: House) -> None:
    """Says it where this process tells nobody of anything, although others do: SMTP_URL may have been forgotten."""
    if house.mail is None and await any_notices(house.db.primary):
        LOG.error("notices are sent elsewhere, and this process has no SMTP_URL: what it handles is told to nobody")


async def _keep_working(house: House, settings: Settings, redis: ArqRedis | None, stop: asyncio.Event) -> None:
    loaded()
    sys.stdout.write("worker ready\n")
    sys.stdout.flush()
    while not stop.is_set():
        if redis is not None:
            await _work(house, redis, stop)
            redis = None
            continue
        await _until_stop(work_without_queue(house), stop)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
        with contextlib.suppress(*AWAY):
            redis = await queue.connect(settings.redis_url.get_secret_value())
            LOG.info("Redis is back")


async def _work(house: House, redis: ArqRedis, stop: asyncio.Event) -> None:
    """Works from the queue until it is told to stop or Redis goes away."""
    worker = make_worker(house, redis)
    lives = [asyncio.ensure_future(life) for life in (worker.async_run(), listen(redis), stop.wait())]
    try:
        done, _ = await asyncio.wait(lives, return_when=asyncio.FIRST_COMPLETED)
        for life in done:
            life.result()
    except AWAY as error:
        LOG.warning("Redis is away: working without a queue", extra={"cause": type(error).__name__})
    finally:
        await _wind_down(worker, lives)
        await take_leave(redis, worker.health_check_key)


async def _wind_down(worker: Worker, lives: "Sequence[asyncio.Task[Any]]") -> None:
    """Takes no more jobs, lets those that run finish for a while, and cancels the rest; their rows stay due."""
    await stop_reading(lives)
    await end(list(worker.tasks.values()))


async def _until_stop(work: Coroutine[Any, Any, object], stop: asyncio.Event) -> None:
    """The work, or as much of it as is done a while after the process was told to end."""
    task, told = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((task, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    await end((task,))


async def work_without_queue(house: House) -> int:
    """Does once what waits, straight from the database; returns how much that was. Leases keep workers apart."""
    places = asyncio.Semaphore(MAX_JOBS)

    async def one(call: Call) -> None:
        try:
            async with places, asyncio.timeout(WORK_SECONDS):
                await WORK[call.name](house, *call.ids)
        except Exception as error:
            log_failure(house, f"job {call.name}", error)

    try:
        calls = await waiting(house)
    except Exception as error:
        log_failure(house, "sweep", error)
        return 0
    await asyncio.gather(*(one(call) for call in calls))
    return len(calls)
