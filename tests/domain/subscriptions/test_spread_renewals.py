"""Renewals of one anchor are spread over the hour after it, each at a second of its own, on time or late."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.customers.advance_clock import SetClock, set_clock
from domain.ids import SubscriptionId, uuid7
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.subscription import renewal_second
from tests.lives import buyer, by_house, day, invoices_of, start, subscription_of, until
from tests.world import Someone, World

HOUR, MIDNIGHT = timedelta(hours=1), day(2, 1)


@pytest.mark.row("D19")
def test_a_hundred_thousand_renewals_of_one_midnight_come_evenly_over_its_hour() -> None:
    seeded = random.Random(19)
    ids = [SubscriptionId(1, uuid7(day(1, 1), seeded.randbytes(10))) for _ in range(100_000)]
    seconds = [renewal_second(id, MIDNIGHT) for id in ids]
    assert all(MIDNIGHT <= second < MIDNIGHT + HOUR for second in seconds)
    minutes = Counter((second - MIDNIGHT) // timedelta(minutes=1) for second in seconds)
    # 1,667 a minute on average, with a standard deviation of 40: six of them either way.
    assert len(minutes) == 60 and 1_420 < min(minutes.values()) <= max(minutes.values()) < 1_910
    assert max(Counter(seconds).values()) < 75  # of 28 a second on average; a peak at midnight would be all of them
    assert [renewal_second(id, MIDNIGHT) for id in ids[:100]] == seconds[:100]


async def renewals(world: World, of: Sequence[Someone]) -> dict[str, object]:
    """When the renewal of each customer's subscription is due."""
    rows = [
        await world.house.db.primary.fetchrow(
            "SELECT customer_id, due_at FROM due_work WHERE shard_key = $1 AND customer_id = $2 AND kind = $3",
            each.id.shard,
            each.id.uuid,
            RENEW,
        )
        for each in of
    ]
    return {str(row["customer_id"]): row["due_at"] for row in rows if row}


@pytest.mark.row("D19")
async def test_customers_of_one_midnight_are_due_at_the_second_of_their_own_and_again_at_the_same(world: World) -> None:
    many = [await buyer(world) for _ in range(6)]
    for each in many:
        await start(world, each)
    due = await renewals(world, many)
    own = {str(each.id.uuid): renewal_second((await subscription_of(world, each)).id, MIDNIGHT) for each in many}
    assert due == own
    assert len(set(due.values())) > 1
    ada = many[0]
    await until(world, ada, day(2, 2))
    assert (await renewals(world, [ada]))[str(ada.id.uuid)] == own[str(ada.id.uuid)] + timedelta(days=28)


async def test_a_week_of_downtime_gives_the_invoices_that_would_have_come_on_time(world: World) -> None:
    prompt, late = await buyer(world), await buyer(world)
    for each in (prompt, late):
        await start(world, each)
    await until(world, prompt, day(2, 1, 3))
    await until(world, prompt, day(2, 9))
    await by_house(world, late, set_clock, SetClock(day(2, 8)), follow=False)  # nobody worked for that week
    await until(world, late, day(2, 9))

    async def billed(who: Someone) -> list[object]:
        """What each invoice is for and comes to."""
        return [
            (each.reason, each.period_start, each.period_end, each.total, each.state.name)
            for each in await invoices_of(world, who)
        ]

    assert await billed(late) == await billed(prompt)
    assert len(await billed(late)) == 2
