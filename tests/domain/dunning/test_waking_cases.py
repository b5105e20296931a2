"""What a failed payment wakes of a customer's other cases: by as many statements for many of them as for one."""

from datetime import timedelta

from domain.dunning.case import LIVING, cases, living_cases
from domain.dunning.open_case import PaymentFailed, payment_failed
from domain.ids import InvoiceId
from domain.money import Money
from domain.payments.settle_payment import News
from domain.period import Unit
from tests.lives import attempts_at, buy, buyer, by_house, day, invoices_of, publish, tell, until
from tests.statements import statements_seen
from tests.world import EUR, Someone, World

WEEK = timedelta(days=7)


async def woken(world: World, many: int) -> tuple[int, int]:
    """How many of so many cases that wait for a bank a failed payment made due, and by how many statements."""
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(1, 2) + many * WEEK)
    unpaid = [each.id for each in await invoices_of(world, ada) if each.reason == "renewal"]
    assert len(unpaid) == many
    await decline(world, ada, unpaid)
    await world.card(ada, "tok_bank_held")  # it is charged for each of them
    await until(world, ada, day(3, 1))
    first = (await attempts_at(world, ada, unpaid[0]))[-1]
    await tell(world, ada, first.id, News.DECLINED, code="account_closed", hard=True, follow=False)
    with statements_seen() as statements:
        await by_house(world, ada, payment_failed, PaymentFailed(unpaid[0], first.id), follow=False)
    due = await world.house.db.primary.fetchval(
        """SELECT count(*) FROM due_work w JOIN customer_head h USING (shard_key, customer_id)
            WHERE w.shard_key = $1 AND w.customer_id = $2 AND w.kind = 'dunning_suspend' AND w.due_at = h.clock_at""",
        ada.id.shard,
        ada.id.uuid,
    )
    return due, sum("INSERT INTO due_work" in sql for sql in statements)


async def decline(world: World, of: Someone, unpaid: list[InvoiceId]) -> None:
    """What is under way for these invoices is declined for good."""
    for each in unpaid:
        held = (await attempts_at(world, of, each))[-1]
        await tell(world, of, held.id, News.DECLINED, code="account_closed", hard=True)


async def test_a_failed_payment_wakes_many_cases_by_as_many_statements_as_one(world: World) -> None:
    one, many = await woken(world, 1), await woken(world, 3)
    assert (one[0], many[0]) == (1, 3)
    assert one[1] == many[1]


async def test_the_living_cases_are_those_that_may_still_change(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(1, 17))
    await world.card(ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(1, 24))
    every, living = [await of(world.house.db.primary, ada.id) for of in (cases, living_cases)]
    assert living == [each for each in every if each.state.name in LIVING]
    assert 0 < len(living) < len(every)
