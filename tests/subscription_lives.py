"""What customers and staff do to a subscription in tests, beyond starting it."""

from typing import TypeVar

import pytest

from domain.actor import Grant
from domain.catalog.plan import ProrationClock, TrialEnd
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.catalog.publish_version import PlanTerms
from domain.ids import PriceId
from domain.money import Money
from domain.operation import Operation
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, Canceling, CancelSubscription, cancel_subscription
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from domain.subscriptions.policy import SetSubscriptionPolicy, SubscriptionPolicy, set_subscription_policy
from tests.lives import buy, buyer, day, invoices_of, subscription_of, until
from tests.world import EUR, LONG_AGO, Someone, World, fresh

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


def trial(
    days: int = 14, *, needs_method: bool = False, end: TrialEnd = TrialEnd.CANCEL, family: str | None = None
) -> PlanTerms:
    """The terms of a plan with a trial."""
    return PlanTerms(family=family, trial_days=days, trial_needs_method=needs_method, trial_end=end)


BY_DAY = PlanTerms(proration=ProrationClock.DAY)


async def plan_of(world: World, minor: int, terms: PlanTerms, unit: Unit = Unit.MONTH, count: int = 1) -> PriceId:
    """The price of a new plan on the given terms, in EUR."""
    db, actor, home, code = world.house.db, world.house.actor, world.tenant.live_house, fresh("plan")
    plan = await perform(db, publish_plan, actor, home, PublishPlan(code, code, code, 9, terms), fresh("plan"))
    price = PublishPrice(plan.outcome.plan, Money(minor, EUR), unit, count, LONG_AGO)
    return (await perform(db, publish_price, actor, home, price, fresh("price"))).outcome.price


async def rules(world: World, policy: SubscriptionPolicy) -> None:
    """How the tenant treats those who leave, pause or shrink."""
    command, home = SetSubscriptionPolicy(policy), world.tenant.live_house
    await perform(world.house.db, set_subscription_policy, world.house.actor, home, command, fresh("policy"))


async def switch(
    world: World, of: Someone, price: PriceId, timing: Timing = Timing.BY_RULE, quantity: int | None = None
) -> PlanChanging:
    """A change of plan by the customer, or by staff where only they may choose the timing, and all that follows."""
    command = ChangePlan((await subscription_of(world, of)).id, price, quantity, timing)
    return await _change(world, of, change_plan, command, timing)


async def seats(world: World, of: Someone, quantity: int, timing: Timing = Timing.BY_RULE) -> PlanChanging:
    """Another number of seats, and all that follows."""
    command = ChangeQuantity((await subscription_of(world, of)).id, quantity, timing)
    return await _change(world, of, change_quantity, command, timing)


async def _change(world: World, of: Someone, operation: Operation[C, O], command: C, timing: Timing) -> O:
    by_staff = timing in (Timing.NOW, Timing.NEW_CYCLE)
    actor = world.staff(Grant.SUPPORT) if by_staff else of.actor
    done = await perform(world.house.db, operation, actor, of.id, command, fresh("change"))
    await do_now(world.house, of.id)
    return done.outcome


async def cancel(world: World, of: Someone, at: CancelAt) -> Canceling:
    """The end of the customer's newest subscription, and all that follows."""
    command = CancelSubscription((await subscription_of(world, of)).id, at)
    return (await world.do(of, cancel_subscription, command)).outcome


async def refusal(world: World, of: Someone, operation: Operation[C, O], command: C) -> RefusalCode:
    """Why the customer may not do it; the subscription is as it was."""
    before = await subscription_of(world, of)
    with pytest.raises(Refused) as refused:
        await world.do(of, operation, command)
    assert await subscription_of(world, of) == before
    return refused.value.code


async def performed(world: World, of: Someone, operation: Operation[C, O]) -> int:
    """How often the operation was performed for the customer."""
    count: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM operation_key WHERE shard_key = $1 AND customer_id = $2 AND operation = $3",
        of.id.shard,
        of.id.uuid,
        operation.name,
    )
    return count


async def try_pause_and_leave(world: World) -> None:
    """A trial whose end is told, a pause with a day of return, and a cancellation for the end of a period."""
    cleo = await buyer(world)
    id = (await buy(world, cleo, await plan_of(world, 1000, trial(14)))).subscription
    await until(world, cleo, day(1, 16))
    await world.do(cleo, pause_subscription, PauseSubscription(id, day(3, 1)))
    await until(world, cleo, day(3, 2))
    await cancel(world, cleo, CancelAt.PERIOD_END)
    await until(world, cleo, day(4, 2))
    assert [one.period_start for one in await invoices_of(world, cleo)] == [day(1, 15), day(3, 1)]
    assert (await subscription_of(world, cleo)).ended_at == day(4, 1)
