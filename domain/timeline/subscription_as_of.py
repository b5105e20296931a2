"""A subscription as it was at an instant: its state from its history, its terms from theirs."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.period import Anchor, Period, period, period_index
from domain.subscriptions.subscription import Subscription
from domain.subscriptions.terms import Terms, terms_history


@dataclass(frozen=True, slots=True)
class SubscriptionThen:
    """State and terms that held; ``period`` is the billing period that ran then, None where none did."""

    at: datetime
    state: str
    since: datetime
    terms: Terms
    period: Period | None


_RUNNING = frozenset({"active", "past_due", "grace", "pending_cancellation", "incomplete"})  # a period runs in these


async def subscription_as_of(db: Primary, of: Subscription, at: datetime) -> SubscriptionThen | None:
    """None before it was started. All that happened up to and at the instant is counted."""
    row = await db.fetchrow(
        """SELECT to_state, happened_at FROM transition
            WHERE shard_key = $1 AND customer_id = $2 AND entity_id = $3 AND happened_at <= $4
            ORDER BY seq DESC LIMIT 1""",
        of.customer.shard,
        of.customer.uuid,
        of.id.uuid,
        at,
    )
    if row is None:
        return None
    history = await terms_history(db, of.customer, of.id)
    terms = ([each for each in history if each.effective_at <= at] or history[:1])[-1].terms
    return SubscriptionThen(at, row["to_state"], row["happened_at"], terms, _period(of, terms, row["to_state"], at))


def _period(of: Subscription, terms: Terms, state: str, at: datetime) -> Period | None:
    if state not in _RUNNING or at < terms.anchor_at:
        return None
    anchor = Anchor.at(terms.anchor_at, of.time_zone, terms.cadence)
    return period(anchor, period_index(anchor, at))
