"""Trials: with a card and without, what follows them, and that nobody has two of a kind."""

import pytest

from domain.catalog.plan import TrialEnd
from domain.money import Money
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.accept_retention import AcceptRetentionOffer, accept_retention_offer
from domain.subscriptions.cancel import (
    CancelAt,
    CancelSubscription,
    ReactivateSubscription,
    cancel_subscription,
    reactivate_subscription,
)
from domain.subscriptions.pause import ResumeSubscription, resume_subscription
from domain.subscriptions.remind import RemindOfTrialEnd, remind_of_trial_end
from domain.subscriptions.retention_answer import retention_answers
from domain.subscriptions.retention_offer import Retention, SetRetentionOffer, set_retention_offer
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.terms import terms_history
from tests.lives import buy, buyer, day, invoices_of, is_entitled, publish, subscription_of, until, wrong_rows
from tests.subscription_lives import cancel, performed, plan_of, refusal, switch, trial
from tests.world import EUR, World, fresh


@pytest.mark.row("D3")
async def test_a_trial_costs_nothing_and_its_first_period_is_billed_from_its_end_on(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, await plan_of(world, 1000, trial(14)))
    assert (begun.invoice, begun.due.minor, begun.trial_end) == (None, 0, day(1, 15))
    assert (await subscription_of(world, ada)).state.name == "trialing"
    assert await is_entitled(world, ada)
    await until(world, ada, day(1, 14, 23, 59))
    assert (await subscription_of(world, ada)).state.name == "trialing"
    await until(world, ada, day(4, 16))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.period.start, now.period.end) == ("active", day(4, 15), day(5, 15))
    billed = [(each.period_start, each.period_end, each.state.name) for each in await invoices_of(world, ada)]
    assert billed == [(day(m, 15), day(m + 1, 15), "paid") for m in (1, 2, 3, 4)]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D3")
async def test_a_trial_without_a_card_ends_with_the_subscription_where_the_plan_says_so(world: World) -> None:
    ada = await world.customer()
    await buy(world, ada, await plan_of(world, 1000, trial(7, end=TrialEnd.CANCEL)))
    assert await is_entitled(world, ada)
    await until(world, ada, day(1, 9))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.ended_at) == ("canceled", day(1, 8))
    assert not await is_entitled(world, ada)
    assert await invoices_of(world, ada) == []


@pytest.mark.row("D3")
async def test_a_trial_without_a_card_pauses_where_the_plan_says_so_and_a_card_resumes_it(world: World) -> None:
    ada = await world.customer()
    await buy(world, ada, await plan_of(world, 1000, trial(7, end=TrialEnd.PAUSE)))
    await until(world, ada, day(1, 20))
    paused = await subscription_of(world, ada)
    assert (paused.state.name, await is_entitled(world, ada)) == ("paused", False)
    resume = ResumeSubscription(paused.id)
    assert await refusal(world, ada, resume_subscription, resume) is RefusalCode.PAYMENT_METHOD_REQUIRED
    await world.card(ada)
    await world.do(ada, resume_subscription, resume)
    now = await subscription_of(world, ada)
    assert (now.state.name, now.period.start, now.period.end) == ("active", day(1, 20), day(2, 20))
    (invoice,) = await invoices_of(world, ada)
    assert (invoice.state.name, invoice.paid.minor) == ("paid", 1000)


@pytest.mark.row("D3")
async def test_a_trial_without_a_card_is_invoiced_where_the_plan_says_so(world: World) -> None:
    ada = await world.customer()
    await buy(world, ada, await plan_of(world, 1000, trial(7, end=TrialEnd.INVOICE)))
    await until(world, ada, day(1, 9))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await world.card(ada)
    assert (await subscription_of(world, ada)).state.name == "active"
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid"]


async def test_a_trial_that_asks_for_a_card_is_refused_without_one(world: World) -> None:
    ada = await world.customer()
    price = await plan_of(world, 1000, trial(7, needs_method=True))
    with pytest.raises(Refused) as refused:
        await buy(world, ada, price)
    assert refused.value.code is RefusalCode.PAYMENT_METHOD_REQUIRED
    await world.card(ada)
    await buy(world, ada, price)
    assert (await subscription_of(world, ada)).state.name == "trialing"


@pytest.mark.row("D3")
async def test_a_customer_has_one_trial_of_a_plan_family_for_ever(world: World) -> None:
    ada, family = await buyer(world), fresh("family")
    first = await plan_of(world, 1000, trial(7, family=family))
    second = await plan_of(world, 2000, trial(30, family=family))
    await buy(world, ada, first)
    await cancel(world, ada, CancelAt.NOW)
    again = await buy(world, ada, second)
    assert (again.trial_end, again.due.minor) == (None, 2000)
    assert (await subscription_of(world, ada)).state.name == "active"


