"""When a change that was paid too late is given back: whole, or with the unused time of its charge."""

import pytest

from tests.simulation.invariants_credits import is_given_back


@pytest.mark.parametrize(
    ("notes", "holds"),
    [
        ({"late_change": 270}, True),
        ({"unused_time": 220, "late_change": 50}, True),
        ({"unused_time": 442}, True),
        ({"goodwill": 86, "unused_time": 300}, True),
        ({}, False),
        ({"unused_time": 220}, False),
        ({"goodwill": 442}, False),
        ({"late_change": 271}, False),
        ({"unused_time": 442, "late_change": 1}, False),
    ],
)
def test_a_change_that_was_paid_too_late_leaves_nothing(notes: dict[str, int], holds: bool) -> None:
    rows = [{"kind": kind, "total": total} for kind, total in notes.items()]
    assert is_given_back(270, rows) == holds
