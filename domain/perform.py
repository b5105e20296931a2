"""The door: the only code that opens a write transaction.

One run stores in one commit: the operation's rows and postings, its outcome under its key, an audit entry, its events.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from domain.actor import Actor, Grant
from domain.database import Database
from domain.db import LOCK_WAIT, REPEATABLE, Channel, Head, Row, Tx, is_lost, kept, unavailable, write_transaction
from domain.ids import CustomerId, LegalEntityId, OperationId, TenantId, uuid7
from domain.operation import Operation, Performed, key_observers, observers, tell_moves
from domain.points import reached
from domain.portal_door import let_in, require_purpose, require_right
from domain.record import Kept, record
from domain.refusal_log import log_refusal
from domain.refusals import RefusalCode, Refused
from domain.tracing import span
from domain.wire import Json, digest, from_json, holds_personal, is_storable, to_json

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
    admit(operation, actor, customer, command, key)
    if not preview:
        _may_change(operation, actor)
    for attempt in range(TRIES):
        try:
            return await Run(db, operation, actor, customer, command, key, db.clock.now(), preview).once()
        except TimeoutError as error:
            # Of the COMMIT, behind a standby that stands still: a next one would wait as long.
            raise unavailable() from error
        except Exception as error:
            # A lost connection leaves the commit in doubt: performing again under the same key finds it or does it.
            if not (isinstance(error, REPEATABLE) or is_lost(error)):
                raise
            await asyncio.sleep(_jitter(db, attempt))
    raise unavailable()


def admit(operation: Operation[C, O], actor: Actor, customer: CustomerId, command: C, key: str) -> None:
    """Refuses what no transaction needs to be opened for: FORBIDDEN, NOT_FOUND, INVALID_INPUT."""
    if not actor.grants & operation.allowed:
        raise Refused(RefusalCode.FORBIDDEN, "You may not do this.")
    require_purpose(actor, operation)
    if actor.customer is not None and actor.customer != customer:
        raise no_customer()
    if not 1 <= len(key) <= KEY_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A key has 1 to {KEY_LENGTH} characters.", ("idempotencyKey",))
    said: list[Json] = [key, to_json(command), actor.subject, actor.on_behalf_of, actor.reason, actor.request_id]
    if not is_storable(said):
        raise Refused(RefusalCode.INVALID_INPUT, "The input holds a character or number that is none.")


def _may_change(operation: Operation[C, O], actor: Actor) -> None:
    """What only a preview is spared: FORBIDDEN for who only looks or lacks the right, STEP_UP_REQUIRED where the
    sign-in is too old."""
    if actor.only_looks:
        raise only_looking()
    require_right(actor, operation)
    if (operation.moves_money or operation.destroys) and actor.step_up is not None:
        why = "this moves money" if operation.moves_money else "this cannot be undone"
        message = f"Sign in again, with a second factor: {why}."
        raise Refused(RefusalCode.STEP_UP_REQUIRED, message, step_up=actor.step_up)


def only_looking() -> Refused:
    """What is said to staff who act for a customer without having been let change anything."""
    return Refused(RefusalCode.FORBIDDEN, "Acting for a customer is read-only.")


def _jitter(db: Database, attempt: int) -> float:
    """Seconds to wait before performing again: 0 to 50 ms, then 0 to 100 ms."""
    return db.entropy(1)[0] / 255 * 0.05 * (attempt + 1)


def no_customer() -> Refused:
    """What is said of a customer that is not there, or that the caller does not reach."""
    return Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))


class Run(Generic[C, O]):
    """One transaction of one try."""

    def __init__(
        self, db: Database, operation: Operation[C, O], actor: Actor, customer: CustomerId, command: C, key: str,
        recorded_at: datetime, preview: bool = False,
    ) -> None:  # fmt: skip
        self.db, self.operation, self.actor, self.customer = db, operation, actor, customer
        self.command, self.key, self.preview = command, key, preview
        self.recorded_at = recorded_at
        self.id = OperationId(customer.shard, uuid7(self.recorded_at, db.entropy(10)))
        self.hash = digest(operation.name, command)
        self.keep_until = None if operation.moves_money else recorded_at + KEY_DAYS
        self.waiting_for = RefusalCode.BUSY

    async def once(self) -> Performed[O]:
        """Performs it in a transaction of its own; IN_PROGRESS, BUSY and what the operation refuses."""
        limit = PREVIEW_LOCK_MS if self.preview else LOCK_MS
        try:
            with span("transaction", operation=self.operation.name):
                async with write_transaction(self.db.pool, limit, keep=not self.preview) as connection:
                    tx = self.transaction(connection)
                    performed = await self._inside(tx)
                    reached("perform.recorded")
        except LOCK_WAIT as error:
            raise Refused(self.waiting_for, "Another call is at work here; try again with the same key.") from error
        reached("perform.committed")
        if not self.preview:
            tell_moves(tx)
        return performed

    def transaction(self, channel: Channel) -> Tx:
        """The transaction of this run on a connection, or on its lane beside others."""
        db = self.db
        return Tx(
            channel, self.customer, self.id, self.actor, self.recorded_at, db.entropy, db.vault, self.preview
        )  # fmt: skip

    async def _inside(self, tx: Tx) -> Performed[O]:
        reached("perform.begun")
        if not self.preview and not await self._store_key(tx):
            return await self.replayed(tx)
        reached("perform.key_stored")
        if not self.operation.founding:
            tx.hold(await self._lock_head(tx))
            await let_in(tx, self.operation, self.command)
            refuse_if_erased(self.operation, self.command, self.actor, tx.head)
        reached("perform.locked")
        outcome = await self.operation.run(tx, self.command)
        reached("perform.done")
        if not self.preview:
            await record(tx, Kept(self.operation.name, self.command, self.key, outcome))
        return Performed(outcome, self.id, False)

    async def _store_key(self, tx: Tx) -> bool:
        self.waiting_for, began = RefusalCode.IN_PROGRESS, asyncio.get_running_loop().time()
        stored = await tx.fetchval(
            """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                   command_hash, keep_until, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING operation_id""",
            self.customer.shard, self.customer.uuid, self.actor.scope, self.key, self.id.uuid, self.operation.name,
            self.hash, self.keep_until, self.recorded_at,
        )  # fmt: skip
        self.waiting_for = RefusalCode.BUSY
        if stored is None:
            waited_seconds = asyncio.get_running_loop().time() - began
            for observer in key_observers:
                observer(timedelta(seconds=waited_seconds))
        return stored is not None

    async def replayed(self, tx: Tx) -> Performed[O]:
        """What was stored under the key; NOT_FOUND, IDEMPOTENCY_MISMATCH."""
        # A commit that waited in vain for a synchronous standby is here and not there. This record stands in the log
        # behind it, so that our commit waits for both: what is answered again would survive a promotion as well. A lock
        # on the key would write nothing: its policy shows a stored outcome to nobody who would change it.
        await tx.execute("SELECT pg_logical_emit_message(true, 'quittance.replayed', $1::text)", self.operation.name)
        row = await tx.fetchrow(
            """SELECT k.operation_id, k.operation, k.command_hash, k.outcome, h.tenant_id
                 FROM operation_key k
                 JOIN customer_head h ON h.shard_key = k.shard_key AND h.customer_id = k.customer_id
                WHERE k.shard_key = $1 AND k.customer_id = $2 AND k.actor_scope = $3 AND k.key = $4""",
            self.customer.shard, self.customer.uuid, self.actor.scope, self.key,
        )  # fmt: skip
        if row is None or not self.actor.reaches(TenantId(row["tenant_id"]), self.customer):
            raise no_customer()
        if row["operation"] != self.operation.name or row["command_hash"] != self.hash:
            message = "This key was used for something else; a new intent needs a new key."
            raise Refused(RefusalCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",))
        outcome = from_json(self.operation.outcome, msgspec.json.decode(row["outcome"]))
        return Performed(outcome, OperationId(self.customer.shard, row["operation_id"]), True)

    async def _lock_head(self, tx: Tx) -> Head:
        row = await tx.fetchrow(
            """SELECT tenant_id, legal_entity_id, kind, ledger_number, audit_number, audit_hash, event_number, clock_at,
                      erased_at
                 FROM customer_head WHERE shard_key = $1 AND customer_id = $2 FOR UPDATE""",
            self.customer.shard, self.customer.uuid,
        )  # fmt: skip
        return reachable(self.actor, self.customer, row)


def refuse_if_erased(operation: Operation[Any, Any], command: object, actor: Actor, head: Head) -> None:
    """STATE_CONFLICT for an erased customer's own users, for a command that would bring personal data of it back, and
    for what begins something new: nobody could be billed for it, and its key would have to be kept until that ends.

    The house ends what it has under way, and staff still refund, record, correct and decide.
    """
    if not head.erased:
        return
    if Grant.PORTAL in actor.grants or holds_personal(command):
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer was erased.")
    if operation.begins:
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer was erased: nothing new is begun with it.")


def reachable(actor: Actor, customer: CustomerId, row: Row | None) -> Head:
    """The head of a row that was just locked; NOT_FOUND where there is none or the actor does not reach it."""
    if row is None or not actor.reaches(TenantId(row["tenant_id"]), customer):
        raise no_customer()
    return Head(
        tenant=TenantId(row["tenant_id"]),
        legal_entity=LegalEntityId(row["legal_entity_id"]),
        kind=row["kind"],
        ledger_number=row["ledger_number"],
        audit_number=row["audit_number"],
        audit_hash=row["audit_hash"],
        event_number=row["event_number"],
        clock_at=row["clock_at"],
        erased=row["erased_at"] is not None,
    )
