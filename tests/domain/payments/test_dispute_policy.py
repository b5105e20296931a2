"""What follows from disputes: access by the tenant's policy, and which method is charged meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.dispute_policy import DisputePolicy, OnLost, OnOpen, SetDisputePolicy, set_dispute_policy
from domain.payments.method import methods_in_order
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import TRIES, House
from domain.reactions.work import do_now
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.policy import Unused
from tests.dispute_kit import accounts, disputed, disputed_again
from tests.domain.subscriptions.test_entitlements import offer, usable
from tests.lives import (
    Billed,
    attempts_at,
    buy,
    buyer,
    by_house,
    day,
    invoices_of,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.mishaps import later
from tests.webhook_desk import Desk
from tests.world import EUR, Someone, World, fresh, make_world


async def policy(world: World, rules: DisputePolicy) -> None:
    """The tenant's rules from now on."""
    home, command = world.tenant.live_house, SetDisputePolicy(rules)
    await perform(world.house.db, set_dispute_policy, world.staff(Grant.ADMIN), home, command, fresh("policy"))


async def test_access_ends_with_a_dispute_where_the_policy_says_so_and_is_back_once_it_is_won(
    house: House, desk: Desk
) -> None:
    own = await make_world(house)
    await policy(own, DisputePolicy(OnOpen.SUSPEND, OnLost.CANCEL))
    ada, sold = await buyer(own), await offer(own, 5)
    begun = Billed.at_once(await buy(own, ada, sold.price))
    (paid,) = await attempts_at(own, ada, begun.invoice)
    at = day(1, 1)
    assert (await usable(own, ada, at))[sold.limit] == 5
    first = await disputed_again(own, desk, ada, paid, 500)
    await first.told()
    assert await usable(own, ada, at) == {}
    await first.decided("won")
    assert (await usable(own, ada, at))[sold.limit] == 5
    second = await disputed_again(own, desk, ada, paid, 500)
    await second.told()
    await second.decided("lost")
    await do_now(house, ada.id)
    assert (await subscription_of(own, ada)).state.name == "canceled"
    assert len(await invoices_of(own, ada)) == 1, "nothing is given back of what was disputed"
    assert await wrong_rows(own, ada) == []


