"""The shared bucket on a real Valkey: never more than it holds, however many ask at once, and no trouble without it."""

import asyncio

from redis.asyncio import Redis
from structlog.testing import capture_logs

from api.redis_bucket import RedisBucket
from tests.ports import free_port

SLOW = 1  # a point a second: nothing noticeable comes back while a test runs


async def test_callers_at_once_in_two_processes_get_no_more_than_the_bucket_holds(
    redis_client: Redis, caller: str
) -> None:
    first, second = RedisBucket(redis_client, 100, SLOW), RedisBucket(redis_client, 100, SLOW)

    answers = await asyncio.gather(*(bucket.take(caller, 10) for bucket in (first, second) for _ in range(15)))

    assert sum(answer.granted for answer in answers) == 10


async def test_points_come_back_but_not_beyond_the_brim(redis_client: Redis, caller: str) -> None:
    bucket = RedisBucket(redis_client, 100, SLOW)
    await bucket.take(caller, 60)

    assert 90 <= (await bucket.give_back(caller, 50)).available < 100
    assert (await bucket.give_back(caller, 50)).available == 100


async def test_a_refusal_takes_nothing(redis_client: Redis, caller: str) -> None:
    bucket = RedisBucket(redis_client, 100, SLOW)
    await bucket.take(caller, 60)

    assert not (await bucket.take(caller, 60)).granted
    assert (await bucket.take(caller, 40)).granted


async def test_time_fills_the_bucket_again(redis_client: Redis, caller: str) -> None:
    bucket = RedisBucket(redis_client, 100, restore_per_second=10**9)
    await bucket.take(caller, 100)

    assert (await bucket.take(caller, 100)).granted


async def test_a_bucket_that_is_full_again_leaves_nothing_behind(redis_client: Redis, caller: str) -> None:
    await RedisBucket(redis_client, 100, SLOW).take(caller, 10)

    assert 0 < await redis_client.pttl(f"bucket:{caller}") <= 11_000


async def test_without_the_server_a_process_counts_alone_and_says_so_once(caller: str) -> None:
    away = Redis(port=free_port(), retry_on_timeout=False)
    bucket = RedisBucket(away, 100, SLOW)
    with capture_logs() as logs:
        answers = [await bucket.take(caller, 40) for _ in range(3)]
        await bucket.give_back(caller, 40)
    await away.aclose()

    assert [answer.granted for answer in answers] == [True, True, False]
    assert [entry["event"] for entry in logs] == ["bucket.alone"]
