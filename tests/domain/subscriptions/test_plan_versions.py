"""Which version of a plan a change and a renewal lead to: the one that was quoted and billed, whatever came since."""

from datetime import datetime
from typing import TypeVar

from domain.catalog.plan import price
from domain.catalog.publish import PublishPrice, publish_price
from domain.catalog.publish_version import PlanTerms, PublishPlanVersion, publish_plan_version
from domain.customers.advance_clock import SetClock, set_clock
from domain.ids import PriceId, SubscriptionId
from domain.invoices.line import lines_of
from domain.money import Money
from domain.operation import Operation
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.subscription import subscription
from tests.domain.subscriptions.test_quotes import bound
from tests.lives import buy, buyer, by_house, day, invoices_of, start, subscription_of, tell, until
from tests.subscription_lives import plan_of, switch
from tests.world import EUR, LONG_AGO, Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


async def published(world: World, operation: Operation[C, O], command: C) -> O:
    """What is published for all customers."""
    db, home = world.house.db, world.tenant.live_house
    return (await perform(db, operation, world.house.actor, home, command, fresh("publish"))).outcome


async def next_version(world: World, of: PriceId, since: datetime, terms: PlanTerms) -> None:
    """A version of the plan of that price for those who come after it."""
    plan = (await price(world.house.db.primary, world.tenant.tenant, of)).plan
    await published(world, publish_plan_version, PublishPlanVersion(plan, since, None, terms))


async def owner_of_two(world: World) -> tuple[Someone, SubscriptionId, str]:
    """Somebody with two subscriptions: which the first is, and of which family the other is."""
    ada = await buyer(world)
    first = (await start(world, ada, "team")).subscription
    await buy(world, ada, await plan_of(world, 500, PlanTerms()))
    return ada, first, (await subscription_of(world, ada)).family


async def test_another_interval_of_a_plan_leaves_the_version_that_was_bought_on_the_bill_too(world: World) -> None:
    ada = await buyer(world)
    monthly = await plan_of(world, 1000, PlanTerms())
    plan = (await price(world.house.db.primary, world.tenant.tenant, monthly)).plan
    yearly = (
        await published(world, publish_price, PublishPrice(plan, Money(10000, EUR), Unit.YEAR, 1, LONG_AGO))
    ).price
    await buy(world, ada, monthly)
    bought = (await subscription_of(world, ada)).plan_version
    await next_version(world, monthly, day(1, 5), PlanTerms(tax_category="books"))
    await until(world, ada, day(1, 11))
    done = await switch(world, ada, yearly)
    changed = (await invoices_of(world, ada))[-1].id
    lines = (await lines_of(world.house.db.primary, ada.id, [changed]))[changed]
    assert {(line.plan_version, line.category) for line in lines} == {(bought, "standard")}
    assert (done.plan_version, (await subscription_of(world, ada)).plan_version) == (bought, bought)


async def test_a_change_takes_effect_on_the_version_that_was_quoted(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    dearer = await plan_of(world, 3000, PlanTerms())
    await next_version(world, dearer, day(1, 11, 18, 5), PlanTerms(tax_category="books"))
    await until(world, ada, day(1, 11, 18))
    command = ChangePlan(begun.subscription, dearer)
    shown = (await perform(world.house.db, change_plan, ada.actor, ada.id, command, "preview", preview=True)).outcome
    await until(world, ada, day(1, 11, 18, 10))
    await world.do(ada, change_plan, bound(command, shown))
    assert (await subscription_of(world, ada)).plan_version == shown.plan_version


async def test_a_plan_that_moved_into_a_taken_family_does_not_stop_a_renewal_that_was_planned_for_it(
    world: World,
) -> None:
    ada, first, taken = await owner_of_two(world)
    cheaper = await plan_of(world, 700, PlanTerms())
    await world.do(ada, change_plan, ChangePlan(first, cheaper))
    await next_version(world, cheaper, day(1, 20), PlanTerms(family=taken))
    await until(world, ada, day(2, 3))
    now = await subscription(world.house.db.primary, ada.id, first)
    assert (now.period.start, now.price, now.family != taken) == (day(2, 1), cheaper, True)
    assert await families(world, ada) == sorted([now.family, taken])


async def test_an_overdue_renewal_begins_on_the_family_that_was_planned_although_it_was_sold_only_later(
    world: World,
) -> None:
    ada, first, taken = await owner_of_two(world)
    cheaper = await plan_of(world, 700, PlanTerms(family=taken))
    await next_version(world, cheaper, day(2, 5), PlanTerms(family="sold later"))
    await by_house(world, ada, set_clock, SetClock(day(2, 10)), follow=False)
    await perform(world.house.db, change_plan, ada.actor, ada.id, ChangePlan(first, cheaper), "planned")
    await until(world, ada, day(2, 11))
    now = await subscription(world.house.db.primary, ada.id, first)
    assert (now.period.start, now.price, now.family) == (day(2, 1), cheaper, "sold later")
    assert await families(world, ada) == sorted([now.family, taken])


async def families(world: World, of: Someone) -> list[str]:
    """The plan families that the customer's subscriptions take."""
    rows = await world.house.db.primary.fetch(
        "SELECT family FROM family_claim WHERE shard_key = $1 AND customer_id = $2 ORDER BY family",
        of.id.shard,
        of.id.uuid,
    )
    return [row["family"] for row in rows]


async def test_a_change_takes_effect_on_the_version_it_was_billed_on_whatever_is_published_for_that_day(
    world: World,
) -> None:
    ada, first, taken = await owner_of_two(world)
    dearer = await plan_of(world, 9000, PlanTerms())
    await until(world, ada, day(1, 5))
    await world.card(ada, "tok_bank_held")
    changing = (await world.do(ada, change_plan, ChangePlan(first, dearer))).outcome
    await next_version(world, dearer, day(1, 2), PlanTerms(family=taken))
    await tell(world, ada, changing.payment, News.CAPTURED)
    now = await subscription(world.house.db.primary, ada.id, first)
    assert (now.price, now.plan_version, now.pending) == (dearer, changing.plan_version, None)
    assert await families(world, ada) == sorted([now.family, taken])
