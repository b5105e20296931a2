"""What a paid invoice means for its subscription: the first one activates it, a pending change takes effect.

Either is in time only while the period it is for runs; what is paid later becomes credit, and nothing is given for it.
"""

from dataclasses import dataclass

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.credit_whole import LATE_START, TOO_LATE, credit_whole
from domain.invoices.invoice import Invoice, invoice
from domain.machine import State
from domain.operation import operation
from domain.payments.withhold import withhold
from domain.period import Anchor, period
from domain.subscriptions.lifecycle import EXPIRE
from domain.subscriptions.offer import agreed
from domain.subscriptions.plans import Pending, Planned
from domain.subscriptions.store import claim_families, move, schedule_renewal, store_end, store_plans
from domain.subscriptions.subscription import Subscription, SubscriptionStands, subscription
from domain.subscriptions.terms import Terms, store_terms


@dataclass(frozen=True, slots=True)
class InvoicePaid:
    """An invoice that was just paid in full, and its subscription."""

    subscription: SubscriptionId
    invoice: InvoiceId


@operation("subscriptions.invoice_paid", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def invoice_paid(tx: Tx, command: InvoicePaid) -> SubscriptionStands:
    """Activates an incomplete subscription or applies its pending change; for any other invoice nothing changes."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name == "incomplete":
        return SubscriptionStands(of.id, (await _begin(tx, of, command.invoice)).name)
    if of.pending is not None and of.pending.invoice == command.invoice:
        await _take_effect(tx, of, of.pending, await invoice(tx, tx.customer, command.invoice))
    elif of.trial_end is not None and of.period.start == of.trial_end:
        tx.emit("subscription.trial_paid", subscription=of.id, invoice=command.invoice)
    return SubscriptionStands(of.id, of.state.name)


async def _begin(tx: Tx, of: Subscription, id: InvoiceId) -> State:
    """Activates it. Where its first period was over before that was paid it expires: nothing of it was had, nor of the
    periods since. One on account did not wait for the payment."""
    await due.finish(tx, EXPIRE, of.id.uuid)
    if of.period.end <= tx.now and (first := await invoice(tx, tx.customer, id)).collection == AUTOMATIC:
        await _credit(tx, first, LATE_START, "The first payment came when its period was over.")
        return await move(tx, of, "expire", ended_at=tx.now)
    await schedule_renewal(tx, of, of.period.end)
    return await move(tx, of, "activate")


async def _take_effect(tx: Tx, of: Subscription, change: Pending, paid: Invoice) -> None:
    """A change takes effect only inside the period it was priced in, and that it paid for: a new cycle may be shorter.
    A later success becomes credit."""
    if of.ended_at is None and of.period.end == change.until and tx.now < min(change.until, paid.period_end):
        await apply_change(tx, of, change, paid)
        return
    await _credit(tx, paid, TOO_LATE, "The change was paid too late to take effect.")
    await drop_change(tx, of)
    tx.emit("subscription.change_discarded", subscription=of.id, invoice=paid.id)


async def _credit(tx: Tx, paid: Invoice, kind: str, reason: str) -> None:
    """Makes what was paid credit, but for what a dispute has taken of it before this was heard of."""
    await credit_whole(tx, paid, kind, reason)
    await withhold(tx, paid.id)


async def apply_change(tx: Tx, of: Subscription, change: Pending, paid: Invoice) -> None:
    """Puts the subscription on what was paid for; of what was planned, only what the change does not settle stays."""
    since = change.since or paid.issued_at
    offer = await agreed(tx, of, change.price, change.quantity, paid)
    anchor, index, running = of.anchor, of.period_index, of.period
    if change.anchor_at is not None:
        anchor = Anchor.at(change.anchor_at, of.time_zone, offer.price.cadence)
        index, running = 0, period(anchor, 0)
    terms = Terms.on(offer.version, offer.price, change.quantity, anchor.start)
    await store_terms(tx, of, terms, since, "change", index=index, running=running)
    planned = planned_after(of, change)
    await store_plans(tx, of, planned, None)
    await claim_families(tx, of.id, [] if of.ended_at else [terms.family, planned.family])
    if change.anchor_at is not None and of.cancel_at is not None:
        await store_end(tx, of, running.end)  # what was just paid for is not cut short
    elif change.anchor_at is not None:
        await schedule_renewal(tx, of, running.end)
    tx.emit("subscription.changed", subscription=of.id, invoice=paid.id)


def planned_after(of: Subscription, change: Pending) -> Planned:
    """What stays planned: another price after a change of seats, other seats after a change of price."""
    if of.planned.is_nothing:
        return of.planned
    price = of.planned.price if change.price == of.price else None
    quantity = of.planned.quantity if change.quantity == of.quantity else None
    return Planned(price, quantity, of.planned.family if price else None)


async def drop_change(tx: Tx, of: Subscription) -> None:
    """Forgets the change that waits for its payment; what is planned for the next period stays."""
    await store_plans(tx, of, of.planned, None)
    if of.ended_at is None:
        await claim_families(tx, of.id, [of.family, of.planned.family])
