"""All rows of one shard key as they stood at one moment, with the few ways in which checks ask for them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from uuid import UUID

from asyncpg import Record

Row = Mapping[str, Any] | Record

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
    "inbox_event": "event_key",
}
# Tables whose rows belong to no customer, and the one where the customer itself is the row.
SHARED = frozenset({"number_series", "coupon_counter", "inbox_event"})
OWNERS = {"customer": "id"}

Index = dict[Any, list[Row]]
V = TypeVar("V")


class Facts:
    """The rows by table, which never change: a later look is another one of these.

    What was made of a table once, groups above all, is kept, and handed on to the next look where that found the table
    as it was. ``asked`` are the tables that were asked for since it was emptied.
    """

    def __init__(self, rows: dict[str, list[Row]], before: "Facts | None" = None) -> None:
        self.tables = rows
        self.asked: set[str] = set()
        self._made: dict[str, dict[object, Any]] = {}
        for table, made in before._made.items() if before else ():
            if before and before.tables[table] is rows[table]:
                self._made[table] = made

    @property
    def rows(self) -> "Asked":
        """The rows of each table."""
        return Asked(self)

    def of(self, table: str, **equal: object) -> list[Row]:
        """The rows whose columns have these values; not to be changed by who asks."""
        names = tuple(equal)
        value = equal[names[0]] if len(names) == 1 else tuple(equal.values())
        return self._group(table, names).get(value, [])

    def one(self, table: str, **equal: object) -> Row:
        """The only such row."""
        (row,) = self.of(table, **equal)
        return row

    def by(self, table: str, *names: str) -> Index:
        """The rows grouped by a column, or by a tuple of columns; the groups may be taken out one by one."""
        return dict(self._group(table, names))

    def _group(self, table: str, names: tuple[str, ...]) -> Index:
        return self.made_of(table, names, lambda rows: _grouped(rows, names))

    def made_of(self, table: str, name: object, make: Callable[[list[Row]], V]) -> V:
        """What that makes of the rows of a table, made once; nothing but the rows may go into it."""
        self.asked.add(table)
        known = self._made.setdefault(table, {})
        if name not in known:
            known[name] = make(self.tables[table])
        found: V = known[name]
        return found

    def now_of(self, customer: UUID, wall: Any) -> Any:
        """The business time of a customer: its test clock's, or the wall's."""
        return self.one("customer_head", customer_id=customer)["clock_at"] or wall

    def audit_number(self, operation: UUID) -> int:
        """Where an operation stands in its customer's order."""
        numbers = self.made_of(
            "audit_entry", "numbers", lambda rows: {row["operation_id"]: row["number"] for row in rows}
        )
        number: int = numbers[operation]
        return number

    def differences(self, other: "Facts", tables: Iterable[str]) -> list[str]:
        """The tables whose rows are not the same."""
        return [table for table in tables if self.tables[table] != other.tables[table]]


class Asked(Mapping[str, list[Row]]):
    """The tables of some facts, which notice when one is asked for."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __getitem__(self, table: str) -> list[Row]:
        self._facts.asked.add(table)
        return self._facts.tables[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts.tables)

    def __len__(self) -> int:
        return len(self._facts.tables)


def _grouped(rows: list[Row], names: tuple[str, ...]) -> Index:
    groups: Index = {}
    if len(names) == 1:
        (name,) = names
        for row in rows:
            groups.setdefault(row[name], []).append(row)
    else:
        for row in rows:
            groups.setdefault(tuple([row[name] for name in names]), []).append(row)
    return groups
