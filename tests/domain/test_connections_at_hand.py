"""Connections that stay at hand: used again, never in the way of who waits, and replaced when their server is gone."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.db import Primary
from domain.pool import READ_WRITE, Pool, open_pool
from tests.ports import free_port

WHICH = "SELECT pg_backend_pid()"
PLACES = 5


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url, size=2, attrs=READ_WRITE, name="at-hand")
    yield opened
    await opened.close()


async def test_one_statement_after_the_other_goes_over_the_same_connection(pool: Pool) -> None:
    primary = Primary(pool)
    assert len({await primary.fetchval(WHICH) for _ in range(5)}) == 1
    assert (pool.get_size(), pool.get_idle_size()) == (1, 1)


async def test_as_many_at_once_as_the_pool_has_and_the_others_wait_their_turn(pool: Pool) -> None:
    primary = Primary(pool)
    asked = await asyncio.gather(*(primary.fetchval(f"{WHICH} FROM pg_sleep(0.01)") for _ in range(6)))
    assert len(set(asked)) == pool.get_size() == pool.get_idle_size() == 2


async def test_whoever_waits_is_served_in_turn_and_nobody_who_came_later_goes_before(database_url: str) -> None:
    pool, served = await open_pool(database_url, size=1, attrs=READ_WRITE, name="turns"), list[int]()

    async def ask(place: int) -> None:
        await Primary(pool).fetchval(WHICH)
        served.append(place)
        if place < PLACES:  # whoever was served asks again at once, and stands at the end
            await ask(place + PLACES)

    await asyncio.gather(*(ask(place) for place in range(PLACES)))
    assert served == list(range(2 * PLACES))
    await pool.close()


async def test_who_gives_up_waiting_takes_no_connection_with_it(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, attrs=READ_WRITE, name="turns")
    held = await pool.take(1)
    patient, gone = [asyncio.ensure_future(pool.take(patience)) for patience in (60, 0)]
    with pytest.raises(TimeoutError):
        await gone
    leaving = asyncio.ensure_future(pool.take(60))
    await asyncio.sleep(0)
    await pool.give(held)
    leaving.cancel()
    assert await patient is held
    await pool.give(held)
    await asyncio.wait({leaving})
    assert leaving.cancelled() and await pool.take(1) is held
    await pool.give(held)
    await pool.close()


async def test_who_waits_for_a_server_that_went_away_is_told_so_and_served_once_it_is_back(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, attrs=READ_WRITE, name="turns")
    held = await pool.take(1)
    waiting = [asyncio.ensure_future(pool.take(5)) for _ in range(PLACES)]
    await asyncio.sleep(0)
    pool.set_connect_args(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    held.terminate()
    await pool.release(held)
    assert {type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)} == {ConnectionRefusedError}
    pool.set_connect_args(database_url)
    await pool.give(await pool.take(60))
    await pool.close()


async def test_who_gives_up_waiting_lets_the_next_one_look_for_one_that_is_free(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, attrs=READ_WRITE, name="turns")
    held = await pool.take(1)
    leaving, patient = [asyncio.ensure_future(pool.take(60)) for _ in range(2)]
    await asyncio.sleep(0)
    held.terminate()
    await pool.release(held)
    leaving.cancel()
    await pool.give(await patient)
    assert leaving.cancelled()
    await pool.close()


async def test_who_takes_one_by_another_way_gets_what_is_at_hand(pool: Pool) -> None:
    primary = Primary(pool)
    known = set(await asyncio.gather(*(primary.fetchval(f"{WHICH} FROM pg_sleep(0.01)") for _ in range(2))))
    async with pool.acquire() as one, pool.acquire() as other:
        assert {await one.fetchval(WHICH), await other.fetchval(WHICH)} == known
        waiting = asyncio.ensure_future(primary.fetchval(WHICH))
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting in known


async def test_one_whose_server_ended_it_is_replaced_without_a_word(pool: Pool, database_url: str) -> None:
    primary = Primary(pool)
    gone = await primary.fetchval(WHICH)
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("SELECT pg_terminate_backend($1)", gone)
    finally:
        await other.close()
    assert await primary.fetchval(WHICH) != gone
    assert pool.get_idle_size() == pool.get_size() == 1


async def test_one_that_failed_goes_back_to_the_pool_and_serves_on(pool: Pool) -> None:
    primary = Primary(pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await primary.fetchval("SELECT 1/0")
    assert await primary.fetchval("SELECT 1") == 1
    assert pool.get_idle_size() == pool.get_size() == 1


async def test_what_nobody_uses_goes_back_after_a_while(pool: Pool) -> None:
    pool.at_hand_seconds = 0
    await Primary(pool).fetchval(WHICH)
    while asyncpg.Pool.get_idle_size(pool) == 0:  # noqa: ASYNC110 - the pool itself tells nobody
        await asyncio.sleep(0)
    assert pool.get_idle_size() == pool.get_size() == 1


@pytest.mark.parametrize(("idle_seconds", "stays"), [(0, True), (300, False)])
async def test_only_one_that_is_never_closed_for_idleness_stays_whatever_it_was_used_for(
    database_url: str, idle_seconds: int, stays: bool
) -> None:
    pool = await open_pool(database_url, size=1, attrs=READ_WRITE, name="kept", idle_seconds=idle_seconds, uses=1)
    pool.at_hand_seconds = 0
    first = await Primary(pool).fetchval(WHICH)
    while asyncpg.Pool.get_size(pool) > asyncpg.Pool.get_idle_size(pool):  # noqa: ASYNC110 - the pool tells nobody
        await asyncio.sleep(0)
    assert (await Primary(pool).fetchval(WHICH) == first) is stays
    await pool.close()
