"""Until when the documents of a customer have to be there."""

from datetime import datetime, timedelta

from domain.db import Tx
from domain.period import noon
from domain.tenants.retention import kept_until
from domain.tenants.tenant import legal_entities


async def kept_until_of(tx: Tx) -> datetime | None:
    """From when on none of the customer's documents has to be there: noon of a New Year; None where it has none."""
    issuers = {each.id.uuid: each for each in await legal_entities(tx, tx.head.tenant)}
    rows = await tx.fetch(
        """SELECT legal_entity_id, issued_at, recorded_at FROM invoice WHERE shard_key = $1 AND customer_id = $2
           UNION ALL
           SELECT legal_entity_id, issued_at, recorded_at FROM credit_note WHERE shard_key = $1 AND customer_id = $2
           UNION ALL
           SELECT legal_entity_id, issued_at, recorded_at FROM receipt WHERE shard_key = $1 AND customer_id = $2""",
        tx.customer.shard,
        tx.customer.uuid,
    )
    last = [
        (kept_until(row["issued_at"], row["recorded_at"], of), of.time_zone)
        for row in rows
        for of in (issuers[row["legal_entity_id"]],)
    ]
    return max((noon(day + timedelta(days=1), zone) for day, zone in last), default=None)
