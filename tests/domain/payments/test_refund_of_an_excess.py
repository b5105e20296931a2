"""Money that was taken twice becomes credit; giving it back takes that credit away, and nothing else."""

from domain.actor import Grant
from domain.ids import PaymentId, RefundId
from domain.money import Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.perform import perform
from domain.reconciliation.verify import verify_shard
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.domain.invoices.bills import credit
from tests.lives import Billed
from tests.world import EUR, Someone, World, fresh


async def paid_twice(world: World) -> tuple[Someone, PaymentId]:
    """Somebody whose first charge was declined, paid again, and was captured after all."""
    ada, db = await world.customer(), world.house.db
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    begun = Billed.at_once((await perform(db, start_subscription, ada.actor, ada.id, command, fresh("start"))).outcome)
    first, name = begun.payment, fresh("payment")
    assert first is not None
    declined = SettlePayment(first, News.DECLINED, name, None, "declined", False, None, confirmed=True)
    await perform(db, settle_payment, world.house.actor, ada.id, declined, fresh("news"))
    await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    captured = SettlePayment(first, News.CAPTURED, name, begun.due, None, False, None, confirmed=True)
    await perform(db, settle_payment, world.house.actor, ada.id, captured, fresh("news"))
    return ada, first


async def give_back(world: World, of: Someone, payment: PaymentId, minor: int) -> RefundId:
    """A refund that nobody has sent yet."""
    command = RequestRefund(payment, Money(minor, EUR), "paid twice")
    staff = world.staff(Grant.SUPPORT)
    return (await perform(world.house.db, request_refund, staff, of.id, command, fresh("refund"))).outcome.refund


async def test_a_refund_of_what_was_paid_in_excess_takes_the_credit_back(world: World) -> None:
    ada, first = await paid_twice(world)
    assert await credit(world, ada) == 1000
    await give_back(world, ada, first, 300)
    assert await credit(world, ada) == 700
    refund = await give_back(world, ada, first, 700)
    assert await credit(world, ada) == 0
    failed = SettleRefund(refund, RefundNews.FAILED, None, "account_closed")
    await perform(world.house.db, settle_refund, world.house.actor, ada.id, failed, fresh("news"))
    assert await credit(world, ada) == 700
    findings = await verify_shard(world.house.db.primary, ada.id.shard)
    assert [finding for finding in findings if finding.customer == ada.id] == []
