"""What became of a key: the answer for a client that lost the first one."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, cast

import msgspec

from domain.database import Database
from domain.db import LOCK_WAIT, Primary, write_transaction
from domain.ids import CustomerId, OperationId, PaymentId, RefundId, uuid7
from domain.operation import OPERATIONS
from domain.wire import from_json

PROBE_MS: Final = 50  # a call that only just began has its key by then; whoever asks has a person waiting


@dataclass(frozen=True, slots=True)
class Inspected:
    """An operation that was performed under the key, and its outcome as the caller was told it."""

    operation: OperationId
    name: str
    outcome: object
    performed_at: datetime

    @property
    def payments(self) -> list[PaymentId]:
        """The payments that it began or changed."""
        return [each for each in self._named() if isinstance(each, PaymentId)]

    @property
    def refunds(self) -> list[RefundId]:
        """The refunds that it asked for or changed."""
        return [each for each in self._named() if isinstance(each, RefundId)]

    def _named(self) -> list[object]:
        return [getattr(self.outcome, field.name) for field in fields(cast(Any, self.outcome))]


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


async def is_under_way(db: Database, customer: CustomerId, scope: str, key: str) -> bool:
    """Whether somebody performs under the key at this moment: only then does the same key have to wait.

    Nothing is left of the look; a real call that comes meanwhile waits no longer than it lasts.
    """
    now = db.clock.now()
    try:
        async with write_transaction(db.pool, PROBE_MS, keep=False) as connection:
            await connection.execute(
                """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                       command_hash, keep_until, recorded_at)
                   VALUES ($1, $2, $3, $4, $5, 'inspection', '', $6, $6) ON CONFLICT DO NOTHING""",
                customer.shard,
                customer.uuid,
                scope,
                key,
                uuid7(now, db.entropy(10)),
                now,
            )
    except LOCK_WAIT:
        return True
    return False
