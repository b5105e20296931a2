"""Which features an unpaid subscription keeps: from a step of its dunning on perhaps only some, before access ends."""

from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, SubscriptionId


async def kept_features(db: Primary, customer: CustomerId, at: datetime) -> dict[SubscriptionId, frozenset[str]]:
    """The features that are left to each subscription which was restricted at the instant; no entry: all of them."""
    rows = await db.fetch(
        """SELECT subscription_id, kept_features FROM dunning_case
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id IS NOT NULL AND restrict_at <= $3
              AND waiting_since IS NULL
              AND (ended_at IS NULL OR ended_at > $3)""",
        customer.shard,
        customer.uuid,
        at,
    )
    kept: dict[SubscriptionId, frozenset[str]] = {}
    for row in rows:
        of, left = SubscriptionId(customer.shard, row["subscription_id"]), frozenset(row["kept_features"])
        kept[of] = kept[of] & left if of in kept else left
    return kept
