"""What became of a key: the answer for a client that lost the first one."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, OperationId


@dataclass(frozen=True, slots=True)
class Inspected:
    """An operation that was performed under the key."""

    operation: OperationId
    name: str
    performed_at: datetime


async def inspect_key(db: Primary, customer: CustomerId, scope: str, key: str) -> Inspected | None:
    """The operation of a key, or None: then nothing is committed under it, and sending it again is safe."""
    row = await db.fetchrow(
        """SELECT operation_id, operation, recorded_at FROM operation_key
            WHERE shard_key = $1 AND customer_id = $2 AND actor_scope = $3 AND key = $4""",
        customer.shard,
        customer.uuid,
        scope,
        key,
    )
    if row is None:
        return None
    return Inspected(OperationId(customer.shard, row["operation_id"]), row["operation"], row["recorded_at"])