async def test_access_is_told_as_it_was_before_in_between_and_after_disputes_and_for_what_was_disputed_alone(
    house: House, desk: Desk
) -> None:
    own = await make_world(house)
    await policy(own, DisputePolicy(OnOpen.SUSPEND, OnLost.SUSPEND))
    ada, sold, beside = await buyer(own), await offer(own, 5), await offer(own, 7)
    await buy(own, ada, beside.price)
    begun = Billed.at_once(await buy(own, ada, sold.price))
    (paid,) = await attempts_at(own, ada, begun.invoice)
    for opened, outcome in ((3, "won"), (7, "lost")):
        await until(own, ada, day(1, opened))
        of = await disputed_again(own, desk, ada, paid, 500)
        await of.told()
        await until(own, ada, day(1, opened + 2))
        await of.decided(outcome)
    seen = [await usable(own, ada, day(1, each)) for each in (2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert [each.get(sold.limit) for each in seen] == [5, None, None, 5, 5, None, None, None, None]
    assert {each[beside.limit] for each in seen} == {7}
    await policy(own, DisputePolicy(OnOpen.KEEP, OnLost.KEEP))
    eve = await buyer(own)
    bought = Billed.at_once(await buy(own, eve, sold.price))
    (kept,) = await attempts_at(own, eve, bought.invoice)
    of = await disputed_again(own, desk, eve, kept, 500)
    await of.told()
    assert (await usable(own, eve, day(1, 1)))[sold.limit] == 5


async def test_a_renewal_does_not_charge_the_method_whose_payment_is_in_dispute(world: World, desk: Desk) -> None:
    ada = await world.customer()
    backup = await world.card(ada)
    await world.card(ada)
    of = await disputed(world, desk, who=ada)
    await of.told()
    await until(world, ada, day(2, 2))
    (renewed,) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    assert renewed.method == backup
    assert (await methods_in_order(world.house.db.primary, ada.id))[0].id == of.paid.method, "the default is as it was"
    alone = await disputed(world, desk)
    await alone.told()
    await until(world, alone.who, day(2, 2))
    unpaid = (await invoices_of(world, alone.who))[-1]
    assert await attempts_at(world, alone.who, unpaid.id) == []
    assert (await subscription_of(world, alone.who)).state.name == "past_due", "the customer is asked for another"
    won = await disputed(world, desk)
    await won.told()
    await won.decided("won")
    await until(world, won.who, day(2, 2))
    (again,) = await attempts_at(world, won.who, (await invoices_of(world, won.who))[-1].id)
    assert again.method == won.paid.method


async def test_a_subscription_ends_by_a_lost_dispute_once_a_payment_under_way_is_known(house: House) -> None:
    own = await make_world(house)
    await policy(own, DisputePolicy(OnOpen.KEEP, OnLost.CANCEL))
    ada = await buyer(own, "tok_bank_held")
    begun = await start(own, ada)
    await tell(own, ada, begun.payment, News.CAPTURED, captured=Money(400, EUR))
    await own.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    assert begun.payment is not None
    lost = SettleDispute(
        begun.payment, fresh("dispute"), DisputeStatus.LOST, Money(400, EUR), Money(0, EUR), "fraudulent", None
    )  # fmt: skip
    await by_house(own, ada, settle_dispute, lost)
    for hours in range(TRIES + 1):
        await do_now(later(house, hours * timedelta(hours=1, minutes=1)), ada.id)
    assert (await subscription_of(own, ada)).state.name == "incomplete", "its payment is under way"
    await tell(own, ada, (await attempts_at(own, ada, begun.invoice))[-1].id, News.DECLINED)
    await do_now(later(house, timedelta(hours=TRIES + 3)), ada.id)
    assert (await subscription_of(own, ada)).state.name == "canceled"
    (void,) = await invoices_of(own, ada)
    assert (void.state.name, await credit_of(own, ada)) == ("void", 0), "the bank took back what was paid of it"
    assert set(await accounts(own, ada)) == set()
    assert await wrong_rows(own, ada) == [], "credit that is withheld lowers the loss"
    await by_house(own, ada, settle_dispute, replace(lost, status=DisputeStatus.WON))
    assert await credit_of(own, ada) == 400
    assert await wrong_rows(own, ada) == []


async def test_time_that_is_given_back_after_a_dispute_is_no_credit_for_what_the_bank_took(
    world: World, desk: Desk
) -> None:
    of = await disputed(world, desk, 900)
    await of.told()
    now = CancelSubscription((await subscription_of(world, of.who)).id, CancelAt.NOW, None, Unused.CREDIT)
    given = await of.by_staff(cancel_subscription, now)
    assert given.given_back == Money(1000, EUR)
    assert await credit_of(world, of.who) == 100, "all in all the customer has back what was captured"
    other = await disputed_again(world, desk, of.who, of.paid, 100)
    await other.told()
    assert await credit_of(world, of.who) == 0
    assert await wrong_rows(world, of.who) == []
    await other.decided("won")
    assert await credit_of(world, of.who) == 100
    await of.decided("lost")
    assert await credit_of(world, of.who) == 100
    await of.decided("won", again=True)
    assert await credit_of(world, of.who) == 1000
    assert await wrong_rows(world, of.who) == []


async def test_money_that_comes_after_its_dispute_was_lost_is_no_credit(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.DECLINED)
    await world.card(ada)
    await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    await do_now(world.house, ada.id)
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid"]
    assert begun.payment is not None
    whole = Money(1000, EUR)
    lost = SettleDispute(
        begun.payment, fresh("dispute"), DisputeStatus.LOST, whole, Money(0, EUR), "fraudulent", None
    )  # fmt: skip
    await by_house(world, ada, settle_dispute, lost)
    await tell(world, ada, begun.payment, News.CAPTURED, captured=whole)
    assert await credit_of(world, ada) == 0, "the bank took it back before it was known to have come"
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("late", ["start", "change"])
async def test_what_was_paid_too_late_is_no_credit_for_what_a_dispute_took_before(world: World, late: str) -> None:
    ada = await buyer(world, "tok_bank_held" if late == "start" else "tok_visa")
    begun = await start(world, ada)
    payment, minor = begun.payment, 1000
    if late == "change":
        await until(world, ada, day(1, 11, 18))
        await world.card(ada, "tok_bank_held")
        payment = (
            await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
        ).outcome.payment
        minor = 653
    assert payment is not None
    await until(world, ada, day(4, 10))
    await tell(world, ada, payment, News.CAPTURED, follow=False)
    whole = Money(minor, EUR)
    lost = SettleDispute(payment, fresh("dispute"), DisputeStatus.LOST, whole, Money(0, EUR), "fraudulent", None)
    await by_house(world, ada, settle_dispute, lost)
    assert await credit_of(world, ada) == 0, "the bank took it back before it became credit"
    assert await wrong_rows(world, ada) == []
    await by_house(world, ada, settle_dispute, replace(lost, status=DisputeStatus.WON))
    assert await credit_of(world, ada) == minor
    assert await wrong_rows(world, ada) == []


async def credit_of(world: World, of: Someone) -> int:
    """What the customer's next invoice can use up, in minor units."""
    return (await balance(world.house.db.primary, of.id, EUR)).credit.minor
