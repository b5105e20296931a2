"""The door: the only code that opens a write transaction.

One run stores in one commit: the operation's rows and postings, its outcome under its key, an audit entry, its events.
"""

import asyncio
from datetime import timedelta
from typing import Generic, TypeVar

import msgspec

from domain import audit, outbox
from domain.actor import Actor
from domain.database import Database
from domain.db import LOCK_WAIT, REPEATABLE, Head, Row, Tx, is_lost, kept, unavailable, write_transaction
from domain.ids import CustomerId, LegalEntityId, OperationId, TenantId, uuid7
from domain.operation import Operation, Performed, observers
from domain.points import reached
from domain.refusal_log import log_refusal
from domain.refusals import RefusalCode, Refused
from domain.wire import Json, canonical, digest, from_json, is_storable, to_json

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in operation.py

TRIES = 3  # a deadlock or a lost connection is seldom seen twice; a third is an outage, the caller's to retry
LOCK_MS = 3000  # longer than any operation takes, shorter than a caller's patience
PREVIEW_LOCK_MS = 200  # a preview never makes a real change wait
KEY_DAYS = timedelta(days=7)  # where no money moves: longer than any client retries
KEY_LENGTH = 400  # the API allows 255 characters; derived keys add a prefix


async def perform(
    db: Database, operation: Operation[C, O], actor: Actor, customer: CustomerId, command: C, key: str,
    *, preview: bool = False,
) -> Performed[O]:  # fmt: skip
    """Performs the operation once under the key, whatever happens to the caller meanwhile.

    The same key and command again answers the stored outcome; another command is IDEMPOTENCY_MISMATCH; a first call
    still running is IN_PROGRESS. A refusal leaves nothing and does not burn the key. A preview leaves nothing at all.
    """
    work = kept(_tried(db, operation, actor, customer, command, key, preview))
    began, outcome = asyncio.get_running_loop().time(), "failed"
    try:
        done = await asyncio.shield(work)  # a caller that goes away must not leave a commit in doubt
        outcome = "replayed" if done.replayed else "previewed" if preview else "done"
        return done
    except Refused as refused:
        outcome = refused.code.value
        if not preview:
            await log_refusal(db, actor, operation.name, refused.code)
        raise
    finally:
        for observer in observers:
            took_seconds = asyncio.get_running_loop().time() - began
            observer(operation.name, outcome, timedelta(seconds=took_seconds))


async def _tried(
    db: Database, operation: Operation[C, O], actor: Actor, customer: CustomerId, command: C, key: str, preview: bool
) -> Performed[O]:
    if not actor.grants & operation.allowed:
        raise Refused(RefusalCode.FORBIDDEN, f"{operation.name} is not for this caller.")
    if actor.customer is not None and actor.customer != customer:
        raise _no_customer()
    if not 1 <= len(key) <= KEY_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A key has 1 to {KEY_LENGTH} characters.", ("idempotencyKey",))
    said: list[Json] = [key, to_json(command), actor.subject, actor.on_behalf_of, actor.reason, actor.request_id]
    if not is_storable(said):
        raise Refused(RefusalCode.INVALID_INPUT, "The input holds a character or number that is none.")
    for attempt in range(TRIES):
        try:
            return await _Run(db, operation, actor, customer, command, key, preview).once()
        except Exception as error:
            # A lost connection leaves the commit in doubt: performing again under the same key finds it or does it.
            if not (isinstance(error, REPEATABLE) or is_lost(error)):
                raise
            await asyncio.sleep(_jitter(db, attempt))
    raise unavailable()


def _jitter(db: Database, attempt: int) -> float:
    """Seconds to wait before performing again: 0 to 50 ms, then 0 to 100 ms."""
    return db.entropy(1)[0] / 255 * 0.05 * (attempt + 1)


def _no_customer() -> Refused:
    return Refused(RefusalCode.NOT_FOUND, "There is no such customer.")


