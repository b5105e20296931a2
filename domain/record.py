"""What the door leaves beside an operation's own rows: its outcome under its key, an audit entry, events, the head."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain import audit, outbox
from domain.db import Tx
from domain.wire import canonical, to_json


@dataclass(frozen=True, slots=True)
class Kept:
    """An operation that was done: its name, what was asked for under which key, and what came of it."""

    operation: str
    command: object
    key: str
    outcome: object

    def text(self) -> str:
        """The outcome as it is stored."""
        return canonical(to_json(self.outcome)).decode()


async def record(tx: Tx, done: Kept) -> None:
    """Outcome, audit entry, events and the head's counters, in one statement."""
    head = tx.head
    entry = audit.next_entry(tx, audit.body_of(tx, done.operation, done.command, done.outcome))
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
               recorded_at, request_id)
           SELECT $1, $2, e.number, e.kind, e.body, $5, $18, 0, $13, $19
             FROM unnest($15::bigint[], $16::text[], $17::jsonb[]) AS e (number, kind, body)""",
        tx.customer.shard, tx.customer.uuid, tx.actor.scope, done.key, tx.operation.uuid, done.text(),
        head.ledger_number, head.audit_number, head.audit_hash, head.event_number, entry.previous_hash,
        entry.body_hash, tx.recorded_at, entry.body.decode(), *events, head.clock_at is not None,
        tx.actor.request_id,
    )  # fmt: skip


async def record_all(speaker: Tx, all_done: Sequence[tuple[Tx, Kept]]) -> None:
    """The same for operations of one actor and instant on different customers of one shard key, by arrays."""
    entries = [
        audit.next_entry(tx, audit.body_of(tx, done.operation, done.command, done.outcome)) for tx, done in all_done
    ]
    events = [
        (tx.customer.uuid, number, kind, body, tx.operation.uuid, tx.head.clock_at is not None)
        for tx, _ in all_done
        for number, kind, body in zip(*outbox.numbered(tx), strict=True)
    ]
    await _store_heads(speaker, all_done)
    await _store_entries(speaker, [tx for tx, _ in all_done], entries)
    await _store_events(speaker, events)


async def _store_heads(speaker: Tx, all_done: Sequence[tuple[Tx, Kept]]) -> None:
    heads = [tx.head for tx, _ in all_done]
    await speaker.execute(
        """WITH outcome AS (
               UPDATE operation_key k SET outcome = o.outcome
                 FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS o (customer_id, key, outcome)
                WHERE k.shard_key = $1 AND k.customer_id = o.customer_id AND k.actor_scope = $2 AND k.key = o.key)
           UPDATE customer_head h
              SET ledger_number = n.ledger, audit_number = n.audit, audit_hash = n.hash, event_number = n.event
             FROM unnest($3::uuid[], $6::bigint[], $7::bigint[], $8::bytea[], $9::bigint[])
                  AS n (customer_id, ledger, audit, hash, event)
            WHERE h.shard_key = $1 AND h.customer_id = n.customer_id""",
        speaker.customer.shard, speaker.actor.scope, [tx.customer.uuid for tx, _ in all_done],
        [done.key for _, done in all_done], [done.text() for _, done in all_done],
        [head.ledger_number for head in heads], [head.audit_number for head in heads],
        [head.audit_hash for head in heads], [head.event_number for head in heads],
    )  # fmt: skip


async def _store_entries(speaker: Tx, txs: Sequence[Tx], entries: Sequence[audit.AuditEntry]) -> None:
    await speaker.execute(
        """WITH entry AS (
               INSERT INTO audit_entry (shard_key, customer_id, number, previous_number, previous_hash, body_hash, hash,
                   operation_id, recorded_at)
               SELECT $1, e.customer_id, e.number, nullif(e.number - 1, 0), e.previous_hash, e.body_hash, e.hash,
                      e.operation_id, $2
                 FROM unnest($3::uuid[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::uuid[])
                      AS e (customer_id, number, previous_hash, body_hash, hash, operation_id))
           INSERT INTO audit_body (shard_key, customer_id, number, recorded_at, body)
           SELECT $1, b.customer_id, b.number, $2, b.body
             FROM unnest($3::uuid[], $4::bigint[], $9::jsonb[]) AS b (customer_id, number, body)""",
        speaker.customer.shard, speaker.recorded_at, [tx.customer.uuid for tx in txs],
        [entry.number for entry in entries], [entry.previous_hash for entry in entries],
        [entry.body_hash for entry in entries], [entry.hash for entry in entries],
        [tx.operation.uuid for tx in txs], [entry.body.decode() for entry in entries],
    )  # fmt: skip


async def _store_events(speaker: Tx, events: Sequence[tuple[object, ...]]) -> None:
    if not events:
        return
    await speaker.execute(
        """INSERT INTO outbox_event (shard_key, customer_id, number, kind, body, operation_id, clocked, attempts,
               recorded_at, request_id)
           SELECT $1, e.customer_id, e.number, e.kind, e.body, e.operation_id, e.clocked, 0, $2, $9
             FROM unnest($3::uuid[], $4::bigint[], $5::text[], $6::jsonb[], $7::uuid[], $8::boolean[])
                  AS e (customer_id, number, kind, body, operation_id, clocked)""",
        speaker.customer.shard,
        speaker.recorded_at,
        *([event[column] for event in events] for column in range(6)),
        speaker.actor.request_id,
    )
