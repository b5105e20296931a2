"""What an export holds that stands outside its customer's own rows, found by what others call them."""

from collections.abc import Collection

from domain.db import Replica
from domain.ids import CustomerId


async def login_names(db: Replica, customer: CustomerId) -> list[str]:
    """What identity providers call the customer's users."""
    rows = await db.fetch(
        """-- fanout
           SELECT login_key FROM login_directory
            WHERE tenant_id = (SELECT tenant_id FROM customer_head WHERE shard_key = $1 AND customer_id = $2)
              AND shard_key = $1 AND customer_id = $2 ORDER BY login_key""",
        customer.shard,
        customer.uuid,
    )
    return [row["login_key"] for row in rows]


async def event_bodies(db: Replica, account: str, references: Collection[str]) -> list[bytes]:
    """The provider's events about these objects as they came, while they are kept."""
    rows = await db.fetch(
        """-- fanout
           SELECT b.body FROM inbox_event e JOIN webhook_body b ON b.event_key = e.event_key
            WHERE e.provider_account = $1 AND e.object_ref = ANY ($2::text[]) ORDER BY e.event_key""",
        account,
        list(references),
    )
    return [row["body"] for row in rows]
