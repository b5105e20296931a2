"""Pausing stops the bills, never what was paid for; resuming goes on in the paid period, or begins a new cycle.

Who comes back before the paid period is over goes on in it, on the old anchor, and renews at its end. Who comes back
later begins a new cycle at that instant, billed from it on: the time of the pause is never charged.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, SubscriptionId
from domain.invoices.draft import Draft, store_draft
from domain.machine import State
from domain.operation import operation
from domain.payments.collect import require_means
from domain.payments.debt import require_no_debt
from domain.period import Anchor, Period, period, pin
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_now import paid_charge
from domain.subscriptions.lifecycle import RENEW, RESUME
from domain.subscriptions.lines import full_charge
from domain.subscriptions.offer import Offer, family_kept, next_term
from domain.subscriptions.plans import NOTHING
from domain.subscriptions.policy import subscription_policy
from domain.subscriptions.recover import collected, come_back
from domain.subscriptions.renew import issue_and_collect, pause_without_price
from domain.subscriptions.store import Pause, claim_families, move, schedule_renewal, store_plans
from domain.subscriptions.subscription import Subscription, SubscriptionStands, subscription
from domain.subscriptions.terms import Terms, store_terms

LONGEST = timedelta(days=366)  # of a pause with a day to come back; who stays away longer comes back by hand
PAUSERS = frozenset({Grant.PORTAL, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN})
RESUMERS = PAUSERS | {Grant.SYSTEM}


@dataclass(frozen=True, slots=True)
class PauseSubscription:
    """Stop billing a subscription, until an instant or until somebody resumes it."""

    subscription: SubscriptionId
    resumes_at: datetime | None


@operation("subscriptions.pause", allowed=PAUSERS, function=PortalFunction.PAUSE, begins=True)
async def pause_subscription(tx: Tx, command: PauseSubscription) -> SubscriptionStands:
    """STATE_CONFLICT unless active with the running period paid; CHANGE_PENDING while a change waits for its payment;
    INVALID_INPUT for a day that is not ahead, or beyond LONGEST."""
    of = await subscription(tx, tx.customer, command.subscription)
    if of.pending is not None:
        message = "A change waits for its payment; pause once that is known."
        raise Refused(RefusalCode.CHANGE_PENDING, message, ("subscriptionId",))
    if of.state.name != "active" or tx.now >= of.period.end:
        message = f"A subscription that is {of.state.name} or about to renew cannot pause."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    await paid_charge(tx, of, pin(tx.now))
    resumes_at = command.resumes_at
    if resumes_at is not None and not tx.now < resumes_at <= tx.now + LONGEST:
        message = f"A pause ends later than now, and within {LONGEST.days} days."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("resumesAt",))
    access = (await subscription_policy(tx, of.tenant)).pause_access.value
    state = await move(tx, of, "pause", pause=Pause(resumes_at, access))
    await due.finish(tx, RENEW, of.id.uuid)
    if resumes_at is not None:
        await due.schedule(tx, RESUME, of.id.uuid, resumes_at)
    return SubscriptionStands(of.id, state.name)


@dataclass(frozen=True, slots=True)
class ResumeSubscription:
    """End a pause now."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class SubscriptionResumed:
    """The period that runs now, and the invoice and attempt where a new cycle began."""

    subscription: SubscriptionId
    state: str
    period_end: datetime
    invoice: InvoiceId | None
    payment: PaymentId | None


@operation("subscriptions.resume", allowed=RESUMERS, moves_money=True)
async def resume_subscription(tx: Tx, command: ResumeSubscription) -> SubscriptionResumed:
    """STATE_CONFLICT for one that does not pause; PAYMENT_METHOD_REQUIRED and BLOCKED_BY_DEBT where a new cycle is
    billed and somebody asks; one that resumes by itself is billed all the same, and goes the way of an unpaid
    renewal. Where an invoice of its own fell overdue in the pause it is behind from now on. NO_PRICE where there is
    none to be billed at; what would come back by itself then pauses on, as a renewal does for want of one."""
    of = await subscription(tx, tx.customer, command.subscription)
    await due.finish(tx, RESUME, of.id.uuid)
    if of.state.name != "paused":
        if Grant.SYSTEM in tx.actor.grants:
            return SubscriptionResumed(of.id, of.state.name, of.period.end, None, None)
        message = f"A subscription that is {of.state.name} does not pause."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))
    cases = await collected(tx, of)
    if "suspended" in cases:  # by a release that suspended no pause
        state = await move(tx, of, "suspend")
        return SubscriptionResumed(of.id, state.name, of.period.end, None, None)
    if tx.now < of.period.end:
        state = await come_back(tx, of, cases)
        await schedule_renewal(tx, of, of.period.end)
        return SubscriptionResumed(of.id, state.name, of.period.end, None, None)
    if Grant.SYSTEM not in tx.actor.grants:
        await require_no_debt(tx)
        await require_means(tx)
    try:
        offer = await _offered(tx, of)
    except Refused as refused:
        if refused.code is not RefusalCode.NO_PRICE or Grant.SYSTEM not in tx.actor.grants:
            raise
        state = await _go_on_without_price(tx, of)
        return SubscriptionResumed(of.id, state.name, of.period.end, None, None)
    state = await come_back(tx, of, cases)
    first, draft = await _begin_cycle(tx, of, offer)
    issued = await issue_and_collect(tx, draft)
    await schedule_renewal(tx, of, first.end)
    return SubscriptionResumed(of.id, state.name, first.end, issued.invoice, issued.payment)


async def _offered(tx: Tx, of: Subscription) -> Offer:
    """What a term that begins now is billed; NO_PRICE where there is none."""
    start = pin(tx.now)
    return await family_kept(tx, of, await next_term(tx, of, start), start)


async def _go_on_without_price(tx: Tx, of: Subscription) -> State:
    """Who would come back by itself pauses on, for staff to find a price for."""
    await move(tx, of, "resume")
    return await pause_without_price(tx, await subscription(tx, tx.customer, of.id))


async def _begin_cycle(tx: Tx, of: Subscription, offer: Offer) -> tuple[Period, InvoiceId]:
    """A new cycle that starts now."""
    start = pin(tx.now)
    anchor = Anchor.at(start, of.time_zone, offer.price.cadence)
    first = period(anchor, 0)
    terms = Terms.on(offer.version, offer.price, offer.quantity, start)
    await store_terms(tx, of, terms, start, "resume", index=0, running=first)
    if not of.planned.is_nothing:
        await store_plans(tx, of, NOTHING, of.pending)
    await claim_families(tx, of.id, [terms.family, of.pending.family if of.pending else None])
    line = full_charge(offer, first, offer.ruler(of.time_zone))
    return first, await store_draft(tx, Draft(of.id, "renewal", start, first.end, of.unit_amount.currency, (line,)))
