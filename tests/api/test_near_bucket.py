"""Grants without asking: as good as the shared bucket for who is near its limit, and never wrong for long."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from api.bucket import Throttle, throttled
from api.near_bucket import BELIEVED_SECONDS, NearBucket
from api.redis_bucket import PATIENCE_SECONDS, Ask, RedisBucket
from api.together import AT_ONCE
from tests.ports import free_port

SLOW = 1  # a point a second: nothing noticeable comes back while a test runs


class Counting(RedisBucket):
    """A shared bucket that counts its round trips."""

    trips = 0

    async def _asked(self, asks: Sequence[Ask]) -> list[Throttle] | None:
        self.trips += 1
        return await super()._asked(asks)


class Slow(RedisBucket):
    """A shared bucket that is asked when the test says so."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, 100, SLOW)
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def _asked(self, asks: Sequence[Ask]) -> list[Throttle] | None:
        self.begun.set()
        await self.open.wait()
        return await super()._asked(asks)

    def close(self) -> None:
        """Whoever asks from now on waits."""
        self.begun.clear()
        self.open.clear()


async def test_many_requests_of_one_who_has_plenty_share_a_round_trip(redis_client: Redis, caller: str) -> None:
    shared = Counting(redis_client, 100, SLOW)
    near = NearBucket(shared, lambda: 0.0)
    left = [(await near.take(caller, 10)).available for _ in range(5)]
    assert (left, shared.trips) == ([90, 80, 70, 60, 50], 1)
    assert (await near.give_back(caller, 5)).available == 55
    await near.tell()
    assert shared.trips == 2
    assert (await shared.take(caller, 0)).available == 55


async def test_callers_who_are_asked_about_at_once_share_a_round_trip_and_nothing_else(
    redis_client: Redis, caller: str
) -> None:
    shared = Counting(redis_client, 100, SLOW)
    await shared.take(caller, 60)
    answers = await asyncio.gather(*(shared.take(*ask) for ask in ((caller, 50), (f"{caller}2", 50), (caller, 30))))
    assert ([answer.granted for answer in answers], shared.trips) == ([False, True, True], 2)


async def test_who_would_wait_behind_round_trips_that_hang_is_granted_by_the_process_alone(
    redis_client: Redis, caller: str
) -> None:
    shared, asked = Slow(redis_client), set[asyncio.Task[Throttle]]()
    shared.close()
    done = set[asyncio.Task[Throttle]]()
    while not done and len(asked) <= AT_ONCE:  # so many may hang at once; whoever comes after them must not
        asked.add(asyncio.create_task(shared.take(caller, 10)))
        done, _ = await asyncio.wait(asked, timeout=10 * PATIENCE_SECONDS)
    assert [task.result().available for task in done] == [90]
    shared.open.set()
    assert len(await asyncio.gather(*asked)) == len(asked)


async def test_two_processes_grant_more_than_there_is_only_until_they_have_told_each_other(
    redis_client: Redis, caller: str
) -> None:
    one, other = NearBucket(RedisBucket(redis_client, 100, SLOW)), NearBucket(RedisBucket(redis_client, 100, SLOW))
    for near in (one, other):
        await near.take(caller, 1)
    answers = await asyncio.gather(*(near.take(caller, 10) for near in (one, other) for _ in range(30)))
    granted = sum(answer.granted for answer in answers)
    assert 9 <= granted <= 14  # each at most half a bucket without asking; a point each was taken before
    for near in (one, other):
        await near.tell()
        refused = await near.take(caller, 100)
        assert not refused.granted and refused.available <= 98 - 10 * granted + SLOW


async def test_what_is_owed_is_waited_for_and_shown_as_nothing_left(redis_client: Redis, caller: str) -> None:
    near = NearBucket(RedisBucket(redis_client, 100, SLOW), lambda: 0.0)
    await near.take(caller, 0)
    for _ in range(5):
        await near.take(caller, 10)
    await RedisBucket(redis_client, 100, SLOW).take(caller, 90)  # another process, before it hears of those fifty
    refused = await near.take(caller, 20)
    assert not refused.granted and 58 <= refused.retry_after_seconds(20) <= 60
    assert refused.status()["currentlyAvailable"] == 0
    assert "20 points and 0 are left" in throttled(refused, 20).message


async def test_what_was_granted_is_taken_also_where_the_server_went_away_before_it_was_told(caller: str) -> None:
    away = Redis(port=free_port(), retry_on_timeout=False)
    shared = RedisBucket(away, 100, SLOW)
    await shared.take(caller, 80)
    answers = await shared.settle({caller: 50})
    await away.aclose()
    assert -30 <= answers[caller].available <= -28


async def test_what_was_said_too_long_ago_is_asked_again(redis_client: Redis, caller: str) -> None:
    now, shared = [0.0], RedisBucket(redis_client, 100, SLOW)
    near = NearBucket(shared, lambda: now[0])
    await near.take(caller, 1)
    await shared.take(caller, 99)  # by another process
    now[0] = BELIEVED_SECONDS
    assert not (await near.take(caller, 10)).granted


async def test_what_is_owed_is_told_before_a_process_ends_and_nothing_after_it(
    redis_client: Redis, caller: str
) -> None:
    shared = Counting(redis_client, 100, SLOW)
    near = NearBucket(shared, lambda: 0.0)
    before = asyncio.all_tasks()
    async with near.kept():
        for _ in range(3):
            await near.take(caller, 10)
    assert shared.trips == 2
    assert (await shared.take(caller, 0)).available == 70
    assert asyncio.all_tasks() <= before


async def test_who_leaves_while_the_shared_bucket_is_asked_pays_what_it_owed_once(
    redis_client: Redis, caller: str
) -> None:
    shared = Slow(redis_client)
    near = NearBucket(shared, lambda: 0.0)
    for _ in range(4):
        await near.take(caller, 10)
    shared.close()
    leaving = asyncio.create_task(near.take(caller, 30))
    await shared.begun.wait()
    leaving.cancel()
    await asyncio.wait({leaving})
    shared.open.set()
    await near.tell()
    assert leaving.cancelled() and (await shared.take(caller, 0)).available == 30


async def test_what_is_being_told_when_a_process_ends_is_told(redis_client: Redis, caller: str) -> None:
    shared = Slow(redis_client)
    near = NearBucket(shared, lambda: 0.0)
    async with near.kept():
        await near.take(caller, 10)
        shared.close()
        await near.take(caller, 10)
        await shared.begun.wait()
        shared.open.set()
    assert (await shared.take(caller, 0)).available == 80


async def test_without_the_server_nobody_gets_more_than_a_bucket_for_each_process(caller: str) -> None:
    away = Redis(port=free_port(), retry_on_timeout=False)
    near = NearBucket(RedisBucket(away, 100, SLOW))
    answers = [await near.take(caller, 10) for _ in range(12)]
    await near.tell()
    await away.aclose()
    assert [answer.granted for answer in answers] == [True] * 10 + [False] * 2