class _Run(Generic[C, O]):
    """One transaction of one try."""

    def __init__(
        self, db: Database, operation: Operation[C, O], actor: Actor, customer: CustomerId, command: C, key: str,
        preview: bool,
    ) -> None:  # fmt: skip
        self.db, self.operation, self.actor, self.customer = db, operation, actor, customer
        self.command, self.key, self.preview = command, key, preview
        self.recorded_at = db.clock.now()
        self.id = OperationId(customer.shard, uuid7(self.recorded_at, db.entropy(10)))
        self.hash = digest(operation.name, command)
        self.waiting_for = RefusalCode.BUSY

    async def once(self) -> Performed[O]:
        limit = PREVIEW_LOCK_MS if self.preview else LOCK_MS
        try:
            async with write_transaction(self.db.pool, limit, keep=not self.preview) as connection:
                tx = Tx(
                    connection,
                    self.customer,
                    self.id,
                    self.actor,
                    self.recorded_at,
                    self.db.entropy,
                    self.db.vault,
                    self.preview,
                )
                performed = await self._inside(tx)
                reached("perform.recorded")
        except LOCK_WAIT as error:
            raise Refused(self.waiting_for, "Another call is at work here; try again with the same key.") from error
        reached("perform.committed")
        return performed

    async def _inside(self, tx: Tx) -> Performed[O]:
        reached("perform.begun")
        if not self.preview and not await self._store_key(tx):
            return await self._replayed(tx)
        reached("perform.key_stored")
        if not self.operation.founding:
            tx.hold(await self._lock_head(tx))
        reached("perform.locked")
        outcome = await self.operation.run(tx, self.command)
        reached("perform.done")
        if not self.preview:
            await self._record(tx, outcome)
        return Performed(outcome, self.id, False)

    async def _store_key(self, tx: Tx) -> bool:
        keep_until = None if self.operation.moves_money else self.recorded_at + KEY_DAYS
        self.waiting_for = RefusalCode.IN_PROGRESS
        stored = await tx.fetchval(
            """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                   command_hash, keep_until, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING operation_id""",
            self.customer.shard, self.customer.uuid, self.actor.scope, self.key, self.id.uuid, self.operation.name,
            self.hash, keep_until, self.recorded_at,
        )  # fmt: skip
        self.waiting_for = RefusalCode.BUSY
        return stored is not None

    async def _replayed(self, tx: Tx) -> Performed[O]:
        row = await tx.fetchrow(
            """SELECT k.operation_id, k.operation, k.command_hash, k.outcome, h.tenant_id
                 FROM operation_key k
                 JOIN customer_head h ON h.shard_key = k.shard_key AND h.customer_id = k.customer_id
                WHERE k.shard_key = $1 AND k.customer_id = $2 AND k.actor_scope = $3 AND k.key = $4""",
            self.customer.shard, self.customer.uuid, self.actor.scope, self.key,
        )  # fmt: skip
        if row is None or not self.actor.reaches(TenantId(row["tenant_id"]), self.customer):
            raise _no_customer()
        if row["operation"] != self.operation.name or row["command_hash"] != self.hash:
            message = "This key was used for something else; a new intent needs a new key."
            raise Refused(RefusalCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",))
        outcome = from_json(self.operation.outcome, msgspec.json.decode(row["outcome"]))
        return Performed(outcome, OperationId(self.customer.shard, row["operation_id"]), True)

    async def _lock_head(self, tx: Tx) -> Head:
        row = await tx.fetchrow(
            """SELECT tenant_id, legal_entity_id, kind, ledger_number, audit_number, audit_hash, event_number, clock_at
                 FROM customer_head WHERE shard_key = $1 AND customer_id = $2 FOR UPDATE""",
            self.customer.shard, self.customer.uuid,
        )  # fmt: skip
        if row is None or not self.actor.reaches(TenantId(row["tenant_id"]), self.customer):
            raise _no_customer()
        return _head(row)

    async def _record(self, tx: Tx, outcome: O) -> None:
        """Outcome, audit entry, events and the head's counters, in one statement."""
        head = tx.head
        entry = audit.next_entry(tx, audit.body_of(tx, self.operation.name, self.command, outcome))
        events = outbox.numbered(tx)
        await tx.execute(
            """WITH outcome AS (
                   UPDATE operation_key SET outcome = $6
                    WHERE shard_key = $1 AND customer_id = $2 AND actor_scope = $3 AND key = $4),
               head AS (
                   UPDATE customer_head SET ledger_number = $7, audit_number = $8, audit_hash = $9, event_number = $10
                    WHERE shard_key = $1 AND customer_id = $2),
               entry AS (
                   INSERT INTO audit_entry (shard_key, customer_id, number, previous_number, previous_hash, body_hash,
                       hash, operation_id, recorded_at)
                   VALUES ($1, $2, $8, nullif($8 - 1, 0), $11, $12, $9, $5, $13)),
               body AS (
                   INSERT INTO audit_body (shard_key, customer_id, number, recorded_at, body)
                   VALUES ($1, $2, $8, $13, $14))
               INSERT INTO outbox_event (shard_key, customer_id, number, kind, body, operation_id, clocked, attempts,
                   recorded_at)
               SELECT $1, $2, e.number, e.kind, e.body, $5, $18, 0, $13
                 FROM unnest($15::bigint[], $16::text[], $17::jsonb[]) AS e (number, kind, body)""",
            self.customer.shard, self.customer.uuid, self.actor.scope, self.key, self.id.uuid,
            canonical(to_json(outcome)).decode(), head.ledger_number, head.audit_number, head.audit_hash,
            head.event_number, entry.previous_hash, entry.body_hash, self.recorded_at, entry.body.decode(),
            *events, head.clock_at is not None,
        )  # fmt: skip


def _head(row: Row) -> Head:
    return Head(
        tenant=TenantId(row["tenant_id"]),
        legal_entity=LegalEntityId(row["legal_entity_id"]),
        kind=row["kind"],
        ledger_number=row["ledger_number"],
        audit_number=row["audit_number"],
        audit_hash=row["audit_hash"],
        event_number=row["event_number"],
        clock_at=row["clock_at"],
    )
