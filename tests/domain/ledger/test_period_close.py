"""Closing the books: what was posted before it counts, what comes after it is refused, in either order of arrival."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import asyncpg
import pytest

from domain.actor import Grant
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import CustomerId
from domain.ledger.period_close import ClosePeriod, close_period
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import buyer, start, wrong_rows
from tests.world import Someone, World, fresh, make_world

MARCH = date(2021, 3, 1)
IN_MARCH, IN_APRIL = datetime(2021, 3, 10, tzinfo=UTC), datetime(2021, 4, 2, tzinfo=UTC)


@pytest.fixture
async def books(house: House) -> World:
    """A tenant whose books no other test closes, under two shard keys."""
    return await make_world(house, shard_keys=2)


@pytest.fixture
async def bystander(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with a transaction of its own, open until the test ends it."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def close(world: World, month: date, role: Grant = Grant.FINANCE, house: CustomerId | None = None) -> None:
    """Closes the sandbox entity's books."""
    at = house or world.tenant.sandbox_house
    await perform(world.house.db, close_period, world.staff(role), at, ClosePeriod(month), fresh("close"))


async def refusal(work: Awaitable[object]) -> RefusalCode | None:
    """Why it was refused, or None."""
    try:
        await work
    except Refused as refused:
        return refused.code
    return None


async def begin(world: World, of: Someone) -> object:
    """A subscription that is posted and whose payment nobody sends."""
    command = StartSubscription(world.prices["starter"], 1)
    return await perform(world.house.db, start_subscription, of.actor, of.id, command, fresh("start"))


async def postings(world: World, of: Someone) -> int:
    """How many transactions the customer has."""
    value: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return value


async def customer_on(world: World, key: int) -> Someone:
    """A customer with a card under that shard key, in March."""
    while True:
        ada = await buyer(world, clock_at=IN_MARCH)
        if ada.id.shard == key:
            return ada


async def until_waiting(world: World, count: int) -> None:
    """Returns once that many backends of this database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(2):  # below the time that an operation waits for a lock
        while await world.house.db.marks.fetchval(waiting) < count:
            pass


@asynccontextmanager
async def holding(bystander: asyncpg.Connection, statement: str, *args: object) -> AsyncIterator[None]:
    """The statement's locks are held until the block ends."""
    change = bystander.transaction()
    await change.start()
    await bystander.execute(statement, *args)
    try:
        yield
    finally:
        await change.rollback()


@pytest.mark.row("H6")
async def test_a_closed_month_refuses_postings_and_the_next_one_takes_them(books: World) -> None:
    ada = await buyer(books, clock_at=IN_MARCH)
    await start(books, ada)
    before = await postings(books, ada)
    await close(books, MARCH)
    assert await refusal(start(books, ada, "team")) is RefusalCode.PERIOD_CLOSED
    assert await postings(books, ada) == before
    await books.do(ada, advance_clock, AdvanceClock(IN_APRIL))
    await start(books, ada, "team")
    assert await postings(books, ada) > before
    assert await wrong_rows(books, ada) == []


async def test_closing_a_month_closes_those_before_it_whether_they_were_opened_or_not(books: World) -> None:
    ada = await buyer(books, clock_at=datetime(2021, 1, 5, tzinfo=UTC))
    await start(books, ada)
    await close(books, MARCH)
    assert await refusal(start(books, ada, "team")) is RefusalCode.PERIOD_CLOSED
    never_opened = await buyer(books, clock_at=datetime(2021, 2, 5, tzinfo=UTC))
    assert await refusal(start(books, never_opened)) is RefusalCode.PERIOD_CLOSED


