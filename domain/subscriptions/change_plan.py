"""Changing the plan, its interval, and with them the seats if wanted; as it was quoted, or as it is now."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.plan import PriceModel, price
from domain.db import Tx
from domain.ids import InvoiceId, PriceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.payments.take_invoice_back import take_invoice_back
from domain.payments.under_way import is_being_paid
from domain.portal_function import PortalFunction
from domain.refusals import Refused
from domain.subscriptions.binding import Binding, instant_of, require_same, require_version, sealed, stale
from domain.subscriptions.change import PlanChanging, Timing, mode_of, require_changeable, require_fitting
from domain.subscriptions.change_now import change_to
from domain.subscriptions.invoice_paid import drop_change
from domain.subscriptions.offer import Offer, offered_to
from domain.subscriptions.subscription import Subscription, SubscriptionStands, subscription
from domain.wire import added

CHANGERS = frozenset({Grant.PORTAL, Grant.PARTNER, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """Put a subscription on another offered price, with another quantity or the one it has (one of a flat price).

    ``version`` is the one of the subscription that the caller has seen; with a quote it is the quote's.
    """

    subscription: SubscriptionId
    price: PriceId
    quantity: int | None = added(None)
    timing: Timing = added(Timing.BY_RULE)
    quote: Binding | None = added(None)
    version: int | None = added(None)


@operation(
    "subscriptions.change_plan", allowed=CHANGERS, moves_money=True, function=PortalFunction.CHANGE_PLAN, begins=True
)
async def change_plan(tx: Tx, command: ChangePlan) -> PlanChanging:
    """STATE_CONFLICT unless active or in a trial, for what it has already, for another version than the caller has
    seen, or where money is due before the running period is paid; CHANGE_PENDING while a change waits for its payment;
    QUOTE_STALE for a quote that does not hold; FORBIDDEN for a timing that is not the caller's to choose;
    NOT_FOUND, CURRENCY_MISMATCH, ALREADY_EXISTS, INVALID_INPUT and PAYMENT_METHOD_REQUIRED as when starting."""
    of = await subscription(tx, tx.customer, command.subscription)
    require_changeable(of)
    at = instant_of(tx, command.quote)
    require_same(tx, command.quote, of)
    require_version(of, command.version)
    to = await _offered(tx, of, command, at)
    require_fitting(of, to, "priceId")
    mode = await mode_of(tx, of, to, command.timing, at)
    done = await change_to(tx, of, to, mode, at)
    return sealed(of, to, done, at, command.quote, preview=tx.preview)


async def _offered(tx: Tx, of: Subscription, command: ChangePlan, at: datetime) -> Offer:
    """What it is put on; a price that was quoted and is not on offer any more makes the quote stale."""
    try:
        return await offered_to(tx, of, command.price, await _quantity(tx, of, command), at)
    except Refused as refused:
        if command.quote is None:
            raise
        raise stale("What was quoted is not on offer any more; ask for a new quote.") from refused


async def _quantity(tx: Tx, of: Subscription, command: ChangePlan) -> int:
    if command.quantity is not None:
        return command.quantity
    return 1 if (await price(tx, of.tenant, command.price)).model is PriceModel.FLAT else of.quantity


@dataclass(frozen=True, slots=True)
class DiscardChange:
    """The invoice of a pending change whose payment failed."""

    subscription: SubscriptionId
    invoice: InvoiceId


@operation("subscriptions.discard_change", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def discard_change(tx: Tx, command: DiscardChange) -> SubscriptionStands:
    """Voids the open invoice of a pending change; the subscription stays as it was. Nothing happens once it is paid,
    nor while a payment of it may still succeed."""
    of = await subscription(tx, tx.customer, command.subscription)
    unpaid = await invoice(tx, tx.customer, command.invoice)
    if of.pending_invoice != unpaid.id or unpaid.state.name == "paid" or await is_being_paid(tx, unpaid):
        return SubscriptionStands(of.id, of.state.name)
    if unpaid.state.name == "open":
        await take_invoice_back(tx, unpaid)
    await drop_change(tx, of)
    tx.emit("subscription.change_discarded", subscription=of.id, invoice=unpaid.id)
    return SubscriptionStands(of.id, of.state.name)
