"""A server that gives no more connections: those that are here serve everybody in turn, until it gives more again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import asyncpg
import pytest

from domain.db import Primary
from domain.pool import READ_WRITE, Pool, open_pool

WHICH = "SELECT pg_backend_pid()"
PLACES = 4
SEED, TAKERS, TURNS = 18, 12, 200


@dataclass(frozen=True, slots=True)
class Limited:
    """A role that the server gives only so many connections."""

    role: str
    url: str
    superuser: asyncpg.Connection

    async def give(self, connections: int) -> None:
        """From now on it gives so many."""
        await self.superuser.execute(f"ALTER ROLE {self.role} CONNECTION LIMIT {connections}")

    async def pool(self, first: int = 1) -> Pool:
        """A pool that would have more."""
        return await open_pool(self.url, size=PLACES, attrs=READ_WRITE, name="limited", first=first)


@pytest.fixture
async def limited(superuser_url: str, database_url: str, worker_id: str) -> AsyncIterator[Limited]:
    superuser, role = await asyncpg.connect(superuser_url), f"limited_{worker_id}"
    await superuser.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'limited' CONNECTION LIMIT 1")
    place = urlsplit(database_url)
    url = place._replace(netloc=f"{role}:limited@{place.netloc.rpartition('@')[2]}").geturl()
    try:
        yield Limited(role, url, superuser)
    finally:
        await superuser.execute(f"DROP ROLE {role}")
        await superuser.close()


async def asked_for(pool: Pool) -> asyncio.Task[asyncpg.pool.PoolConnectionProxy]:
    """Somebody who wants a connection, and has begun to."""
    asking = asyncio.ensure_future(pool.take(60))
    await asyncio.sleep(0)
    return asking


async def refused(pool: Pool) -> asyncpg.pool.PoolConnectionProxy:
    """A connection of somebody whom the server refused one of its own while all that are here were in use."""
    held = [await pool.take(1) for _ in range(pool.get_size())]
    asking = await asked_for(pool)
    for each in held:
        await pool.give(each)
    return await asking


async def test_the_connections_that_are_here_serve_everybody_while_the_server_gives_no_more(limited: Limited) -> None:
    pool, served = await limited.pool(), list[int]()

    async def ask(place: int) -> int:
        pid: int = await Primary(pool).fetchval(f"{WHICH} FROM pg_sleep(0.01)")
        served.append(place)
        return pid

    assert len(set(await asyncio.gather(*(ask(place) for place in range(3 * PLACES))))) == 1
    assert sorted(served) == list(range(3 * PLACES))
    await pool.close()


async def test_one_given_back_meanwhile_serves_who_was_refused_and_the_server_is_left_alone(limited: Limited) -> None:
    pool = await limited.pool()
    pool.full_seconds = 3600
    pid = await Primary(pool).fetchval(WHICH)
    taken = await refused(pool)
    assert await taken.fetchval(WHICH) == pid
    await limited.give(PLACES)
    newcomer = await asked_for(pool)
    await pool.give(taken)
    taken = await newcomer
    assert await taken.fetchval(WHICH) == pid
    await pool.give(taken)
    await pool.close()


async def test_a_server_that_gives_more_again_is_asked_by_who_waits_and_gives_to_all_of_them(limited: Limited) -> None:
    pool = await limited.pool()
    pool.full_seconds = 0
    held = await pool.take(1)
    waiting = {await asked_for(pool) for _ in range(PLACES - 1)}
    await pool.give(held)
    (first,), waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    held = first.result()
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(limited.url)
    waiting.add(await asked_for(pool))
    await limited.give(PLACES)
    taken = [held, *await asyncio.gather(*waiting)]
    assert len({await each.fetchval(WHICH) for each in taken}) == PLACES
    for each in taken:
        await pool.give(each)
    await pool.close()


async def test_who_waits_longest_and_looked_in_vain_keeps_its_place(limited: Limited) -> None:
    await limited.give(2)
    pool = await limited.pool(first=2)
    pool.full_seconds = 3600
    held, breaks = await refused(pool), await pool.take(1)
    longest, later = await asked_for(pool), await asked_for(pool)
    await limited.give(1)
    breaks.terminate()
    await pool.release(breaks)
    await asyncio.sleep(0)
    await pool.give(held)
    taken = await longest
    assert not later.done()
    await pool.give(taken)
    await pool.give(await later)
    await pool.close()


async def test_where_the_server_gives_none_at_all_everybody_is_told_at_once(limited: Limited) -> None:
    pool = await limited.pool()
    pool.full_seconds = 3600
    held = await refused(pool)
    waiting = [await asked_for(pool) for _ in range(PLACES)]
    await limited.give(0)
    held.terminate()
    await pool.release(held)
    told = await asyncio.gather(*waiting, pool.take(60), return_exceptions=True)
    assert {type(each) for each in told} == {asyncpg.TooManyConnectionsError}
    await limited.give(1)
    await pool.give(await pool.take(60))
    await pool.close()


async def test_nobody_waits_for_ever_whatever_becomes_of_the_others_and_of_what_they_took(limited: Limited) -> None:
    await limited.give(PLACES - 1)
    pool, chance, seen = await limited.pool(), Random(SEED), Counter[str]()
    pool.full_seconds = pool.at_hand_seconds = 0

    async def take() -> None:
        try:
            taken = await pool.take(chance.choice((3600, 0)))
        except (TimeoutError, asyncpg.TooManyConnectionsError) as error:
            seen[type(error).__name__] += 1
            return
        try:
            if chance.random() < 0.2:
                taken.terminate()
            await taken.fetchval(WHICH)
        except BaseException as error:  # whoever leaves in the middle too
            seen[type(error).__name__] += 1
            await pool.release(taken)
        else:
            seen["given back"] += 1
            await pool.give(taken)

    async def take_again_and_again() -> None:
        for _ in range(TURNS):
            taking = asyncio.ensure_future(take())
            if chance.random() < 0.5:
                for _ in range(chance.randrange(20)):
                    await asyncio.sleep(0)
                taking.cancel()
            await asyncio.wait({taking})

    async with asyncio.timeout(60):
        await asyncio.gather(*(take_again_and_again() for _ in range(TAKERS)))
        await pool.close()
    assert {"TimeoutError", "CancelledError", "InterfaceError", "given back"} <= set(seen)
    assert pool.get_size() == 0
