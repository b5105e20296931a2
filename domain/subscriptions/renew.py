"""Renewal: the next period begins, its invoice is drafted, and an hour later issued and collected."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, SubscriptionId
from domain.invoices.draft import FINALIZE, Draft, store_draft
from domain.invoices.finalize import finalize
from domain.operation import operation
from domain.payments.collect import collect
from domain.period import Anchor, Period, period, period_index, pin
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.lines import full_charge
from domain.subscriptions.offer import family_kept, next_term
from domain.subscriptions.plans import NOTHING
from domain.subscriptions.store import claim_families, move, schedule_renewal, store_plans
from domain.subscriptions.subscription import Subscription, subscription
from domain.subscriptions.terms import Terms, store_terms
from domain.subscriptions.trial_end import converts

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
    """Begins the next period of an active subscription, or the first one after a trial, once the running one is over.

    A subscription in another state renews when it has recovered, if ever. A late run catches up period by period.
    """
    of = await subscription(tx, tx.customer, command.subscription)
    if of.state.name not in ("active", "trialing"):
        await due.finish(tx, RENEW, of.id.uuid)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    if tx.now < of.period.end:
        await schedule_renewal(tx, of, of.period.end)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    if of.state.name == "trialing" and not await converts(tx, of):
        await due.finish(tx, RENEW, of.id.uuid)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    following, draft = await begin_term(tx, of)
    if of.state.name == "trialing":
        await move(tx, of, "convert")
    await due.schedule(tx, FINALIZE, draft.uuid, tx.now + DRAFT_FOR)
    await schedule_renewal(tx, of, following.end)
    tx.emit("subscription.renewed", subscription=of.id, draft=draft)
    return SubscriptionRenewed(of.id, following.start, following.end, draft)


async def begin_term(tx: Tx, of: Subscription) -> tuple[Period, InvoiceId]:
    """Puts the subscription into the period that follows, on what was planned or what versions say, and drafts it."""
    index, start = next_period(of)
    offer = await family_kept(tx, of, await next_term(tx, of, start))
    if offer.price.cadence == of.cadence:
        anchor = of.anchor
    else:
        anchor, index = Anchor.at(start, of.time_zone, offer.price.cadence), 0
    following = period(anchor, index)
    terms = Terms.on(offer.version, offer.price, offer.quantity, anchor.start)
    await store_terms(tx, of, terms, following.start, "renewal", index=index, running=following)
    if not of.planned.is_nothing:
        await store_plans(tx, of, NOTHING, of.pending)
    if of.family != terms.family:
        await claim_families(tx, of.id, [terms.family, of.pending.family if of.pending else None])
    line = full_charge(offer, following, offer.ruler(of.time_zone))
    currency = of.unit_amount.currency
    return following, await store_draft(tx, Draft(of.id, "renewal", following.start, following.end, currency, (line,)))


def next_period(of: Subscription) -> tuple[int, datetime]:
    """The period that goes on from the running one: its index by the present anchor, and where it starts.

    Whole periods in which it was suspended are not billed: it goes on in the one in which it came back.
    """
    resumed = of.period.end if of.resumed_at is None else max(of.period.end, pin(of.resumed_at))
    index = period_index(of.anchor, resumed)
    return index, period(of.anchor, index).start


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
    await due.finish(tx, FINALIZE, command.invoice.uuid)
    return await issue_and_collect(tx, command.invoice)


async def issue_and_collect(tx: Tx, draft: InvoiceId) -> InvoiceFinalized:
    """Issues a period's draft and begins its payment; without a method that counts as a failed attempt."""
    issued = await finalize(tx, draft, tx.now)
    return InvoiceFinalized(issued.invoice, issued.number, await collect(tx, issued))
