"""Subscriptions as they stood at an instant: state and access from their history, terms from theirs.

What is asked of the past is answered by what was known then: a policy, a plan or a payment of later changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import CustomerId, SubscriptionId
from domain.subscriptions.subscription import Paused, Subscription, gives_access, subscriptions
from domain.subscriptions.terms import Terms, seen_at, terms_history

MOST = 1000  # subscriptions looked back on at once; nobody has had as many


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a subscription stood: all that happened up to and at the instant is counted."""

    subscription: SubscriptionId
    state: str
    since: datetime
    terms: Terms
    entitled: bool


async def stood(db: Primary, customer: CustomerId, at: datetime, id: SubscriptionId | None = None) -> list[Stood]:
    """The customer's subscriptions that had begun then, or the one of the id: as they stood.

    An instant to come is answered as if nothing happened until then.
    """
    rows = {row["id"]: row for row in await _states(db, customer, at, id)}
    if not rows:
        return []
    return [
        await _stood(db, of, rows[of.id.uuid], at)
        for of in await subscriptions(db, customer, id, MOST)
        if of.id.uuid in rows
    ]


async def _states(db: Primary, customer: CustomerId, at: datetime, id: SubscriptionId | None) -> list[Row]:
    return await db.fetch(
        """SELECT s.id, t.to_state, t.happened_at, p.access, p.paid_until
             FROM subscription s
             JOIN LATERAL (SELECT h.seq, h.to_state, h.happened_at FROM transition h
                            WHERE h.shard_key = s.shard_key AND h.entity_id = s.id AND h.happened_at <= $4
                            ORDER BY h.seq DESC LIMIT 1) t ON true
             LEFT JOIN subscription_pause p ON p.shard_key = s.shard_key AND p.subscription_id = s.id AND p.seq = t.seq
            WHERE s.shard_key = $1 AND s.customer_id = $2 AND ($3::uuid IS NULL OR s.id = $3)""",
        customer.shard,
        customer.uuid,
        id.uuid if id else None,
        at,
    )


async def _stood(db: Primary, of: Subscription, row: Row, at: datetime) -> Stood:
    """Its cancellation is at hand only while it stands: who took it back had come before its day."""
    pause = Paused(row["access"], row["paid_until"]) if row["access"] else None
    if pause is None and of.state.name == "paused":  # one that an older release began
        pause = Paused(of.pause_access, of.period.end)
    terms = seen_at(await terms_history(db, of.customer, of.id), at)
    entitled = gives_access(row["to_state"], at, pause, of.cancel_at)
    return Stood(of.id, row["to_state"], row["happened_at"], terms, entitled)
