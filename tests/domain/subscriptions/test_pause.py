"""Pausing: no bill, no time lost that was paid for, and where it goes on."""

from datetime import datetime

import pytest

from domain.money import Money
from domain.payments.settle_payment import News
from domain.refusals import RefusalCode
from domain.subscriptions.cancel import CancelAt, ReactivateSubscription, reactivate_subscription
from domain.subscriptions.pause import (
    LONGEST,
    PauseSubscription,
    ResumeSubscription,
    pause_subscription,
    resume_subscription,
)
from domain.subscriptions.policy import PauseAccess, SubscriptionPolicy
from tests.lives import (
    attempts_at,
    buy,
    buyer,
    day,
    invoices_of,
    is_entitled,
    publish,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.subscription_lives import cancel, refusal, rules, switch
from tests.world import EUR, World


@pytest.mark.row("D13")
async def test_a_pause_bills_nothing_and_keeps_what_was_paid_for(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, None))
    assert (await subscription_of(world, ada)).state.name == "paused"
    assert await is_entitled(world, ada)  # to the end of what was paid for
    await until(world, ada, day(2, 1))
    assert not await is_entitled(world, ada)
    await until(world, ada, day(6, 1))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [1000]


@pytest.mark.row("D13")
async def test_who_comes_back_in_the_paid_period_goes_on_in_it(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, None))
    await until(world, ada, day(1, 20))
    resumed = await world.do(ada, resume_subscription, ResumeSubscription(begun.subscription))
    assert (resumed.outcome.invoice, resumed.outcome.period_end) == (None, day(2, 1))
    await until(world, ada, day(2, 2))
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1), day(2, 1)]


@pytest.mark.row("D13")
async def test_who_comes_back_later_begins_a_new_cycle_on_that_day(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, day(3, 10, 9)))
    await until(world, ada, day(5, 1))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.resumes_at, now.paused_at) == ("active", None, None)
    billed = [(each.period_start, each.period_end, each.state.name) for each in await invoices_of(world, ada)]
    assert billed == [
        (day(1, 1), day(2, 1), "paid"),
        (day(3, 10, 9), day(4, 10, 9), "paid"),
        (day(4, 10, 9), day(5, 10, 9), "paid"),
    ]
    assert await wrong_rows(world, ada) == []


async def test_a_return_that_nobody_pays_goes_the_way_of_an_unpaid_renewal(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, day(3, 10)))
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(3, 11))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await world.card(ada)
    assert (await subscription_of(world, ada)).state.name == "active"


@pytest.mark.parametrize(
    ("access", "in_paid_time", "later"),
    [(PauseAccess.PAID, True, False), (PauseAccess.NONE, False, False), (PauseAccess.FULL, True, True)],
)
async def test_a_pause_gives_the_access_that_the_policy_says(
    world: World, access: PauseAccess, in_paid_time: bool, later: bool
) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await rules(world, SubscriptionPolicy(pause_access=access))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, None))
    await rules(world, SubscriptionPolicy())  # a later policy is not this pause's
    assert await is_entitled(world, ada) is in_paid_time
    await until(world, ada, day(2, 5))
    assert await is_entitled(world, ada) is later


async def test_what_cannot_pause_is_refused(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    for resumes_at in (day(1, 1), day(1, 1) + LONGEST * 2):
        command = PauseSubscription(begun.subscription, resumes_at)
        assert await refusal(world, ada, pause_subscription, command) is RefusalCode.INVALID_INPUT
    pause, resume = PauseSubscription(begun.subscription, None), ResumeSubscription(begun.subscription)
    assert await refusal(world, ada, resume_subscription, resume) is RefusalCode.STATE_CONFLICT
    await world.card(ada, "tok_bank_held")
    changing = await switch(world, ada, world.prices["team"])
    assert await refusal(world, ada, pause_subscription, pause) is RefusalCode.CHANGE_PENDING
    await tell(world, ada, changing.payment, News.CAPTURED)
    await until(world, ada, day(2, 2))  # the bank has not paid the new period yet
    assert await refusal(world, ada, pause_subscription, pause) is RefusalCode.STATE_CONFLICT
    (attempt,) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    await tell(world, ada, attempt.id, News.CAPTURED)
    await world.do(ada, pause_subscription, pause)
    assert await refusal(world, ada, pause_subscription, pause) is RefusalCode.STATE_CONFLICT


@pytest.mark.parametrize("at", CancelAt)
async def test_a_pause_can_be_cancelled_and_what_was_paid_for_still_ends_on_its_day(world: World, at: CancelAt) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, day(1, 20)))
    canceling = await cancel(world, ada, at)
    assert canceling.ends_at == (day(2, 1) if at is CancelAt.PERIOD_END else day(1, 1))
    await until(world, ada, day(2, 2))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.ended_at) == ("canceled", canceling.ends_at)
    assert len(await invoices_of(world, ada)) == 1


@pytest.mark.parametrize("back", [None, day(1, 20), day(2, 20)])
async def test_a_pause_that_was_cancelled_is_gone_on_with_when_that_is_taken_back(
    world: World, back: datetime | None
) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await rules(world, SubscriptionPolicy(pause_access=PauseAccess.NONE))
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, back))
    await rules(world, SubscriptionPolicy())
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(1, 10))
    await world.do(ada, reactivate_subscription, ReactivateSubscription(begun.subscription))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.pause_access, now.resumes_at, now.cancel_at) == ("paused", "none", back, None)
    await until(world, ada, day(3, 1))
    billed = {None: [], day(1, 20): [day(2, 1)], day(2, 20): [day(2, 20)]}[back]
    assert [each.period_start for each in await invoices_of(world, ada)] == [day(1, 1), *billed]
    assert await wrong_rows(world, ada) == []


async def test_what_was_planned_before_a_pause_begins_with_the_return(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada, "team")
    cheaper = await publish(world, Money(300, EUR))
    await switch(world, ada, cheaper)
    await world.do(ada, pause_subscription, PauseSubscription(begun.subscription, day(3, 1)))
    await until(world, ada, day(3, 2))
    now = await subscription_of(world, ada)
    assert (now.price, now.planned.is_nothing) == (cheaper, True)
    assert (await invoices_of(world, ada))[-1].total.minor == 300
    await buy(world, ada, world.prices["team"])  # which is free again
