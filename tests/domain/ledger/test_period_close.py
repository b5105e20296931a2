"""Closing the books: what was posted before it counts, what comes after it is refused, in either order of arrival."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import asyncpg
import pytest

from domain.actor import Grant
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.customers.place_and_time import CLOCK_FROM
from domain.ids import CustomerId
from domain.ledger.period_close import OLDEST, ClosePeriod, PeriodClosed, close_period, closed_through
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from tests.held import held, until_waiting
from tests.lives import buyer, start, wrong_rows
from tests.world import Someone, World, fresh, make_world

MARCH = date(2021, 3, 1)
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py
IN_FEBRUARY = datetime(2021, 2, 5, tzinfo=UTC)
IN_MARCH, IN_APRIL = datetime(2021, 3, 10, tzinfo=UTC), datetime(2021, 4, 2, tzinfo=UTC)


@pytest.fixture
async def books(house: House) -> World:
    """A tenant whose books no other test closes, under two shard keys."""
    return await make_world(house, shard_keys=2)


async def patiently(work: Callable[[], Awaitable[O]]) -> O:
    """The work, begun again under its key for as long as it is told to try again."""
    while True:
        try:
            return await work()
        except Refused as refused:
            if not refused.retryable:
                raise


async def close(
    world: World, month: date, role: Grant = Grant.FINANCE, house: CustomerId | None = None,
    closing: Operation[ClosePeriod, PeriodClosed] = close_period,
) -> None:  # fmt: skip
    """Closes the sandbox entity's books."""
    at, who, key = house or world.tenant.sandbox_house, world.staff(role), fresh("close")
    await patiently(lambda: perform(world.house.db, closing, who, at, ClosePeriod(month), key))


async def refusal(work: Awaitable[object]) -> RefusalCode | None:
    """Why it was refused, or None."""
    try:
        await work
    except Refused as refused:
        return refused.code
    return None


async def begin(
    world: World, of: Someone, code: str = "starter",
    posting: Operation[StartSubscription, SubscriptionStarted] = start_subscription,
) -> None:  # fmt: skip
    """A subscription that is posted and whose payment nobody sends."""
    command, key = StartSubscription(world.prices[code], 1), fresh("start")
    await patiently(lambda: perform(world.house.db, posting, of.actor, of.id, command, key))


async def postings(world: World, of: Someone) -> int:
    """How many transactions the customer has."""
    value: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return value


async def customer_on(world: World, key: int, at: datetime = IN_MARCH) -> Someone:
    """A customer with a card under that shard key, at that instant."""
    while True:
        ada = await buyer(world, clock_at=at)
        if ada.id.shard == key:
            return ada


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


async def test_the_books_of_one_legal_entity_are_not_those_of_another(books: World, owner_url: str) -> None:
    live, house = books.tenant.live, books.tenant.live_house
    ada, ben = [await buyer(books, clock_at=at) for at in (IN_MARCH, IN_APRIL)]
    owner = await asyncpg.connect(owner_url)
    try:  # what was posted when these months ran; the live entity has no clock that is set back
        await owner.execute(
            """INSERT INTO accounting_period (shard_key, legal_entity_id, starts_on)
               SELECT k.shard_key, $1, m.starts_on FROM tenant_shard_key k, unnest($3::date[]) AS m (starts_on)
                WHERE k.tenant_id = $2""",
            live.uuid, books.tenant.tenant.uuid, [date(2021, 2, 1), MARCH],
        )  # fmt: skip
    finally:
        await owner.close()
    await close(books, MARCH)
    assert await closed_through(books.house.db.primary, house.shard, live) is None
    assert await refusal(start(books, ada)) is RefusalCode.PERIOD_CLOSED
    await close(books, date(2021, 4, 1), house=house)
    await start(books, ben)
    assert await wrong_rows(books, ben) == []


