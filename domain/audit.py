"""The customer's audit chain: one entry an operation, each holding the hash of the one before."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from domain.db import Head, Primary, Replica, Row, Tx
from domain.ids import CustomerId, OperationId
from domain.wire import Json, canonical, to_json

GENESIS = bytes(32)  # what the first entry takes as the hash before it


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry as it is stored; the body is apart, so that it can be archived while its hash stays."""

    number: int
    previous_hash: bytes
    hash: bytes
    body_hash: bytes
    body: bytes


def entry_hash(previous: bytes, number: int, operation: UUID, body_hash: bytes, recorded_at: datetime) -> bytes:
    """SHA-256 over the predecessor's hash and this entry's own facts."""
    own = f"{number}|{operation}|{recorded_at.isoformat()}".encode()
    return hashlib.sha256(previous + body_hash + own).digest()


def body_of(tx: Tx, operation: str, command: object, outcome: object) -> Json:
    """What was done, by whom, for whom, why, and what it changed; ids only, personal fields redacted."""
    actor = tx.actor
    return {
        "operation": operation,
        "actor": actor.scope,
        "subject": actor.subject,
        "on_behalf_of": actor.on_behalf_of,
        "reason": actor.reason,
        "request_id": actor.request_id,
        "happened_at": tx.now.isoformat(),
        "command": to_json(command, redact=True),
        "outcome": to_json(outcome, redact=True),
        "changes": [dict(change) for change in tx.notes.changes],
    }


def next_entry(tx: Tx, body: Json) -> AuditEntry:
    """The entry that follows the head's last one; the head moves on."""
    head: Head = tx.head
    raw = canonical(body)
    body_hash = hashlib.sha256(raw).digest()
    number = head.audit_number + 1
    value = entry_hash(head.audit_hash, number, tx.operation.uuid, body_hash, tx.recorded_at)
    entry = AuditEntry(number, head.audit_hash, value, body_hash, raw)
    head.audit_number, head.audit_hash = number, value
    return entry


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """Whether a customer's chain holds, and the number of its first wrong entry otherwise."""

    verified: bool
    length: int
    first_wrong: int | None


async def verify_chain(db: Primary, customer: CustomerId) -> ChainVerdict:
    """Recomputes every hash of a customer's chain and compares it with the head.

    Both are read by one statement: between two, another entry may be written, and a sound chain would seem cut short.
    """
    found = await db.fetch(
        """SELECT h.audit_number, h.audit_hash,
                  e.number, e.previous_hash, e.body_hash, e.hash, e.operation_id, e.recorded_at, b.body
             FROM customer_head h
             LEFT JOIN audit_entry e ON e.shard_key = h.shard_key AND e.customer_id = h.customer_id
             LEFT JOIN LATERAL (  -- one by one: where few are expected, all bodies were read for each entry
                   SELECT body FROM audit_body
                    WHERE shard_key = e.shard_key AND customer_id = e.customer_id
                      AND number = e.number AND recorded_at = e.recorded_at
                   OFFSET 0) b ON true
            WHERE h.shard_key = $1 AND h.customer_id = $2 ORDER BY e.number""",
        customer.shard,
        customer.uuid,
    )
    rows = [row for row in found if row["number"] is not None]
    previous, expected = GENESIS, 1
    for row in rows:
        if not _holds(row, previous, expected):
            return ChainVerdict(False, len(rows), row["number"])
        previous, expected = row["hash"], expected + 1
    whole = bool(found) and found[0]["audit_number"] == len(rows) and found[0]["audit_hash"] == previous
    return ChainVerdict(whole, len(rows), None if whole else expected)


def _holds(row: Row, previous: bytes, expected: int) -> bool:
    if row["body"] is not None:  # an archived body leaves its hash behind
        body = canonical(msgspec.json.decode(row["body"]))
        if hashlib.sha256(body).digest() != row["body_hash"]:
            return False
    own = entry_hash(previous, expected, row["operation_id"], row["body_hash"], row["recorded_at"])
    return bool(row["number"] == expected and row["previous_hash"] == previous and row["hash"] == own)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An entry as people read it; ``changes`` are states before and after."""

    number: int
    operation_id: OperationId
    operation: str
    actor: str
    subject: str
    on_behalf_of: str | None
    reason: str | None
    request_id: str
    changes: tuple[str, ...]
    recorded_at: datetime
    hash: bytes


async def trail(db: Replica, customer: CustomerId, limit: int, before: int | None = None) -> list[TrailEntry]:
    """At most ``limit`` entries with a number below ``before``, newest first; an archived body shows as archived."""
    rows = await db.fetch(
        """SELECT e.shard_key, e.number, e.operation_id, e.hash, e.recorded_at, b.body
             FROM audit_entry e
             LEFT JOIN LATERAL (  -- one by one: where few are expected, all bodies were read for each entry
                   SELECT body FROM audit_body
                    WHERE shard_key = e.shard_key AND customer_id = e.customer_id
                      AND number = e.number AND recorded_at = e.recorded_at
                   OFFSET 0) b ON true
            WHERE e.shard_key = $1 AND e.customer_id = $2 AND ($4::bigint IS NULL OR e.number < $4)
            ORDER BY e.number DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
        before,
    )
    return [_trail_entry(row) for row in rows]


def _trail_entry(row: Row) -> TrailEntry:
    body = msgspec.json.decode(row["body"]) if row["body"] is not None else {}
    return TrailEntry(
        row["number"],
        OperationId(row["shard_key"], row["operation_id"]),
        body.get("operation", "archived"),
        body.get("actor", "archived"),
        body.get("subject", ""),
        body.get("on_behalf_of"),
        body.get("reason"),
        body.get("request_id", ""),
        tuple(
            f"{each['machine']} {each['entity']}: {each['before']} -> {each['after']}"
            for each in body.get("changes", ())
        ),
        row["recorded_at"],
        row["hash"],
    )


async def count_entries(db: Replica, customer: CustomerId, cap: int) -> int:
    """How many entries a customer's chain has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM audit_entry
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS e""",
        customer.shard,
        customer.uuid,
        cap,
    )
    return count
