"""The arq worker: which jobs it knows, how many it runs at once, and how often it looks by itself."""

import os
import socket
from datetime import UTC

from arq import cron, func
from arq.connections import ArqRedis
from arq.worker import Worker

from domain.reactions.house import House
from domain.reactions.lost_disputes import disputes_to_look_for
from domain.reactions.lost_events import events_to_look_for
from jobs import queue
from jobs.calls import WORK, call_disputes, call_events
from jobs.retry import JOB_SECONDS, TRIES, run_and_log, run_once_with_retry
from jobs.sweep import forget_keys, sweep
from runtime.measures import LATE_EVENTS

MAX_JOBS = 20  # most of a job is waiting for the database or a provider; more would only wait for a connection
READ_LIMIT = 1000  # running jobs stay at the queue's head: far above the slots of all workers, or none gets more
POLL_SECONDS = 0.1  # how long a job waits for an idle worker, at ten small reads a second
HEALTH_SECONDS = 5  # how old the sign of life in Redis may be
EVERY_SECOND = set(range(60))  # of a minute: nobody notices a second of waiting
DISPUTES_MINUTES = set(range(3, 60, 10))  # a round that was stopped goes on then; a new one begins once an hour
EVENTS_MINUTES = set(range(8, 60, 10))  # as for disputes, and not in the same minute
QUIET_HOUR = 3  # UTC; few customers are awake
EVERY_TEN_MINUTES = set(range(7, 60, 10))  # one run is bounded by its time limit; six see a large house through


def make_worker(house: House, redis: ArqRedis, *, burst: bool = False) -> Worker:
    """A worker on a connected queue; with ``burst`` it ends when the queue is empty, and does not sweep."""

    async def on_sweep() -> None:
        await sweep(house, redis)

    async def on_disputes() -> None:
        for account in await disputes_to_look_for(house):
            await queue.put(redis, call_disputes(account))

    async def on_events() -> None:
        for account in await events_to_look_for(house):
            await queue.put(redis, call_events(account))

    async def on_quiet_hour() -> None:
        await forget_keys(house)

    for account in house.gateways:
        LATE_EVENTS.labels(account)  # shown as zero before the first one, so that an alert has a line to watch
    crons = [
        cron(run_and_log("sweep", house, on_sweep), name="sweep", second=EVERY_SECOND, run_at_startup=True),
        cron(run_and_log("disputes", house, on_disputes), name="disputes", minute=DISPUTES_MINUTES),
        cron(run_and_log("events", house, on_events), name="events", minute=EVENTS_MINUTES),
        cron(run_and_log("forget", house, on_quiet_hour), name="forget", hour=QUIET_HOUR, minute=EVERY_TEN_MINUTES),
    ]
    return Worker(
        functions=[func(run_once_with_retry(name, work), name=name) for name, work in WORK.items()],
        queue_name=queue.QUEUE,
        cron_jobs=[] if burst else crons,
        redis_pool=redis,
        burst=burst,
        handle_signals=False,
        max_jobs=MAX_JOBS,
        job_timeout=JOB_SECONDS,
        keep_result=0,
        poll_delay=POLL_SECONDS,
        queue_read_limit=READ_LIMIT,
        max_tries=TRIES,
        health_check_interval=HEALTH_SECONDS,
        health_check_key=f"{queue.QUEUE}:health:{socket.gethostname()}:{os.getpid()}",
        ctx={"house": house},
        job_serializer=queue.encode,
        job_deserializer=queue.decode,
        expires_extra_ms=queue.EXPIRES_MS,
        timezone=UTC,
        log_results=False,
    )
