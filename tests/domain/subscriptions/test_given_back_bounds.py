"""What is given back has bounds: never more than was paid for the same time, and never time that was paid for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.machine import State
from domain.money import Currency, Money, share
from domain.period import Anchor, Cadence, Period, Unit, period, seconds_between
from domain.subscriptions.proration import SECONDS, PeriodPrice, Ruler, Slice, cancellation, plan_change
from tests.examples_plugin import at_length
from tests.running import alive

EUR = Currency("EUR")
NOTHING = Money(0, EUR)
prices = st.integers(0, 10**10)
rulers = st.sampled_from([SECONDS, Ruler("Europe/Berlin"), Ruler("Australia/Lord_Howe")])
starts = st.integers(0, 6 * 365 * 86_400).map(lambda seconds: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(0, seconds))
cadences = st.sampled_from([Cadence(Unit.WEEK), Cadence(Unit.MONTH), Cadence(Unit.MONTH, 3), Cadence(Unit.YEAR)])
permille = st.integers(0, 999)


def instant(of: Period, part: int) -> datetime:
    """So many thousandths into the period, at a whole second."""
    return of.start + timedelta(seconds=of.seconds * part // 1000)


@pytest.mark.row("D7")
@at_length
@given(prices, st.lists(st.tuples(prices, permille), max_size=5), permille, starts, cadences, rulers)
def test_a_chain_of_changes_and_its_end_give_back_at_most_what_was_paid_for_the_same_time(
    first: int, changes: list[tuple[int, int]], left: int, start: datetime, cadence: Cadence, ruler: Ruler
) -> None:
    of = period(Anchor.at(start, ruler.zone or "UTC", cadence), 0)
    live = Slice(of.start, of.end, Money(first, EUR), ruler=ruler)
    paid, back = live.amount, NOTHING
    for minor, part in sorted((each for each in changes if each[1] <= left), key=lambda each: each[1]):
        at = instant(of, part)
        quote = plan_change([live], PeriodPrice(Money(minor, EUR)), of, at, ruler)
        assert_at_most_its_share(quote.credit, live, at)
        assert quote.live is not None
        live, paid, back = quote.live, paid + quote.charge, back + quote.credit
    end = cancellation([live], EUR, instant(of, left))
    assert_at_most_its_share(end.credit, live, instant(of, left))
    assert NOTHING <= back + end.credit <= paid
    assert end.charge == NOTHING


def assert_at_most_its_share(credit: Money, live: Slice, at: datetime) -> None:
    """All of what was invoiced before its time begins, none at its end, and between them no more than its share."""
    assert NOTHING <= credit <= live.amount
    unused = live.ruler.between(at, live.end)
    assert credit == share(unused, live.source.units, live.source.price)


@pytest.mark.row("D13")
@at_length
@given(starts, cadences, st.integers(0, 40), permille)
def test_who_cancels_for_the_end_of_a_period_has_all_of_the_time_that_was_paid_for(
    start: datetime, cadence: Cadence, k: int, part: int
) -> None:
    anchor = Anchor.at(start, "Europe/Berlin", cadence)
    of = period(anchor, k)
    leaving = alive(anchor, of, state=State("pending_cancellation", 3), cancel_at=of.end)
    assert leaving.is_entitled_at(instant(of, part))
    assert leaving.is_entitled_at(of.end - timedelta(seconds=1))
    assert not leaving.is_entitled_at(of.end)
    assert seconds_between(of.start, leaving.cancel_at or of.start) == of.seconds
