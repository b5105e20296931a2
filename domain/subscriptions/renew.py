"""Renewal: the next period begins, its invoice is drafted, and an hour later issued and collected."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, SubscriptionId
from domain.invoices.draft import FINALIZE, Draft, store_draft
from domain.invoices.finalize import finalize
from domain.machine import State
from domain.operation import operation
from domain.payments.collect import collect
from domain.period import Anchor, Period, period, period_index, pin
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.lifecycle import NO_PRICE, RENEW
from domain.subscriptions.lines import full_charge
from domain.subscriptions.offer import Offer, family_kept, next_term
from domain.subscriptions.plans import NOTHING
from domain.subscriptions.store import Pause, claim_families, move, schedule_renewal, store_plans
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

    One on a private price whose contract is over renews at the price of the contract that follows, else at the public
    price in force. Without either it never goes on at the private price: it pauses without access, for staff to see and
    to find a price for (``without_price``), and is billed again from the instant on at which somebody resumes it.
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
    try:
        following, draft = await begin_term(tx, of)
    except Refused as refused:
        if refused.code is not RefusalCode.NO_PRICE:  # which is found before anything is written
            raise
        await pause_without_price(tx, of)
        return SubscriptionRenewed(of.id, of.period.start, of.period.end, None)
    if of.state.name == "trialing":
        await move(tx, of, "convert")
    await due.schedule(tx, FINALIZE, draft.uuid, tx.now + DRAFT_FOR)
    await schedule_renewal(tx, of, following.end)
    tx.emit("subscription.renewed", subscription=of.id, draft=draft)
    return SubscriptionRenewed(of.id, following.start, following.end, draft)


async def pause_without_price(tx: Tx, of: Subscription) -> State:
    """Pauses what there is no price for to go on at, until somebody resumes it."""
    state = await move(tx, of, "pause", pause=Pause(None, "none", NO_PRICE))
    await due.finish(tx, RENEW, of.id.uuid)
    tx.emit("subscription.without_price", subscription=of.id)
    return state


@dataclass(frozen=True, slots=True)
class _Term:
    """What a period is billed, and the calendar that it is a period of."""

    offer: Offer
    anchor: Anchor
    index: int

    @property
    def period(self) -> Period:
        return period(self.anchor, self.index)


async def begin_term(tx: Tx, of: Subscription) -> tuple[Period, InvoiceId]:
    """Puts the subscription into the period that follows, on what was planned or what versions say, and drafts it."""
    term = await _following(tx, of)
    offer, following = term.offer, term.period
    terms = Terms.on(offer.version, offer.price, offer.quantity, term.anchor.start)
    await store_terms(tx, of, terms, following.start, "renewal", index=term.index, running=following)
    if not of.planned.is_nothing:
        await store_plans(tx, of, NOTHING, of.pending)
    if of.planned.family or of.family != terms.family:
        await claim_families(tx, of.id, [terms.family, of.pending.family if of.pending else None])
    line = full_charge(offer, following, offer.ruler(of.time_zone))
    currency = of.unit_amount.currency
    return following, await store_draft(tx, Draft(of.id, "renewal", following.start, following.end, currency, (line,)))


async def _following(tx: Tx, of: Subscription) -> _Term:
    """The period that goes on from the running one.

    Periods that were over before a suspension are billed, one after the other. The one in which it lost access is not,
    nor are those after it: it goes on in the one in which it came back.
    """
    term = await _term(tx, of, next_period(replace(of, resumed_at=None)))
    if of.resumed_at is None or of.resumed_at <= term.period.start or term.period.end <= await _suspended_at(tx, of):
        return term
    return await _term(tx, of, next_period(of))


def next_period(of: Subscription) -> tuple[int, datetime]:
    """The period that follows, or that in which it came back from a suspension: its index by the anchor, and start."""
    resumed = of.period.end if of.resumed_at is None else max(of.period.end, pin(of.resumed_at))
    index = period_index(of.anchor, resumed)
    return index, period(of.anchor, index).start


async def _term(tx: Tx, of: Subscription, following: tuple[int, datetime]) -> _Term:
    """What that period is billed; at another interval a new cycle begins with it."""
    index, start = following
    offer = await family_kept(tx, of, await next_term(tx, of, start), start)
    if offer.price.cadence == of.cadence:
        return _Term(offer, of.anchor, index)
    return _Term(offer, Anchor.at(start, of.time_zone, offer.price.cadence), 0)


async def _suspended_at(tx: Tx, of: Subscription) -> datetime:
    """When the last suspension began, of a subscription that came back from one."""
    began: datetime = await tx.fetchval(
        """SELECT happened_at FROM transition
            WHERE shard_key = $1 AND entity_id = $2 AND to_state = 'suspended' ORDER BY seq DESC LIMIT 1""",
        of.id.shard,
        of.id.uuid,
    )
    return began


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
