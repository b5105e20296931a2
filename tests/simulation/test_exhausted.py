"""What ends the retries of a case early: a decline for good that was known, of a method that its customer still had."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.simulation.exhausted import was_declined_for_good
from tests.simulation.facts import TABLES, Facts, Row

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CUSTOMER, CASE, OWN, OTHER, CARD, TRIED, DECLINED = (UUID(int=number) for number in range(7))
LATEST = 10  # operations
WAITS = 5  # the operation with which the case began to wait


def _facts(
    *, tried: int | None = 1, declined: int | None = 2, invoice: UUID = OTHER, removed: int | None = None,
    waits: int | None = WAITS,
) -> Facts:  # fmt: skip
    """A case whose own invoice was tried, and a charge of a card that was declined for an invoice, each with the number
    of its operation, as has what took the card away and what had the case wait; None: it never did."""
    moves = [(TRIED, tried, "processing"), (DECLINED, declined, "processing"), (CASE, waits, "grace")]
    payments = [(TRIED, tried, OWN), (DECLINED, declined, invoice)]
    rows: dict[str, list[Any]] = {
        "audit_entry": [
            {"customer_id": CUSTOMER, "number": number, "operation_id": _operation(number), "recorded_at": _at(number)}
            for number in range(LATEST)
        ],
        "payment_method": [
            {"id": CARD, "customer_id": CUSTOMER, "removed_at": None if removed is None else _at(removed)}
        ],
        "payment": [
            {"id": id, "customer_id": CUSTOMER, "invoice_id": of, "method_id": CARD}
            for id, number, of in payments if number is not None
        ],
        "transition": [
            {"entity_id": id, "seq": 1, "to_state": state, "operation_id": _operation(number)}
            for id, number, state in moves if number is not None
        ],
    }  # fmt: skip
    return Facts({name: rows.get(name, []) for name in TABLES})


def _operation(number: int) -> UUID:
    return UUID(int=100 + number)


def _at(number: int) -> datetime:
    return NOW + timedelta(seconds=number)


def _found(facts: Facts) -> bool:
    case = {"id": CASE, "customer_id": CUSTOMER, "invoice_id": OWN}

    def hard(payment: Row) -> bool:
        return bool(payment["id"] == DECLINED)

    return was_declined_for_good(facts, case, hard)


@pytest.mark.parametrize("tried", [1, None])  # an attempt that became no charge says nothing of the card
def test_a_card_that_another_invoice_found_declined_for_good_ends_the_retries(tried: int | None) -> None:
    assert _found(_facts(tried=tried))
    assert _found(_facts(tried=tried, removed=WAITS + 1))
    assert not _found(_facts(tried=tried, declined=None))


def test_a_card_that_was_taken_away_says_something_of_its_own_invoice_alone() -> None:
    assert not _found(_facts(removed=WAITS - 1))
    assert _found(_facts(removed=WAITS - 1, invoice=OWN))


def test_what_came_after_the_retries_had_ended_did_not_end_them() -> None:
    assert not _found(_facts(declined=WAITS + 1))
    assert not _found(_facts(declined=WAITS + 1, invoice=OWN))
    assert not _found(_facts(waits=None))
