"""Changing the plan: dearer at once, prorated, applied once it is paid; cheaper or another interval next term."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.plan import Plan, Price, offered_price
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, PriceId, SubscriptionId
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import finalize
from domain.invoices.invoice import invoice
from domain.invoices.line import LiveCharge, live_charge
from domain.invoices.settle import void
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect, require_means
from domain.period import pin
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.proration import ProrationQuote, plan_change
from domain.subscriptions.start import SubscriptionStands
from domain.subscriptions.subscription import Subscription, has_plan, store_plans, subscription
from domain.subscriptions.terms import change_lines, invoiced_slice, period_price


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """Put a subscription on another offered price."""

    subscription: SubscriptionId
    price: PriceId


@dataclass(frozen=True, slots=True)
class PlanChanging:
    """What happens now or later: the proration with its invoice and payment, or the instant of the next term."""

    subscription: SubscriptionId
    credit: Money
    charge: Money
    due: Money
    effective_at: datetime
    invoice: InvoiceId | None
    payment: PaymentId | None


@operation(
    "subscriptions.change_plan",
    allowed=frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}),
    moves_money=True,
)
async def change_plan(tx: Tx, command: ChangePlan) -> PlanChanging:
    """STATE_CONFLICT unless active, already on the price, or dearer before the running period is paid;
    CHANGE_PENDING while a change waits for its payment;
    NOT_FOUND, CURRENCY_MISMATCH, ALREADY_EXISTS and PAYMENT_METHOD_REQUIRED as when starting."""
    of = await subscription(tx, tx.customer, command.subscription)
    plan, price = await offered_price(tx, tx.head.tenant, command.price, tx.now)
    _check(of, price)
    if await has_plan(tx, tx.customer, plan.id, besides=of.id):
        message = f"Another subscription is on {plan.name} already, or will be."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, ("priceId",))
    dearer = price.cadence == of.cadence and price.unit_amount > of.unit_amount
    if dearer and of.period.contains(pin(tx.now)):
        live = await _paid_charge(tx, of)
        quote = plan_change([invoiced_slice(live)], period_price(price, of.quantity), of.period, pin(tx.now))
        if quote.net.minor >= 0:
            return await _change_now(tx, of, plan, price, quote, live)
    await store_plans(tx, of, next_price=price.id, pending=None)
    tx.emit("subscription.change_scheduled", subscription=of.id)
    nothing = Money.zero(price.unit_amount.currency)
    return PlanChanging(of.id, nothing, nothing, nothing, of.period.end, None, None)


def _check(of: Subscription, price: Price) -> None:
    if of.pending_invoice is not None:
        message = "An earlier change waits for its payment; nothing else changes until that is known."
        raise Refused(RefusalCode.CHANGE_PENDING, message, ("subscriptionId",))
    if of.state.name != "active":
        message = f"A subscription that is {of.state.name} cannot change its plan."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    if price.id == of.price:
        raise Refused(RefusalCode.STATE_CONFLICT, "The subscription has this price already.", ("priceId",))
    if price.unit_amount.currency != of.unit_amount.currency:
        message = f"This subscription is billed in {of.unit_amount.currency}."
        raise Refused(RefusalCode.CURRENCY_MISMATCH, message, ("priceId",))


async def _paid_charge(tx: Tx, of: Subscription) -> LiveCharge:
    """The charge for the time from now on; nothing is given back of one that is not yet issued or not yet paid."""
    live = await live_charge(tx, tx.customer, of.id, tx.now)
    if live is None or (await invoice(tx, tx.customer, live.ref.invoice)).state.name != "paid":
        message = "The running period is not paid yet; a dearer plan can be taken as soon as it is."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    return live


async def _change_now(
    tx: Tx, of: Subscription, plan: Plan, price: Price, quote: ProrationQuote, live: LiveCharge
) -> PlanChanging:
    await require_means(tx)
    earlier = await tx.fetchval(
        """SELECT count(*) FROM invoice
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason LIKE 'change:%'""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
    )
    lines = change_lines(quote, live, plan, price, of.quantity)
    reason = f"change:{earlier + 1}"
    draft = Draft(of.id, reason, of.period.start, of.period.end, of.unit_amount.currency, lines)
    issued = await finalize(tx, await store_draft(tx, draft), tx.now)
    payment = None
    if not tx.preview:
        # What was planned for the next term stays planned until this change is paid.
        await store_plans(tx, of, next_price=of.next_price, pending=(price.id, issued.invoice))
        payment = await collect(tx, issued)
    return PlanChanging(of.id, quote.credit, quote.charge, issued.due, quote.at, issued.invoice, payment)


@dataclass(frozen=True, slots=True)
class DiscardChange:
    """The invoice of a pending change whose payment failed."""

    subscription: SubscriptionId
    invoice: InvoiceId


@operation("subscriptions.discard_change", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def discard_change(tx: Tx, command: DiscardChange) -> SubscriptionStands:
    """Voids the open invoice of a pending change; the subscription stays as it was."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.pending_invoice != command.invoice:
        return SubscriptionStands(of.id, of.state.name)
    unpaid = await invoice(tx, tx.customer, command.invoice)
    if unpaid.state.name == "open":
        await void(tx, unpaid)
    await store_plans(tx, of, next_price=of.next_price, pending=None)
    tx.emit("subscription.change_discarded", subscription=of.id, invoice=unpaid.id)
    return SubscriptionStands(of.id, of.state.name)
