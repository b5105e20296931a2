"""Seats, cheaper plans now, other intervals, and what is given back: by the step function, never below nothing."""

from datetime import datetime
from fractions import Fraction

import pytest

from domain.actor import Grant
from domain.catalog.publish_version import PlanTerms
from domain.ledger.balance import balance
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.cancel_scheduled import CancelScheduledChange, cancel_scheduled_change
from domain.subscriptions.change import Timing
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.policy import SeatDecrease, SubscriptionPolicy, Unused
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from domain.subscriptions.terms import terms_history
from tests.lives import buy, buyer, day, invoices_of, start, subscription_of, tell, until, wrong_rows
from tests.subscription_lives import BY_DAY, plan_of, refusal, rules, seats, switch
from tests.world import EUR, Someone, World, fresh

JANUARY = 31 * 86400


async def spent(world: World, of: Someone) -> int:
    """What the customer paid and did not get back as credit."""
    paid = sum(invoice.paid.minor for invoice in await invoices_of(world, of))
    return paid - (await balance(world.house.db.primary, of.id, EUR)).credit.minor


@pytest.mark.row("D6")
async def test_seats_that_change_many_times_cost_the_area_under_their_steps(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, world.prices["starter"], 2)
    steps: list[tuple[datetime, int]] = [
        (day(1, 3), 5), (day(1, 3, 9), 3), (day(1, 11, 18), 8), (day(1, 20), 1), (day(1, 20), 4), (day(1, 31, 23), 9),
    ]  # fmt: skip
    for (at, count), before in zip(steps, [day(1, 1), *(at for at, _ in steps)], strict=False):
        if at > before:
            await until(world, ada, at)
        await seats(world, ada, count, Timing.NOW)
        assert (await subscription_of(world, ada)).quantity == count
    points = [(day(1, 1), 2), *steps]
    ends = [*(at for at, _ in steps), day(2, 1)]
    parts = (
        Fraction(1000 * count * int((end - at).total_seconds()), JANUARY)
        for (at, count), end in zip(points, ends, strict=True)
    )
    exact = sum(parts, Fraction())
    assert abs(await spent(world, ada) - exact) <= 7  # half a minor unit for each line that was rounded
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D6")
async def test_more_seats_count_once_they_are_paid_and_fewer_from_the_next_period_on(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, world.prices["starter"], 2)
    await until(world, ada, day(1, 16, 12))
    more = await seats(world, ada, 4)
    assert (more.credit.minor, more.charge.minor, more.due.minor) == (1000, 2000, 1000)
    fewer = await seats(world, ada, 3)
    assert (fewer.mode, fewer.due.minor, fewer.effective_at) == ("period_end", 0, day(2, 1))
    now = await subscription_of(world, ada)
    assert (now.quantity, now.planned.quantity) == (4, 3)
    await world.card(ada, "tok_insufficient_funds")
    await seats(world, ada, 9)
    assert (await subscription_of(world, ada)).quantity == 4
    await world.card(ada)
    await until(world, ada, day(2, 2))
    assert (await subscription_of(world, ada)).quantity == 3
    assert (await invoices_of(world, ada))[-1].total.minor == 3000
    history = await terms_history(world.house.db.primary, ada.id, begun.subscription)
    assert [(each.effective_at, each.cause, each.terms.quantity) for each in history] == [
        (day(1, 1), "start", 2), (day(1, 16, 12), "change", 4), (day(2, 1), "renewal", 3),
    ]  # fmt: skip


@pytest.mark.row("D15")
async def test_what_is_planned_can_be_taken_back(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada, "team")
    forget = CancelScheduledChange(begun.subscription)
    assert await refusal(world, ada, cancel_scheduled_change, forget) is RefusalCode.STATE_CONFLICT
    await switch(world, ada, world.prices["starter"])
    await world.do(ada, cancel_scheduled_change, forget)
    await start(world, ada, "starter")  # its plan is free for another subscription
    await until(world, ada, day(2, 2))
    assert sorted(each.total.minor for each in await invoices_of(world, ada)) == [1000, 1000, 2000, 2000]


async def test_a_change_that_waits_for_its_payment_stays_when_what_is_planned_is_taken_back(world: World) -> None:
    ada = await buyer(world)
    dearer = await plan_of(world, 3000, PlanTerms())
    begun = await start(world, ada, "team")
    await switch(world, ada, world.prices["starter"])
    await world.card(ada, "tok_bank_held")
    waits = await switch(world, ada, dearer)
    await world.do(ada, cancel_scheduled_change, CancelScheduledChange(begun.subscription))
    await world.card(ada)
    bought = StartSubscription(dearer, 1)
    assert await refusal(world, ada, start_subscription, bought) is RefusalCode.ALREADY_EXISTS
    await start(world, ada, "starter")
    assert await tell(world, ada, waits.payment, News.CAPTURED) == "succeeded"
    assert {each.price for each in await subscriptions(world.house.db.primary, ada.id)} == {
        dearer, world.prices["starter"],
    }  # fmt: skip
    assert await wrong_rows(world, ada) == []


