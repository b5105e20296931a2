"""Why a case of dunning has no retry left while days of its timeline are: a method that was declined for good."""

from collections.abc import Callable

from tests.simulation.facts import Facts, Row


def was_declined_for_good(facts: Facts, case: Row, hard: Callable[[Row], bool]) -> bool:
    """Whether a method had been declined for good when the case began to wait for its suspension: for the case's own
    invoice or, of those that its customer had then, for any; ``hard`` tells whether a payment was declined so.

    An attempt that never became a charge, at a provider that was silent, says nothing of its method.
    """
    waits = [row for row in facts.of("transition", entity_id=case["id"]) if row["to_state"] == "grace"]
    if not waits:
        return False
    order = facts.audit_number(waits[-1]["operation_id"])
    had = {row["id"] for row in facts.of("payment_method", customer_id=case["customer_id"]) if _had(facts, row, order)}
    return any(
        (row["invoice_id"] == case["invoice_id"] or row["method_id"] in had)
        and facts.audit_number(facts.one("transition", entity_id=row["id"], seq=1)["operation_id"]) < order
        and hard(row)
        for row in facts.of("payment", customer_id=case["customer_id"])
    )


def _had(facts: Facts, method: Row, order: int) -> bool:
    """Whether the customer had not taken the method away before that operation."""
    if method["removed_at"] is None:
        return True
    away = facts.one("audit_entry", customer_id=method["customer_id"], recorded_at=method["removed_at"])
    number: int = away["number"]
    return number > order
