"""Cancelling: when access ends, what is still billed and collected, and how it is taken back."""

from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.dunning.case import cases
from domain.ids import InvoiceId
from domain.ledger.balance import balance
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import (
    CancelAt,
    CancelSubscription,
    ReactivateSubscription,
    cancel_subscription,
    reactivate_subscription,
)
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.policy import Unused
from tests.domain.invoices.bills import issue
from tests.lives import (
    attempts_at,
    buyer,
    day,
    invoices_of,
    is_entitled,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.subscription_lives import cancel, refusal, switch
from tests.world import EUR, World, fresh


@pytest.mark.row("D13")
@pytest.mark.row("D14")
async def test_who_cancels_at_the_end_of_the_period_keeps_all_of_it_and_is_not_billed_again(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11))
    canceling = await cancel(world, ada, CancelAt.PERIOD_END)
    assert (canceling.state, canceling.ends_at) == ("pending_cancellation", day(2, 1))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.cancel_at, now.ended_at) == ("pending_cancellation", day(2, 1), None)
    await until(world, ada, day(2, 1) - timedelta(seconds=1))
    assert await is_entitled(world, ada)
    await until(world, ada, day(2, 1))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.ended_at, await is_entitled(world, ada)) == ("canceled", day(2, 1), False)
    await until(world, ada, day(5, 1))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [1000]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D13")
async def test_who_cancels_now_is_out_now(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    canceling = await cancel(world, ada, CancelAt.NOW)
    assert (canceling.state, canceling.ends_at) == ("canceled", day(1, 11, 18))
    assert not await is_entitled(world, ada)
    await until(world, ada, day(3, 1))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [1000]


async def test_a_cancellation_is_taken_back_before_its_day_and_not_after_it(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    keep = ReactivateSubscription(begun.subscription)
    assert await refusal(world, ada, reactivate_subscription, keep) is RefusalCode.STATE_CONFLICT
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(1, 31))
    await world.do(ada, reactivate_subscription, keep)
    now = await subscription_of(world, ada)
    assert (now.state.name, now.cancel_at) == ("active", None)
    await until(world, ada, day(2, 2))
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "paid"]
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(3, 1))
    assert await refusal(world, ada, reactivate_subscription, keep) is RefusalCode.STATE_CONFLICT


@pytest.mark.parametrize("at", CancelAt)
async def test_what_has_ended_is_not_cancelled_again(world: World, at: CancelAt) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await cancel(world, ada, CancelAt.NOW)
    again = CancelSubscription(begun.subscription, at)
    assert await refusal(world, ada, cancel_subscription, again) is RefusalCode.STATE_CONFLICT


async def test_a_cancelled_subscription_ends_now_if_that_is_asked_for_later(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await cancel(world, ada, CancelAt.PERIOD_END)
    again = CancelSubscription(begun.subscription, CancelAt.PERIOD_END)
    assert await refusal(world, ada, cancel_subscription, again) is RefusalCode.STATE_CONFLICT
    assert (await cancel(world, ada, CancelAt.NOW)).state == "canceled"


@pytest.mark.row("D10")
async def test_nobody_is_charged_again_for_a_subscription_that_was_cancelled_while_it_was_behind(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 2))
    at_end = CancelSubscription(begun.subscription, CancelAt.PERIOD_END)
    assert await refusal(world, ada, cancel_subscription, at_end) is RefusalCode.STATE_CONFLICT
    await cancel(world, ada, CancelAt.NOW)
    owed = (await invoices_of(world, ada))[-1]
    tried = len(await attempts_at(world, ada, owed.id))
    await world.card(ada)
    await until(world, ada, day(4, 1))
    (case,) = await cases(world.house.db.primary, ada.id)
    assert case.state.name == "stopped"
    assert len(await attempts_at(world, ada, owed.id)) == tried
    # What is owed stays owed, and can be paid by who wants to.
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 1000
    await world.do(ada, pay_invoice, PayInvoice(owed.id, None))
    assert (await subscription_of(world, ada)).state.name == "canceled"
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 0
    assert await wrong_rows(world, ada) == []