async def test_what_an_ended_subscription_had_planned_is_past_and_its_plan_is_free(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada, "team")
    await switch(world, ada, world.prices["starter"])
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.NOW))
    forget = CancelScheduledChange(begun.subscription)
    assert await refusal(world, ada, cancel_scheduled_change, forget) is RefusalCode.STATE_CONFLICT
    again = await start(world, ada, "team")
    assert again.subscription != begun.subscription


async def test_a_tenant_may_let_fewer_seats_count_now(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, world.prices["starter"], 4)
    await until(world, ada, day(1, 16, 12))
    await rules(world, SubscriptionPolicy(seat_decrease=SeatDecrease.NOW))
    fewer = await seats(world, ada, 2)
    await rules(world, SubscriptionPolicy())
    assert (fewer.mode, fewer.due.minor) == ("now", 0)
    assert fewer.given_back is not None
    assert fewer.given_back.minor == 2000
    assert (await subscription_of(world, ada)).quantity == 2
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 1000
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D7")
async def test_another_interval_begins_a_new_cycle_now_with_the_unused_time_credited(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 16, 12))
    up = await switch(world, ada, world.prices["yearly"])
    assert (up.mode, up.credit.minor, up.charge.minor, up.due.minor) == ("new_cycle", 500, 20000, 19500)
    now = await subscription_of(world, ada)
    assert (now.period.start, now.period.end) == (day(1, 16, 12), day(1, 16, 12, year=2028))
    weekly = await plan_of(world, 300, BY_DAY, Unit.WEEK)
    await until(world, ada, day(2, 16, 12))
    down = await switch(world, ada, weekly)
    assert (down.mode, down.due.minor, (await subscription_of(world, ada)).period.end) == (
        "new_cycle", 0, day(2, 23, 12),
    )  # fmt: skip
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == down.credit.minor - 300
    await until(world, ada, day(3, 3))
    assert all(each.due.minor == 0 for each in await invoices_of(world, ada))
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D4")
async def test_a_plan_that_counts_days_charges_the_whole_day_of_a_change(world: World) -> None:
    ada = await buyer(world)
    cheap, dear = await plan_of(world, 1000, BY_DAY), await plan_of(world, 2000, BY_DAY)
    await buy(world, ada, cheap)
    await until(world, ada, day(1, 11, 18))
    changed = await switch(world, ada, dear)
    assert (changed.credit.minor, changed.charge.minor) == (677, 1355)


async def test_a_change_and_its_way_back_at_the_same_instant_cost_nothing(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await switch(world, ada, world.prices["team"])
    await switch(world, ada, world.prices["starter"], Timing.NOW)
    assert (await subscription_of(world, ada)).unit_amount.minor == 1000
    assert await spent(world, ada) == 1000
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D13")
@pytest.mark.parametrize("unused", Unused)
async def test_who_is_cancelled_now_gets_back_what_the_policy_says(world: World, unused: Unused) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 16, 12))
    command = CancelSubscription(begun.subscription, CancelAt.NOW, None, unused)
    assert await refusal(world, ada, cancel_subscription, command) is RefusalCode.FORBIDDEN
    db, sue = world.house.db, world.staff(Grant.SUPPORT)
    shown = (await perform(db, cancel_subscription, sue, ada.id, command, fresh("key"), preview=True)).outcome
    done = (await perform(db, cancel_subscription, sue, ada.id, command, fresh("key"))).outcome
    await do_now(world.house, ada.id)
    assert shown == done
    assert (done.given_back.minor if done.given_back else 0) == (0 if unused is Unused.NONE else 500)
    credit = (await balance(db.primary, ada.id, EUR)).credit.minor
    assert credit == (500 if unused is Unused.CREDIT else 0)
    assert await wrong_rows(world, ada) == []


async def test_who_leaves_while_behind_owes_only_the_time_that_was_used(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 8))
    command = CancelSubscription(begun.subscription, CancelAt.NOW, None, Unused.CREDIT)
    await perform(world.house.db, cancel_subscription, world.staff(Grant.SUPPORT), ada.id, command, fresh("key"))
    await do_now(world.house, ada.id)
    owed = await balance(world.house.db.primary, ada.id, EUR)
    assert (owed.receivable.minor, owed.credit.minor) == (250, 0)  # 7 of 28 days
    assert await wrong_rows(world, ada) == []


async def test_a_customer_does_not_choose_a_timing_that_is_for_staff(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, world.prices["starter"], 2)
    for timing in (Timing.NOW, Timing.NEW_CYCLE):
        command = ChangeQuantity(begun.subscription, 3, timing)
        assert await refusal(world, ada, change_quantity, command) is RefusalCode.FORBIDDEN
    with pytest.raises(Refused) as refused:
        await seats(world, ada, 0)
    assert refused.value.code is RefusalCode.INVALID_INPUT