async def test_only_finance_closes_and_only_what_is_over_open_and_a_month(books: World) -> None:
    now = books.house.db.clock.now().date().replace(day=1)
    ada = await buyer(books, clock_at=IN_MARCH)
    for role in (Grant.SUPPORT, Grant.LEAD):
        assert await refusal(close(books, MARCH, role)) is RefusalCode.FORBIDDEN
    assert await refusal(close(books, MARCH, house=ada.id)) is RefusalCode.NOT_FOUND
    assert await refusal(close(books, date(2021, 3, 2))) is RefusalCode.INVALID_INPUT
    for nonsense in (date(1, 1, 1), date(OLDEST.year - 1, 12, 1)):
        assert await refusal(close(books, nonsense)) is RefusalCode.INVALID_INPUT
    assert (OLDEST.year, OLDEST.month, OLDEST.day) == (CLOCK_FROM.year, CLOCK_FROM.month, CLOCK_FROM.day)
    assert await refusal(close(books, OLDEST)) is None  # what no clock shows is before it
    assert await refusal(close(books, now)) is RefusalCode.STATE_CONFLICT
    assert await refusal(close(books, MARCH)) is None
    for month in (MARCH, date(2021, 2, 1)):
        assert await refusal(close(books, month)) is RefusalCode.STATE_CONFLICT


async def test_of_those_who_close_a_month_at_once_one_does_and_the_others_hear_of_it(books: World) -> None:
    answers = await asyncio.gather(*(refusal(close(books, MARCH)) for _ in range(4)))
    assert sorted(str(each) for each in answers) == ["None", *[str(RefusalCode.STATE_CONFLICT)] * 3]


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
async def test_closing_waits_for_a_posting_that_came_first_and_counts_it(books: World) -> None:
    ada, eve = [await customer_on(books, books.tenant.sandbox_house.shard) for _ in range(2)]
    await start(books, eve)  # the month is open
    with held(start_subscription) as slow:
        posting = await slow.begun(begin(books, ada, posting=slow.operation))
        closing = asyncio.ensure_future(close(books, MARCH))
        await until_waiting(books.house, 1)
        slow.let_go.set()
        await asyncio.gather(posting, closing)
    assert await postings(books, ada) == 1
    assert await refusal(start(books, ada, "team")) is RefusalCode.PERIOD_CLOSED


@pytest.mark.row("H6")
async def test_a_posting_that_comes_while_the_month_is_being_closed_is_refused(books: World) -> None:
    keys = (books.tenant.sandbox_house.shard, books.tenant.sandbox_house.shard + 1)
    buyers = [await customer_on(books, key) for key in keys]
    for each in buyers:
        await start(books, each)
    before = [await postings(books, each) for each in buyers]
    with held(close_period) as slow:
        closing = await slow.begun(close(books, MARCH, closing=slow.operation))
        posting = [asyncio.ensure_future(refusal(begin(books, each, "team"))) for each in buyers]
        await until_waiting(books.house, len(posting))
        slow.let_go.set()
        await closing
        assert await asyncio.gather(*posting) == [RefusalCode.PERIOD_CLOSED] * len(buyers)
    assert [await postings(books, each) for each in buyers] == before


async def open_april(books: World) -> None:
    """Books that were opened before, for a month behind all that is closed here."""
    await start(books, await customer_on(books, books.tenant.sandbox_house.shard, IN_APRIL))


@pytest.mark.row("H6")
@pytest.mark.parametrize("opened_before", [False, True])
async def test_closing_a_later_month_waits_for_the_first_posting_of_an_earlier_one(
    books: World, opened_before: bool
) -> None:
    if opened_before:
        await open_april(books)
    ada = await customer_on(books, books.tenant.sandbox_house.shard, IN_FEBRUARY)
    with held(start_subscription) as slow:
        posting = await slow.begun(begin(books, ada, posting=slow.operation))  # February's row is not to be seen yet
        closing = asyncio.ensure_future(close(books, MARCH))
        await until_waiting(books.house, 1)
        slow.let_go.set()
        await asyncio.gather(posting, closing)
    assert await postings(books, ada) == 1
    assert await refusal(start(books, ada, "team")) is RefusalCode.PERIOD_CLOSED


@pytest.mark.row("H6")
@pytest.mark.parametrize("opened_before", [False, True])
async def test_the_first_posting_of_a_month_waits_for_the_closing_of_a_later_one(
    books: World, opened_before: bool
) -> None:
    if opened_before:
        await open_april(books)
    ada = await customer_on(books, books.tenant.sandbox_house.shard, IN_FEBRUARY)
    with held(close_period) as slow:
        closing = await slow.begun(close(books, MARCH, closing=slow.operation))
        posting = asyncio.ensure_future(refusal(begin(books, ada)))
        await until_waiting(books.house, 1)
        slow.let_go.set()
        await closing
        assert await posting is RefusalCode.PERIOD_CLOSED
    assert await postings(books, ada) == 0


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
