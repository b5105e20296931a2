"""Renewal: the next period begins, its invoice is drafted, and an hour later issued and collected."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.catalog.plan import Plan, Price, plan, price
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, SubscriptionId
from domain.invoices.draft import FINALIZE as FINALIZE
from domain.invoices.draft import Draft, store_draft
from domain.invoices.finalize import finalize
from domain.operation import operation
from domain.payments.collect import collect
from domain.period import Anchor, Period, period, period_index, pin
from domain.subscriptions.subscription import RENEW, Subscription, schedule_renewal, subscription
from domain.subscriptions.terms import full_charge

DRAFT_FOR = timedelta(hours=1)  # time to look at a renewal's invoice before it is final


@dataclass(frozen=True, slots=True)
class RenewSubscription:
    """A subscription whose period is over."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class SubscriptionRenewed:
    """The period that is running now, and the drafted invoice where a new one began."""

    subscription: SubscriptionId
    period_start: datetime
    period_end: datetime
    draft: InvoiceId | None


@operation("subscriptions.renew", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def renew_subscription(tx: Tx, command: RenewSubscription) -> SubscriptionRenewed:
    """Begins the next period of an active subscription once the running one is over; otherwise nothing changes.

    A subscription that is not active renews when it has recovered. A late run catches up period by period.
    """
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name != "active":
        await due.finish(tx, RENEW, of.id.uuid)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    if tx.now < of.period.end:
        await schedule_renewal(tx, of, of.period.end)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    terms = await price(tx, of.tenant, of.next_price or of.price)
    anchor, index = _following(of, terms)
    following = period(anchor, index)
    await _store_period(tx, of, terms, anchor, index, following)
    named = await plan(tx, of.tenant, terms.plan)
    draft = await _draft(tx, of, named, terms, following)
    await due.schedule(tx, FINALIZE, draft.uuid, tx.now + DRAFT_FOR)
    await schedule_renewal(tx, of, following.end)
    tx.emit("subscription.renewed", subscription=of.id, draft=draft)
    return SubscriptionRenewed(of.id, following.start, following.end, draft)


def _following(of: Subscription, terms: Price) -> tuple[Anchor, int]:
    """The period that goes on from the running one, on a new anchor where the interval changes with it.

    Whole periods in which it was suspended are not billed: it goes on in the one in which it came back.
    """
    resumed = of.period.end if of.resumed_at is None else max(of.period.end, pin(of.resumed_at))
    index = period_index(of.anchor, resumed)
    if terms.cadence != of.cadence:
        return Anchor.at(period(of.anchor, index).start, of.time_zone, terms.cadence), 0
    return of.anchor, index


async def _store_period(tx: Tx, of: Subscription, terms: Price, anchor: Anchor, index: int, following: Period) -> None:
    await tx.execute(
        """UPDATE subscription SET plan_id = $4, price_id = $5, unit_amount = $6, next_price_id = NULL,
                  period_index = $7, period_start = $8, period_end = $9, anchor_at = $10, cadence_unit = $11,
                  cadence_count = $12
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, terms.plan.uuid, terms.id.uuid, terms.unit_amount.minor,
        index, following.start, following.end, anchor.start, terms.cadence.unit.value, terms.cadence.count,
    )  # fmt: skip


async def _draft(tx: Tx, of: Subscription, named: Plan, terms: Price, following: Period) -> InvoiceId:
    line = full_charge(named, terms, of.quantity, following)
    currency = of.unit_amount.currency
    return await store_draft(tx, Draft(of.id, "renewal", following.start, following.end, currency, (line,)))


@dataclass(frozen=True, slots=True)
class FinalizeInvoice:
    """A renewal's draft whose hour is over."""

    invoice: InvoiceId


@dataclass(frozen=True, slots=True)
class InvoiceFinalized:
    """The issued invoice, and the attempt that was begun where something is due and a method is there."""

    invoice: InvoiceId
    number: str
    payment: PaymentId | None


@operation("subscriptions.finalize_invoice", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def finalize_invoice(tx: Tx, command: FinalizeInvoice) -> InvoiceFinalized:
    """Issues the invoice and begins to collect it; without a method that counts as a failed attempt."""
    issued = await finalize(tx, command.invoice, tx.now)
    await due.finish(tx, FINALIZE, command.invoice.uuid)
    return InvoiceFinalized(issued.invoice, issued.number, await collect(tx, issued))
