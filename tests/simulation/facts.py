"""All rows of one shard key, read by statements of the simulation's own: checks must not lean on what they check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

Row = Mapping[str, Any]

# Table and primary key without the shard key, in the order in which rows are compared and shown.
TABLES = {
    "customer_head": "customer_id",
    "customer": "id",
    "payment_method": "id",
    "operation_key": "customer_id, actor_scope, key",
    "audit_entry": "customer_id, number",
    "audit_body": "customer_id, number",
    "outbox_event": "customer_id, number",
    "outbox_lease": "customer_id",
    "due_work": "customer_id, due_at, kind, subject",
    "dead_letter": "id",
    "transition": "entity_id, seq",
    "refusal_log": "recorded_at, id",
    "ledger_transaction": "customer_id, number",
    "ledger_transfer": "customer_id, number, position",
    "account_balance": "customer_id, kind, currency",
    "subscription": "id",
    "subscription_terms": "subscription_id, seq",
    "subscription_pause": "subscription_id, seq",
    "trial_taken": "customer_id, family",
    "family_claim": "customer_id, family",
    "number_series": "legal_entity_id, series",
    "invoice_draft": "id",
    "invoice": "legal_entity_id, number",
    "invoice_line": "invoice_id, position",
    "invoice_tax": "invoice_id, part",
    "invoice_line_tax": "invoice_id, position, part",
    "credit_note": "legal_entity_id, number",
    "credit_note_line": "credit_note_id, position",
    "billing_terms": "customer_id",
    "tax_identity": "id",
    "tax_exemption": "id",
    "coupon_counter": "coupon_id, sandbox",
    "coupon_redemption": "id",
    "invoice_line_discount": "invoice_id, position, redemption_id",
    "contract": "id",
    "tax_correction": "document_id",
    "payment": "id",
    "refund": "id",
    "refund_request": "refund_id",
    "dispute": "id",
    "installment_plan": "id",
    "installment": "plan_id, part",
    "exception_case": "id",
    "receipt": "legal_entity_id, number",
    "dunning_case": "id",
    "saga": "id",
}

# What only checks look at, and what grows fastest: a long run reads it with every check, not with every step.
HEAVY = frozenset({
    "operation_key", "audit_entry", "audit_body", "transition", "ledger_transaction", "ledger_transfer",
    "invoice_tax", "invoice_line_tax", "invoice_line_discount", "credit_note_line", "receipt",
})  # fmt: skip
LIGHT = tuple(table for table in TABLES if table not in HEAVY)


@dataclass
class Facts:
    """The rows by table; every step of a run reads them anew."""

    rows: dict[str, list[Row]]

    def of(self, table: str, **equal: object) -> list[Row]:
        """The rows whose columns have these values."""
        return [row for row in self.rows[table] if all(row[name] == value for name, value in equal.items())]

    def one(self, table: str, **equal: object) -> Row:
        """The only such row."""
        (row,) = self.of(table, **equal)
        return row

    def by(self, table: str, *names: str) -> dict[Any, list[Row]]:
        """The rows grouped by a column, or by a tuple of columns."""
        groups: dict[Any, list[Row]] = {}
        for row in self.rows[table]:
            key = row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)
            groups.setdefault(key, []).append(row)
        return groups

    def now_of(self, customer: UUID, wall: Any) -> Any:
        """The business time of a customer: its test clock's, or the wall's."""
        return self.one("customer_head", customer_id=customer)["clock_at"] or wall

    def differences(self, other: "Facts", tables: Iterable[str]) -> list[str]:
        """The tables whose rows are not the same."""
        return [table for table in tables if self.rows[table] != other.rows[table]]


async def read_facts(pool: asyncpg.Pool, shard: int, provider: str, tables: Iterable[str] = tuple(TABLES)) -> Facts:
    """The rows of a shard key, all tables unless said otherwise, and the events of a provider, in one statement."""
    parts = [f"ARRAY(SELECT t FROM {name} t WHERE shard_key = $1 ORDER BY {TABLES[name]}) AS {name}" for name in tables]  # noqa: S608
    events = "ARRAY(SELECT e FROM inbox_event e WHERE starts_with(event_id, $2) ORDER BY event_key) AS inbox_event"
    row = await pool.fetchrow(f"SELECT {', '.join([*parts, events])}", shard, f"{provider}-")
    assert row is not None
    return Facts(dict(row))
