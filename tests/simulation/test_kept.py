"""The rows of a table that a look keeps: those of each customer are those of all, whatever came how."""

from uuid import UUID

from tests.simulation.facts import Row
from tests.simulation.kept import Change, Kept

TABLE = "invoice"
ACME, ADA, BEN = (UUID(int=each) for each in range(3))


def row(number: int, of: UUID, state: str = "open") -> Row:
    """An invoice."""
    return {"legal_entity_id": ACME, "number": number, "customer_id": of, "state": state}


def test_a_row_that_changes_after_all_were_read_anew_is_its_customers_too() -> None:
    kept = Kept(TABLE)
    list(kept.put([row(1, ADA), row(2, BEN), row(3, ADA)]))
    list(kept.replace([row(1, ADA), row(3, ADA)]))  # as lists of rows of their own: ada's are the same as before
    before, after = row(3, ADA), row(3, ADA, "paid")
    assert list(kept.put([after, row(4, ADA)])) == [Change(TABLE, before, after), Change(TABLE, None, row(4, ADA))]
    assert kept.of_each == {ADA: [row(1, ADA), after, row(4, ADA)]}
    assert kept.rows == kept.of_each[ADA]
