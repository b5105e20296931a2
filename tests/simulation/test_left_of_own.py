"""How much of what a payment brought in excess may still lie there as credit, whatever moved the credit beside it."""

import pytest

from tests.simulation.invariants_given import left_of_own

OWN, OTHER = True, False


@pytest.mark.parametrize(
    ("moves", "left"),
    [
        ([(OWN, 666)], 666),
        ([(OTHER, 100), (OWN, 666), (OTHER, -50)], 666),
        ([(OTHER, 100), (OWN, 666), (OTHER, -166)], 600),
        ([(OWN, 666), (OTHER, -666), (OTHER, 1100)], 0),
        ([(OWN, 666), (OTHER, -600), (OTHER, 1100)], 66),
        ([(OWN, 666), (OTHER, -666), (OTHER, 1100), (OWN, 10)], 10),
        ([(OWN, 666), (OTHER, 100), (OWN, -666)], 0),
        ([], 0),
    ],
)
def test_of_what_a_payment_brought_no_more_is_left_than_there_was_at_any_time_since(
    moves: list[tuple[bool, int]], left: int
) -> None:
    assert left_of_own(moves) == left
