"""Subscriptions where something happens between a payment and what follows from it."""

import pytest

from domain.actor import Grant
from domain.ids import PaymentId, SubscriptionId
from domain.ledger.balance import balance
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change import Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.expire import ExpireSubscription, expire_subscription
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from domain.subscriptions.subscription import subscription
from tests.world import EUR, Someone, World, fresh


async def tell(world: World, of: Someone, payment: PaymentId | None, news: News, code: str | None = None) -> None:
    """News of a payment, with nothing yet done about it."""
    assert payment is not None
    command = SettlePayment(payment, news, f"payment of {payment}", None, code, False, None, confirmed=True)
    await perform(world.house.db, settle_payment, world.house.actor, of.id, command, fresh("news"))


async def buyer(world: World) -> Someone:
    """A customer with a card."""
    ada = await world.customer()
    await world.card(ada)
    return ada


async def start(world: World, of: Someone, code: str = "starter") -> SubscriptionStarted:
    """A subscription whose first payment is captured and performed."""
    return (await world.do(of, start_subscription, StartSubscription(world.prices[code], 1))).outcome


async def state_of(world: World, of: Someone, id: SubscriptionId) -> str:
    """Where a subscription stands."""
    return (await subscription(world.house.db.primary, of.id, id)).state.name


async def test_who_has_paid_in_time_does_not_expire_while_the_activation_is_on_its_way(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    command = StartSubscription(world.prices["starter"], 1)
    begun = (await perform(db, start_subscription, ada.actor, ada.id, command, fresh("start"))).outcome
    await tell(world, ada, begun.payment, News.CAPTURED)
    expire = ExpireSubscription(begun.subscription)
    await perform(db, expire_subscription, world.house.actor, ada.id, expire, fresh("expire"))
    await do_now(world.house, ada.id)
    assert await state_of(world, ada, begun.subscription) == "active"


async def test_a_change_that_nothing_is_due_for_waits_for_nothing(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    begun = await start(world, ada, "team")
    command = ChangePlan(begun.subscription, world.prices["starter"], timing=Timing.NOW)
    await perform(db, change_plan, world.staff(Grant.SUPPORT), ada.id, command, fresh("change"))
    now = await subscription(db.primary, ada.id, begun.subscription)
    # What is given back and what is charged stand or fall together, however late the rest of it is performed.
    assert (now.price, now.pending) == (world.prices["starter"], None)
    await do_now(world.house, ada.id)
    assert await subscription(db.primary, ada.id, begun.subscription) == now
    assert (await balance(db.primary, ada.id, EUR)).credit.minor == 1000


async def test_a_change_is_not_discarded_while_another_attempt_to_pay_it_is_open(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    started = await start(world, ada)
    change = ChangePlan(started.subscription, world.prices["team"])
    changing = (await perform(db, change_plan, ada.actor, ada.id, change, fresh("change"))).outcome
    await tell(world, ada, changing.payment, News.DECLINED, "insufficient_funds")
    assert changing.invoice is not None
    await perform(db, pay_invoice, ada.actor, ada.id, PayInvoice(changing.invoice, None), fresh("pay"))
    await do_now(world.house, ada.id)
    now = await subscription(db.primary, ada.id, started.subscription)
    assert (now.unit_amount.minor, now.pending_invoice) == (2000, None)
    assert (await balance(db.primary, ada.id, EUR)).credit.minor == 0


async def test_two_subscriptions_never_meet_on_one_plan(world: World) -> None:
    ada = await buyer(world)
    cheap, dear = await start(world, ada, "starter"), await start(world, ada, "team")
    for id, code in ((cheap.subscription, "team"), (dear.subscription, "starter")):
        with pytest.raises(Refused) as refused:
            await world.do(ada, change_plan, ChangePlan(id, world.prices[code]))
        assert refused.value.code is RefusalCode.ALREADY_EXISTS


async def test_a_plan_that_a_change_leads_to_next_month_cannot_be_started_meanwhile(world: World) -> None:
    ada = await buyer(world)
    started = await start(world, ada, "team")
    later = ChangePlan(started.subscription, world.prices["yearly"], timing=Timing.PERIOD_END)
    await world.do(ada, change_plan, later)
    with pytest.raises(Refused) as refused:
        await start(world, ada, "yearly")
    assert refused.value.code is RefusalCode.ALREADY_EXISTS
