"""What a failed payment wakes of a customer's other cases: by as many statements for many of them as for one."""

from datetime import timedelta

from domain.dunning.case import LIVING, case_of, cases, living_cases
from domain.dunning.open_case import PaymentFailed, payment_failed
from domain.ids import DunningCaseId, InvoiceId
from domain.money import Money
from domain.payments.settle_payment import News
from domain.period import Unit
from domain.reactions.work import do_now
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
    return len(await due_now(world, ada)), sum("INSERT INTO due_work" in sql for sql in statements)


async def due_now(world: World, of: Someone) -> set[DunningCaseId]:
    """The cases whose suspension is due at this very instant of the customer's clock."""
    rows = await world.house.db.primary.fetch(
        """SELECT w.subject FROM due_work w JOIN customer_head h USING (shard_key, customer_id)
            WHERE w.shard_key = $1 AND w.customer_id = $2 AND w.kind = 'dunning_suspend' AND w.due_at = h.clock_at""",
        of.id.shard,
        of.id.uuid,
    )
    return {DunningCaseId(of.id.shard, row["subject"]) for row in rows}


async def decline(world: World, of: Someone, unpaid: list[InvoiceId], *, hard: bool = True) -> None:
    """What is under way for these invoices is declined, for good or for now."""
    for each in unpaid:
        held = (await attempts_at(world, of, each))[-1]
        code = "account_closed" if hard else "insufficient_funds"
        await tell(world, of, held.id, News.DECLINED, code=code, hard=hard)


async def test_a_failed_payment_wakes_many_cases_by_as_many_statements_as_one(world: World) -> None:
    one, many = await woken(world, 1), await woken(world, 3)
    assert (one[0], many[0]) == (1, 3)
    assert one[1] == many[1]


async def test_a_failed_payment_wakes_the_case_that_waited_for_it_and_none_that_has_a_retry_left(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(1, 2) + 2 * WEEK)
    last, again = [each.id for each in await invoices_of(world, ada) if each.reason == "renewal"]
    await decline(world, ada, [last])
    await decline(world, ada, [again], hard=False)
    await world.card(ada, "tok_bank_held")  # it is charged for both, and no retry begins meanwhile
    await until(world, ada, day(2, 3))  # behind the days of suspension, before those of giving up
    first = (await attempts_at(world, ada, last))[-1]
    await tell(world, ada, first.id, News.DECLINED, code="account_closed", hard=True, follow=False)
    await by_house(world, ada, payment_failed, PaymentFailed(last, first.id), follow=False)
    here, there = [await case_of(world.house.db.primary, ada.id, each) for each in (last, again)]
    assert here and there and there.next_retry_at and there.suspend_at < day(2, 3)
    assert await due_now(world, ada) == {here.id}
    await do_now(world.house, ada.id)
    assert await states(world, ada, last, again) == ["suspended", "retrying"]
    await decline(world, ada, [again])
    assert await states(world, ada, last, again) == ["suspended", "suspended"]


async def states(world: World, of: Someone, *unpaid: InvoiceId) -> list[str]:
    """Where the cases of these invoices stand."""
    found = [await case_of(world.house.db.primary, of.id, each) for each in unpaid]
    return [each.state.name for each in found if each]


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
