"""Ways to plant a fault in what a check looks at; nothing is written: rows are altered on their way to the check."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.simulation.facts import Facts, Row
from tests.simulation.look import Look, Memory

Plant = Callable[[Look], Look | None]  # the look with the fault in it; None where there is nothing to plant it in
Want = Callable[[Look, Row], bool]


def with_rows(look: Look, table: str, rows: Iterable[Row]) -> Look:
    facts = Facts({**look.facts.tables, table: list(rows)})
    return replace(look, facts=facts, memory=Memory(forgotten=set(look.memory.forgotten)))


def any_(look: Look, row: Row) -> bool:
    return True


def put(table: str, want: Want = any_, /, **values: Any) -> Plant:
    """One row with other values; one that is called makes them of the row."""

    def plant(look: Look) -> Look | None:
        rows = list(look.facts.tables[table])
        for at, row in enumerate(rows):
            if want(look, row):
                made = {name: value(row) if callable(value) else value for name, value in values.items()}
                rows[at] = {**row, **made}
                return with_rows(look, table, rows)
        return None

    return plant


def more(name: str, by: int = 1) -> dict[str, Any]:
    """A value for ``put``: so much more than there is."""
    return {name: lambda row: row[name] + by}


def later(name: str, by: timedelta) -> Callable[[Row], object]:
    """A value for ``put``: an instant of the row, so much later."""
    return lambda row: row[name] + by


def drop(table: str, want: Want = any_) -> Plant:
    """One row less."""

    def plant(look: Look) -> Look | None:
        rows = look.facts.tables[table]
        gone = next((row for row in rows if want(look, row)), None)
        return with_rows(look, table, [row for row in rows if row is not gone]) if gone is not None else None

    return plant


def add(table: str, want: Want = any_, /, **values: Any) -> Plant:
    """A row once more, with other values."""

    def plant(look: Look) -> Look | None:
        rows = look.facts.tables[table]
        like = next((row for row in rows if want(look, row)), None)
        return with_rows(look, table, [*rows, {**like, **values}]) if like is not None else None

    return plant


def in_town(**values: Any) -> Plant:
    """Something else in the town than its rows; one that is called makes it of the town, or None."""

    def plant(look: Look) -> Look | None:
        town = copy.copy(look.town)
        for name, value in values.items():
            made = value(town)
            if made is None:
                return None
            setattr(town, name, made)
        return replace(look, town=town)

    return plant


def is_(**values: Any) -> Want:
    """Rows with these values; of a set, with any of them."""

    def want(look: Look, row: Row) -> bool:
        return all(
            row[name] in value if isinstance(value, frozenset) else row[name] == value for name, value in values.items()
        )

    return want


def idle_excess(look: Look) -> Look | None:
    """Beside a payment of which something became credit another one was taken back, and the invoice was owed again."""
    rows, moves = look.facts.tables["payment"], look.facts.tables["transition"]
    used = set(look.facts.by("refund", "payment_id")) | set(look.facts.by("dispute", "payment_id"))
    for row in rows:
        for posted in look.facts.of("ledger_transaction", cause="payment.captured", cause_id=row["id"]):
            gone = look.facts.of("ledger_transaction", customer_id=row["customer_id"], reverses_number=posted["number"])
            parts = look.transfers(row["customer_id"], posted["number"])
            if row["id"] not in used and not gone and any(part["credit_kind"] == "customer_credit" for part in parts):
                of = look.facts.one("transition", entity_id=row["invoice_id"], seq=1)
                other = {**row, "id": uuid4()}
                went = {**of, "machine": "payment", "event": "return", "entity_id": other["id"], "seq": 9,
                        "operation_id": posted["operation_id"]}  # fmt: skip
                again = {**of, "to_state": "open"}
                kept = [each for each in moves if each["entity_id"] != row["invoice_id"]]
                spoilt = with_rows(look, "payment", [*rows, other])
                return with_rows(spoilt, "transition", [*kept, again, went])
    return None


def paid_for_good(look: Look, row: Row) -> bool:
    """A move of an invoice that was never owed again."""
    moves = look.facts.of("transition", machine="invoice", entity_id=row["entity_id"], from_state="paid")
    return row["machine"] == "invoice" and row["to_state"] == "paid" and not moves


def never_failed(look: Look, row: Row) -> bool:
    """A refund of money that succeeded, and never failed before."""
    cases = look.facts.of("exception_case", kind="refund_failed", subject=row["id"])
    return (row["state"], row["means"]) == ("succeeded", "method") and not cases


def lost(look: Look, row: Row) -> bool:
    """A loss that did not come in again."""
    return (row["kind"], row["resolution"] == "recovered") == ("payment_loss", False)


def of_living(look: Look, row: Row) -> bool:
    """An invoice to be charged of a subscription that has not ended."""
    living = look.facts.of("subscription", id=row["subscription_id"], ended_at=None)
    return row["collection"] == "charge" and bool(living)


def ended_alone(look: Look, row: Row) -> bool:
    """A case that was ended on its day, by itself."""
    for move in look.facts.of("transition", entity_id=row["id"]):
        with_it = look.facts.of("transition", operation_id=move["operation_id"], to_state="given_up")
        if move["to_state"] in ("suspended", "given_up") and len(with_it) < 2:
            return look.operation_names().get(move["operation_id"], "dunning.recover") != "dunning.recover"
    return False


def uncut_renewal(look: Look, row: Row) -> bool:
    """A renewal of who never changed: where a cycle began in the middle of a period, its end is cut to that."""
    of = row["subscription_id"]
    return row["reason"] == "renewal" and not look.facts.of("subscription_terms", subscription_id=of, cause="change")
