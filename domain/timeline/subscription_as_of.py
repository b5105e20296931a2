"""A subscription as it was at an instant: its state and access from its history, its terms from theirs."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.payments.debt import DebtBlock, debt_block
from domain.period import Anchor, Period, period, period_index
from domain.subscriptions.past import stood
from domain.subscriptions.subscription import Subscription
from domain.subscriptions.terms import Terms


@dataclass(frozen=True, slots=True)
class SubscriptionThen:
    """State, terms and access that held; ``period`` is the billing period that ran then, None where none did.

    ``entitled`` is what its state gave; ``blocked`` the overdue debt that kept the customer from it.
    """

    at: datetime
    state: str
    since: datetime
    terms: Terms
    period: Period | None
    entitled: bool
    blocked: DebtBlock | None = None


_RUNNING = frozenset({"active", "past_due", "grace", "pending_cancellation", "incomplete"})  # a period runs in these


async def subscription_as_of(db: Primary, of: Subscription, at: datetime) -> SubscriptionThen | None:
    """None before it was started. All that happened up to and at the instant is counted."""
    for then in await stood(db, of.customer, at, of.id):
        running = _period(of, then.terms, then.state, at)
        blocked = await debt_block(db, of.customer, at) if then.entitled else None
        return SubscriptionThen(at, then.state, then.since, then.terms, running, then.entitled, blocked)
    return None


def _period(of: Subscription, terms: Terms, state: str, at: datetime) -> Period | None:
    if state not in _RUNNING or at < terms.anchor_at:
        return None
    if state == "pending_cancellation" and of.cancel_at is not None and of.cancel_at <= at:
        return None  # its day has come, and none runs though nobody has ended it yet
    anchor = Anchor.at(terms.anchor_at, of.time_zone, terms.cadence)
    return period(anchor, period_index(anchor, at))
