"""What became of a key: the answer for a client that lost the first one."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.db import Primary
from domain.ids import CustomerId, OperationId
from domain.operation import OPERATIONS
from domain.wire import from_json


@dataclass(frozen=True, slots=True)
class Inspected:
    """An operation that was performed under the key, and its outcome as the caller was told it."""

    operation: OperationId
    name: str
    outcome: object
    performed_at: datetime


async def inspect_key(db: Primary, customer: CustomerId, scope: str, key: str) -> Inspected | None:
    """The operation of a key, or None: then nothing is committed under it, and sending it again is safe."""
    row = await db.fetchrow(
        """SELECT operation_id, operation, outcome, recorded_at FROM operation_key
            WHERE shard_key = $1 AND customer_id = $2 AND actor_scope = $3 AND key = $4""",
        customer.shard,
        customer.uuid,
        scope,
        key,
    )
    if row is None:
        return None
    outcome = from_json(OPERATIONS[row["operation"]].outcome, msgspec.json.decode(row["outcome"]))
    return Inspected(OperationId(customer.shard, row["operation_id"]), row["operation"], outcome, row["recorded_at"])
