"""PostgreSQL knows, Redis wakes: a queue that is lost, doubled, late or wiped changes nothing."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import arq
import pytest
import redis as redis_client
from arq import Retry
from arq.connections import ArqRedis

from domain.fanout.waiting import customers_with_events
from domain.reactions.events import KNOWN, drain
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from jobs import queue
from jobs.calls import WORK, Call, call_apply, call_drain
from jobs.hints import call_of, listen
from jobs.retry import run_once_with_retry
from jobs.sweep import sweep, waiting
from jobs.worker import make_worker
from runtime.wake import HINTS, Waker
from tests.jobs_kit import Ground, comes_true
from tests.mishaps import Death, death_at, later
from tests.webhook_desk import key_of, made_up

T = TypeVar("T")


async def answered(answer: Awaitable[T] | T) -> T:
    """What the server says; to Python's types a command of the client that waits may be one of that which does not."""
    assert isinstance(answer, Awaitable)
    told: T = await answer
    return told


async def run_jobs(house: House, redis: ArqRedis) -> None:
    """A worker that does what is in the queue and ends."""
    await make_worker(house, redis, burst=True).async_run()


def test_the_queue_and_its_client_are_the_pair_that_fits() -> None:
    """arq 0.28 wants redis < 6, and redis 8 bounds a pool that 0.28 takes for boundless; apart, an installer falls back
    to arq 0.25 without a word."""
    assert arq.VERSION.startswith("0.28")
    assert redis_client.__version__.startswith("5.")


@pytest.mark.row("F9")
async def test_a_wiped_queue_loses_no_work(ground: Ground, redis: ArqRedis) -> None:
    ada, _ = await ground.bought()
    await queue.put(redis, call_drain(ada.id))
    await redis.flushdb()
    await sweep(ground.house, redis)
    await run_jobs(ground.house, redis)
    assert await ground.state_of(ada) == "active"


@pytest.mark.row("F9")
async def test_a_job_that_is_delivered_many_times_at_once_has_one_effect(ground: Ground) -> None:
    ada, _ = await ground.bought()
    await asyncio.gather(*(WORK["drain_events"](ground.house, str(ada.id)) for _ in range(8)))
    await do_now(ground.house, ada.id)
    assert await ground.state_of(ada) == "active"
    assert await ground.captures(ada) == [1000]


@pytest.mark.row("F9")
async def test_a_job_that_comes_long_after_its_work_was_done_does_nothing(ground: Ground, redis: ArqRedis) -> None:
    ada, begun = await ground.bought()
    calls = [call for call in await waiting(later(ground.house, timedelta(minutes=1))) if str(ada.id) in call.ids]
    assert {call.name for call in calls} == {"do_due", "drain_events"}
    await do_now(ground.house, ada.id)
    before = await ground.payment_of(ada, begun)
    for call in calls:
        await queue.put(redis, call)
    await run_jobs(ground.house, redis)
    assert await ground.payment_of(ada, begun) == before


async def test_what_is_asked_for_twice_stands_in_the_queue_once(ground: Ground, redis: ArqRedis) -> None:
    ada, _ = await ground.bought()
    for _ in range(3):
        await sweep(ground.house, redis)
        await queue.put(redis, call_drain(ada.id))
    names = [name.decode() for name in await redis.zrange(queue.QUEUE, 0, -1)]
    assert names.count(call_drain(ada.id).job_id) == 1


async def test_a_job_is_readable_json_and_holds_ids_alone(ground: Ground, redis: ArqRedis) -> None:
    ada, _ = await ground.bought()
    await queue.put(redis, call_drain(ada.id))
    raw = await redis.get(f"arq:job:{call_drain(ada.id).job_id}")
    job = json.loads(raw)
    assert (job["f"], job["a"], job["k"]) == ("drain_events", [str(ada.id)], {})


@pytest.mark.parametrize("raw", [b"\x80\x04N.", b"cos\nsystem\n(S'true'\ntR.", b"[]", b'"x"', b"\xff", b""])
async def test_garbage_in_the_queue_is_dropped_and_runs_nothing(ground: Ground, redis: ArqRedis, raw: bytes) -> None:
    ada, _ = await ground.bought()
    await redis.set("arq:job:garbage", raw)
    await redis.zadd(queue.QUEUE, {"garbage": 1, "without a body": 1})
    await queue.put(redis, call_drain(ada.id))
    await queue.put(redis, Call("drain_events", ("no id",)))
    await queue.put(redis, Call("no_such_job", ("a", "b")))
    await run_jobs(ground.house, redis)
    assert await redis.zcard(queue.QUEUE) == 0
    assert await ground.state_of(ada) == "active"


