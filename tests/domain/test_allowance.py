"""An allowance is for a minute of the clock that it is asked by, wherever that clock is set."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.allowance import A_MINUTE, ROWS_A_MINUTE, Allowance

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
A_BIT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("later", "more"),
    [
        (timedelta(0), False),
        (A_MINUTE - A_BIT, False),
        (A_MINUTE, True),
        (-A_BIT, True),  # the clock was set back: what is left of its minute may come in an hour only
        (timedelta(hours=-1), True),
    ],
)
def test_what_was_used_up_comes_back_when_its_minute_is_not_the_running_one(later: timedelta, more: bool) -> None:
    allowance = Allowance()
    assert [allowance.take(NOON) for _ in range(ROWS_A_MINUTE + 1)] == [True] * ROWS_A_MINUTE + [False]
    assert allowance.take(NOON + later) is more