async def test_who_leaves_within_the_hour_of_a_renewal_does_not_owe_the_new_period_and_owes_what_it_keeps(
    world: World,
) -> None:
    ada = await buyer(world)
    await start(world, ada, "team")
    await start(world, ada)
    await until(world, ada, day(2, 1, 0, 59) + timedelta(seconds=59))
    assert (await subscription_of(world, ada)).period.start == day(2, 1)
    await cancel(world, ada, CancelAt.NOW)
    await until(world, ada, day(2, 3))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [2000, 1000, 2000]
    assert await wrong_rows(world, ada) == []


async def test_who_leaves_takes_back_no_invoice_that_is_to_replace_a_void_one(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    wrong = VoidInvoice((await invoices_of(world, ada))[-1].id, "It was wrong.", True)
    await perform(world.house.db, void_invoice, world.staff(Grant.LEAD), ada.id, wrong, fresh("void"))
    await do_now(world.house, ada.id)
    await cancel(world, ada, CancelAt.NOW)
    (left,) = await world.house.db.primary.fetch(
        "SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    assert (await issue(world, ada, InvoiceId(ada.id.shard, left["id"]))).total.minor == 1000


async def test_an_unpaid_first_invoice_is_void_with_the_subscription_unless_it_may_still_be_paid(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    await start(world, ada)
    await cancel(world, ada, CancelAt.NOW)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["void"]
    eve = await buyer(world, "tok_bank_held")
    begun = await start(world, eve)
    command = CancelSubscription(begun.subscription, CancelAt.NOW)
    assert await refusal(world, eve, cancel_subscription, command) is RefusalCode.PAYMENT_IN_PROGRESS


async def test_who_leaves_while_the_running_period_is_being_paid_is_told_of_the_subscription(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(2, 1, 3))
    command = CancelSubscription(begun.subscription, CancelAt.NOW, unused=Unused.CREDIT)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, cancel_subscription, world.staff(Grant.LEAD), ada.id, command, fresh("cancel"))
    assert (refused.value.code, refused.value.path) == (RefusalCode.PAYMENT_IN_PROGRESS, ("subscriptionId",))


async def test_a_change_that_is_paid_after_the_end_becomes_credit(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_bank_held")
    changing = await switch(world, ada, world.prices["team"])
    await cancel(world, ada, CancelAt.NOW)
    await tell(world, ada, changing.payment, News.CAPTURED)
    now = await subscription_of(world, ada)
    assert (now.state.name, now.pending, now.unit_amount.minor) == ("canceled", None, 1000)
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 1000
    assert await wrong_rows(world, ada) == []


async def test_a_change_that_nobody_pays_is_void_when_the_subscription_is_cancelled(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    command = ChangePlan(begun.subscription, world.prices["team"])
    await perform(world.house.db, change_plan, ada.actor, ada.id, command, fresh("change"))
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(2, 2))
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "void"]
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 0


async def test_a_subscription_that_falls_behind_after_it_was_cancelled_still_ends_on_its_day(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 0, 59) + timedelta(seconds=59))  # renewed, and the draft not yet issued
    await cancel(world, ada, CancelAt.PERIOD_END)
    await until(world, ada, day(2, 3))
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await world.card(ada)
    now = await subscription_of(world, ada)
    assert (now.state.name, now.cancel_at) == ("pending_cancellation", day(3, 1))
    await until(world, ada, day(3, 2))
    assert (await subscription_of(world, ada)).ended_at == day(3, 1)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "paid"]


async def test_what_was_planned_for_the_next_period_goes_with_the_cancellation(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada, "team")
    await switch(world, ada, world.prices["starter"])
    await cancel(world, ada, CancelAt.PERIOD_END)
    assert (await subscription_of(world, ada)).planned.is_nothing
    await start(world, ada, "starter")  # its plan is free for another one
    assert (await subscription_of(world, ada)).state.name == "active"


@pytest.mark.row("D20")
async def test_who_decides_on_what_it_saw_earlier_is_refused(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    seen = (await subscription_of(world, ada)).version
    await switch(world, ada, world.prices["team"])
    late = CancelSubscription(begun.subscription, CancelAt.NOW, seen)
    assert await refusal(world, ada, cancel_subscription, late) is RefusalCode.STATE_CONFLICT