async def test_only_finance_closes_and_only_what_is_over_open_and_a_month(books: World) -> None:
    now = books.house.db.clock.now().date().replace(day=1)
    ada = await buyer(books, clock_at=IN_MARCH)
    for role in (Grant.SUPPORT, Grant.LEAD):
        assert await refusal(close(books, MARCH, role)) is RefusalCode.FORBIDDEN
    assert await refusal(close(books, MARCH, house=ada.id)) is RefusalCode.NOT_FOUND
    assert await refusal(close(books, date(2021, 3, 2))) is RefusalCode.INVALID_INPUT
    assert await refusal(close(books, now)) is RefusalCode.STATE_CONFLICT
    assert await refusal(close(books, MARCH)) is None
    assert await refusal(close(books, MARCH)) is RefusalCode.STATE_CONFLICT


async def test_another_tenants_finance_cannot_close(world: World, books: World) -> None:
    stranger = world.staff(Grant.FINANCE)
    work = perform(
        books.house.db, close_period, stranger, books.tenant.sandbox_house, ClosePeriod(MARCH), fresh("close")
    )
    assert await refusal(work) is RefusalCode.NOT_FOUND


async def test_the_live_books_stay_open_when_the_sandbox_closes(books: World) -> None:
    await close(books, MARCH)
    assert await refusal(close(books, MARCH, house=books.tenant.live_house)) is None


@pytest.mark.row("H6")
async def test_closing_waits_for_a_posting_that_came_first_and_counts_it(
    books: World, bystander: asyncpg.Connection
) -> None:
    ada, eve = [await customer_on(books, books.tenant.sandbox_house.shard) for _ in range(2)]
    await start(books, eve)  # the month is open
    series = "SELECT FROM number_series WHERE shard_key = $1 AND legal_entity_id = $2 AND series = 'invoice' FOR UPDATE"
    async with holding(bystander, series, ada.id.shard, books.tenant.sandbox.uuid):
        posting = asyncio.ensure_future(begin(books, ada))  # has posted, and waits for its number
        await until_waiting(books, 1)
        closing = asyncio.ensure_future(close(books, MARCH))
        await until_waiting(books, 2)
    await asyncio.gather(posting, closing)
    assert await postings(books, ada) == 1
    assert await refusal(start(books, ada, "team")) is RefusalCode.PERIOD_CLOSED


@pytest.mark.row("H6")
async def test_a_posting_that_comes_while_the_month_is_being_closed_is_refused(
    books: World, bystander: asyncpg.Connection
) -> None:
    first, second = sorted({books.tenant.sandbox_house.shard, books.tenant.sandbox_house.shard + 1})
    ada, eve = await customer_on(books, first), await customer_on(books, second)
    for each in (ada, eve):
        await start(books, each)
    before = await postings(books, ada)
    row = "SELECT FROM accounting_period WHERE shard_key = $1 AND legal_entity_id = $2 AND starts_on = $3 FOR SHARE"
    async with holding(bystander, row, second, books.tenant.sandbox.uuid, MARCH):
        closing = asyncio.ensure_future(close(books, MARCH))  # has closed the first key, and waits for the second
        await until_waiting(books, 1)
        posting = asyncio.ensure_future(refusal(start(books, ada, "team")))
        await until_waiting(books, 2)
    await closing
    assert await posting is RefusalCode.PERIOD_CLOSED
    assert await postings(books, ada) == before


@pytest.mark.row("H6")
async def test_whatever_is_posted_while_a_month_is_closed_was_posted_before_it_or_not_at_all(books: World) -> None:
    buyers = [await buyer(books, clock_at=IN_MARCH) for _ in range(12)]
    outcomes = await asyncio.gather(
        *(refusal(begin(books, each)) for each in buyers[:6]),
        refusal(close(books, MARCH)),
        *(refusal(begin(books, each)) for each in buyers[6:]),
    )
    closed = outcomes.pop(6)
    assert closed is None
    assert set(outcomes) <= {None, RefusalCode.PERIOD_CLOSED}
    posted = [await postings(books, each) for each in buyers]
    assert posted == [1 if outcome is None else 0 for outcome in outcomes]
    for each in buyers:
        assert await refusal(start(books, each, "team")) is RefusalCode.PERIOD_CLOSED