async def test_a_change_in_a_trial_is_free_at_once_and_does_not_make_it_longer(world: World) -> None:
    ada = await buyer(world)
    small, large = await plan_of(world, 1000, trial(14)), await plan_of(world, 5000, trial(60))
    await buy(world, ada, small)
    await until(world, ada, day(1, 5))
    changed = await switch(world, ada, large)
    assert (changed.mode, changed.due.minor, changed.effective_at) == ("trial", 0, day(1, 5))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.price, now.trial_end) == ("trialing", large, day(1, 15))
    history = await terms_history(world.house.db.primary, ada.id, now.id)
    assert [(each.cause, each.effective_at) for each in history] == [("trial", day(1, 1)), ("change", day(1, 5))]
    await until(world, ada, day(1, 16))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [5000]


async def test_a_trial_that_was_used_up_is_not_had_again_by_a_change_into_it(world: World) -> None:
    ada = await buyer(world)
    used, other = await plan_of(world, 1000, trial(14)), await plan_of(world, 1500, trial(14))
    await buy(world, ada, used)
    await cancel(world, ada, CancelAt.NOW)
    await buy(world, ada, other)
    with pytest.raises(Refused) as refused:
        await switch(world, ada, used)
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    assert (await subscription_of(world, ada)).price == other


async def test_a_trial_does_not_change_into_a_plan_that_another_subscription_is_on(world: World) -> None:
    ada = await buyer(world)
    owned, tried = await publish(world, Money(1000, EUR)), await plan_of(world, 1500, trial(14))
    await buy(world, ada, owned)
    await buy(world, ada, tried)
    with pytest.raises(Refused) as refused:
        await switch(world, ada, owned)
    assert refused.value.code is RefusalCode.ALREADY_EXISTS
    assert (await subscription_of(world, ada)).price == tried


async def test_a_trial_can_be_declined_and_is_left_for_another_time(world: World) -> None:
    ada = await buyer(world)
    price = await plan_of(world, 1000, trial(14))
    begun = await world.do(ada, start_subscription, StartSubscription(price, 1, trial=False))
    assert (begun.outcome.due.minor, (await subscription_of(world, ada)).state.name) == (1000, "active")
    await cancel(world, ada, CancelAt.NOW)
    assert (await buy(world, ada, price)).trial_end == day(1, 15)


async def test_the_end_of_a_trial_is_told_three_days_before_it(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, await plan_of(world, 1000, trial(14)))
    await until(world, ada, day(1, 11, 23, 59))
    assert await performed(world, ada, remind_of_trial_end) == 0
    await until(world, ada, day(1, 12))
    assert await performed(world, ada, remind_of_trial_end) == 1
    command, db = RemindOfTrialEnd(begun.subscription), world.house.db
    await perform(db, remind_of_trial_end, world.house.actor, ada.id, command, fresh("key"))
    told = await db.primary.fetchval(
        "SELECT count(*) FROM outbox_event WHERE shard_key = $1 AND customer_id = $2 AND kind = $3",
        ada.id.shard,
        ada.id.uuid,
        "subscription.trial_ending",
    )
    assert told == 1


async def test_a_trial_that_was_cancelled_ends_on_its_day_and_can_be_kept_until_then(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, await plan_of(world, 1000, trial(14)))
    await cancel(world, ada, CancelAt.PERIOD_END)
    assert (await subscription_of(world, ada)).cancel_at == day(1, 15)
    kept = ReactivateSubscription((await subscription_of(world, ada)).id)
    await world.do(ada, reactivate_subscription, kept)
    assert (await subscription_of(world, ada)).state.name == "trialing"
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(1, 16))
    assert (await subscription_of(world, ada)).ended_at == day(1, 15)
    assert await invoices_of(world, ada) == []


async def test_a_trial_counts_the_calendar_days_of_the_customers_zone(world: World) -> None:
    ada = await world.customer(clock_at=day(3, 20, 11), time_zone="Europe/Berlin")
    begun = await buy(world, ada, await plan_of(world, 1000, trial(14)))
    # Noon in Berlin: clocks go forward on 28 March.
    assert begun.trial_end == day(4, 3, 10)


async def test_a_plan_without_a_trial_begins_at_once(world: World) -> None:
    ada = await buyer(world)
    begun = await buy(world, ada, await publish(world, Money(700, EUR)))
    assert (begun.trial_end, begun.due.minor) == (None, 700)


async def test_who_leaves_a_trial_was_offered_no_pause_of_it(world: World) -> None:
    ada, price = await buyer(world), await plan_of(world, 1000, trial(14))
    db, home, smaller = world.house.db, world.tenant.live_house, world.prices["starter"]
    begun = await buy(world, ada, price)
    of = await subscription_of(world, ada)
    offer = SetRetentionOffer(of.plan, None, 30, smaller, 12)
    await perform(db, set_retention_offer, world.house.actor, home, offer, fresh("offer"))
    with pytest.raises(Refused) as refused:
        await world.do(ada, accept_retention_offer, AcceptRetentionOffer(begun.subscription, Retention.PAUSE, None))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    await world.do(ada, cancel_subscription, CancelSubscription(begun.subscription, CancelAt.PERIOD_END))
    assert [each.offered for each in await retention_answers(db.primary, ada.id)] == [(Retention.DOWNGRADE,)]
