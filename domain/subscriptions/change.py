"""One way for every change of plan, interval or seats: what it comes to, when it takes effect, what is charged.

Dearer in the same interval: now, prorated, once it is paid. Cheaper: with the next period. Another interval: a new
cycle now, the unused time credited. Staff may choose otherwise. In a trial a change is free and takes effect at once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.actor import STAFF, Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, PlanVersionId, PriceId, SubscriptionId
from domain.invoices.line import Line
from domain.money import Money
from domain.period import Anchor
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.offer import Offer
from domain.subscriptions.plans import Planned
from domain.subscriptions.policy import SeatDecrease, subscription_policy
from domain.subscriptions.store import claim_families, store_plans
from domain.subscriptions.subscription import Subscription
from domain.subscriptions.terms import Terms, store_terms
from domain.subscriptions.trial import take_trial


class Timing(Enum):
    """When a change is to take effect; all but the first two are for staff."""

    BY_RULE = "by_rule"
    PERIOD_END = "period_end"
    NOW = "now"
    NEW_CYCLE = "new_cycle"


class Mode(Enum):
    """How a change takes effect: prorated now, in a new cycle from now, with the next period, or free in a trial."""

    NOW = "now"
    NEW_CYCLE = "new_cycle"
    PERIOD_END = "period_end"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class PlanChanging:
    """What happens now or later: the proration with its invoice and payment, or the instant of the next term.

    ``version`` is that of the subscription which was changed, ``worked_out_at`` the instant. ``digest`` stands for all
    of it, so that two changes tell whether they are the same; only a preview has the lines. ``given_back`` went to
    credit by a note of its own, where more is unused than charged; credit then pays the invoice of the charge.
    """

    subscription: SubscriptionId
    credit: Money
    charge: Money
    due: Money
    effective_at: datetime
    invoice: InvoiceId | None
    payment: PaymentId | None
    mode: str = Mode.PERIOD_END.value
    total: Money | None = None
    given_back: Money | None = None
    lines: tuple[Line, ...] = ()
    price: PriceId | None = None
    plan_version: PlanVersionId | None = None
    quantity: int | None = None
    version: int | None = None
    worked_out_at: datetime | None = None
    digest: str = ""


def require_changeable(of: Subscription) -> None:
    """CHANGE_PENDING while a change waits for its payment; STATE_CONFLICT unless active or in a trial."""
    if of.pending is not None:
        message = "An earlier change waits for its payment; nothing else changes until that is known."
        raise Refused(RefusalCode.CHANGE_PENDING, message, ("subscriptionId",))
    if of.state.name not in ("active", "trialing"):
        message = f"A subscription that is {of.state.name} cannot change its plan or seats."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("subscriptionId",))


def require_fitting(of: Subscription, to: Offer, part: str) -> None:
    """STATE_CONFLICT, about the part, for what the subscription has already; CURRENCY_MISMATCH for another currency."""
    if (to.price.id, to.quantity) == (of.price, of.quantity):
        raise Refused(RefusalCode.STATE_CONFLICT, "The subscription has this price and quantity already.", (part,))
    if to.price.unit_amount.currency != of.unit_amount.currency:
        message = f"This subscription is billed in {of.unit_amount.currency}."
        raise Refused(RefusalCode.CURRENCY_MISMATCH, message, ("priceId",))


async def mode_of(tx: Tx, of: Subscription, to: Offer, timing: Timing, at: datetime) -> Mode:
    """How the change takes effect; FORBIDDEN for a timing that is not the caller's to choose."""
    if timing in (Timing.NOW, Timing.NEW_CYCLE) and not tx.actor.grants & (STAFF | {Grant.SYSTEM}):
        raise Refused(RefusalCode.FORBIDDEN, "When a change takes effect is for the staff to choose.", ("timing",))
    if of.state.name == "trialing":
        return Mode.TRIAL
    if timing is Timing.PERIOD_END or not of.period.contains(at):
        return Mode.PERIOD_END
    if timing is Timing.NEW_CYCLE or to.price.cadence != of.cadence:
        return Mode.NEW_CYCLE
    if timing is Timing.NOW or to.amount > of.unit_amount * of.quantity:
        return Mode.NOW
    if to.price.id == of.price:
        rules = await subscription_policy(tx, of.tenant)
        return Mode.NOW if rules.seat_decrease is SeatDecrease.NOW else Mode.PERIOD_END
    return Mode.PERIOD_END


async def change_later(tx: Tx, of: Subscription, to: Offer, *, seats_only: bool) -> PlanChanging:
    """Plans the change for the next period; of what was planned, a change of seats leaves the price and vice versa."""
    price = of.planned.price if seats_only else to.price.id if to.price.id != of.price else None
    family = of.planned.family if seats_only else to.version.family if price else None
    quantity = to.quantity if to.quantity != of.quantity else None
    if not seats_only and to.quantity == of.quantity:
        quantity = of.planned.quantity
    await store_plans(tx, of, Planned(price, quantity, family), None)
    await claim_families(tx, of.id, [of.family, family])
    tx.emit("subscription.change_scheduled", subscription=of.id)
    nothing = Money.zero(of.unit_amount.currency)
    return PlanChanging(of.id, nothing, nothing, nothing, of.period.end, None, None, total=nothing)


async def change_in_trial(tx: Tx, of: Subscription, to: Offer, at: datetime) -> PlanChanging:
    """Puts the trial on other terms at once; it ends on its day, and uses up the other family's trial too."""
    if to.version.family != of.family:
        await take_trial(tx, of.id, to.version.family)
    await claim_families(tx, of.id, [to.version.family])  # first: it refuses what another subscription has
    anchor = Anchor.at(of.period.end, of.time_zone, to.price.cadence)
    terms = Terms.on(to.version, to.price, to.quantity, anchor.start)
    await store_terms(tx, of, terms, at, "change", index=0, running=of.period)
    tx.emit("subscription.changed", subscription=of.id)
    nothing = Money.zero(of.unit_amount.currency)
    return PlanChanging(of.id, nothing, nothing, nothing, at, None, None, Mode.TRIAL.value, nothing)