async def test_a_webhook_wakes_a_worker_by_its_id(ground: Ground, redis: ArqRedis) -> None:
    event = made_up()
    await ground.desk.deliver(event)
    assert [call_of(raw) for raw in await answered(redis.lrange(HINTS, 0, -1))] == [call_apply(key_of(event))]
    await answered(redis.lpush(HINTS, b"garbage", b'["event"]', b'["party", "x"]'))
    listening = asyncio.ensure_future(listen(redis))

    async def is_a_job() -> bool:
        return bool(await redis.zcard(queue.QUEUE))

    await comes_true(is_a_job, "the job of a hint")
    listening.cancel()
    await run_jobs(ground.house, redis)
    assert await ground.desk.state(event) == "dead", "it was taken: nothing of ours has its reference"


async def test_hints_that_nobody_reads_do_not_fill_the_server(ground: Ground, redis: ArqRedis) -> None:
    await answered(redis.rpush(HINTS, *(b"old" for _ in range(10_000))))
    await Waker(ground.settings.redis_url.get_secret_value()).event("newest")
    assert await answered(redis.llen(HINTS)) == 10_000
    assert await answered(redis.lrange(HINTS, -1, -1)) == [b'["event","newest"]']


async def test_a_rush_of_hints_loses_none_and_opens_no_connection_for_each(ground: Ground, redis: ArqRedis) -> None:
    waker, rush = Waker(ground.settings.redis_url.get_secret_value()), 100
    before = (await redis.info("stats"))["total_connections_received"]
    assert all(await asyncio.gather(*(waker.event(str(number)) for number in range(rush))))
    hints = await answered(redis.lrange(HINTS, 0, -1))
    assert [json.loads(each)[1] for each in hints] == [str(each) for each in range(rush)]
    assert (await redis.info("stats"))["total_connections_received"] - before < rush / 2  # others may connect as well


async def test_the_sweep_leaves_a_customer_alone_whose_first_event_waits(ground: Ground) -> None:
    ada, _ = await ground.bought()
    db = ground.house.db
    unconfigured = replace(ground.house, gateways={})
    await drain(unconfigured, ada.id)  # the first event fails and waits for its next try
    await ground.world.card(ada)  # another stands behind it
    assert ada.id not in await customers_with_events(db.primary, KNOWN, db.clock.now(), 1000)
    assert ada.id in await customers_with_events(db.primary, KNOWN, db.clock.now() + timedelta(minutes=1), 1000)
    await do_now(later(ground.house, timedelta(minutes=1)), ada.id)
    assert await ground.state_of(ada) == "active"


@pytest.mark.parametrize("code", [RefusalCode.UNAVAILABLE, RefusalCode.BUSY, RefusalCode.IN_PROGRESS])
async def test_what_may_be_gone_in_a_moment_is_tried_again_after_growing_waits(house: House, code: RefusalCode) -> None:
    async def refused(*_: object) -> None:
        raise Refused(code, "not now")

    job = run_once_with_retry("refused", refused)
    waits = []
    for number in (1, 2, 3):
        with pytest.raises(Retry) as retry:
            await job({"house": house, "job_try": number}, "id")
        waits.append(retry.value.defer_score)
    assert waits == [2000, 4000, 8000]


async def test_any_other_failure_ends_the_job_and_is_logged_under_an_id(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "quittance"):
        await run_once_with_retry("broken", broken)({"house": house, "job_try": 1}, "id")
    (record,) = caplog.records
    assert record.message == "job broken failed"
    assert record.__dict__["error_id"]


@pytest.mark.row("L3")
@pytest.mark.row("C14")
@pytest.mark.parametrize(
    "point", ["attempt.claimed", "attempt.answered", "relay.consumed", "relay.deleted", "perform.committed"]
)
async def test_what_a_dead_process_left_is_finished_once_by_another(ground: Ground, point: str) -> None:
    ada, _ = await ground.bought()
    with death_at(point), pytest.raises(Death):
        await do_now(ground.house, ada.id)
    await do_now(later(ground.house, timedelta(minutes=2)), ada.id)
    assert await ground.state_of(ada) == "active"
    assert await ground.captures(ada) == [1000]
