"""How a job fails: what may be gone in a moment is tried again by the queue, everything else is left to its row."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from arq import Retry
from arq.typing import WorkerCoroutine

from domain.reactions.house import House, backoff, log_failure
from domain.refusals import Refused
from domain.tracing import span
from jobs.calls import Work
from runtime.measures import JOBS

# The queue holds a job whose worker was killed for its time limit and ten seconds more: together the lease of a row.
JOB_SECONDS = 20
WORK_SECONDS = JOB_SECONDS - 2  # what runs longer is stopped here, where it is logged; its row stays due
TRIES = 5  # of the queue alone: the sweep asks again for what is still due afterwards


def run_once_with_retry(name: str, work: Work) -> WorkerCoroutine:
    """The job that does the work once; a retryable refusal becomes a Retry with a growing wait.

    Any other error ends the job, since it is final in the queue anyway: it is logged, and the row decides what is next.
    """

    async def job(ctx: dict[Any, Any], *ids: str) -> None:
        house: House = ctx["house"]
        began, outcome = time.monotonic(), "failed"
        try:
            with span(f"job {name}"):
                async with asyncio.timeout(WORK_SECONDS):
                    await work(house, *ids)
            outcome = "done"
        except Refused as refused:
            if refused.retryable:
                outcome = "retried"
                raise Retry(defer=backoff(ctx["job_try"] - 1)) from refused
            log_failure(house, f"job {name}", refused)
        except Exception as error:
            log_failure(house, f"job {name}", error)
        finally:
            JOBS.labels(name, outcome).observe(time.monotonic() - began)

    job.__qualname__ = name
    return job


def run_and_log(name: str, house: House, work: Callable[[], Awaitable[None]]) -> WorkerCoroutine:
    """The job of a timetable: its next instant is its next try, so an error is only logged."""

    async def job(ctx: dict[Any, Any], *ids: str) -> None:
        try:
            async with asyncio.timeout(WORK_SECONDS):
                await work()
        except Exception as error:
            log_failure(house, f"job {name}", error)

    job.__qualname__ = name
    return job
