"""Proration in calendar days: it conserves what was invoiced as proration in seconds does, in every zone."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Currency, Money, share
from domain.period import Anchor, Cadence, Period, Unit, local_date, period
from domain.subscriptions.proration import Basis, PeriodPrice, Ruler, Slice, plan_change, unused
from tests.examples_plugin import at_length

EUR = Currency("EUR")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland")
prices = st.integers(0, 10**10)
# Any second of six years, through leap days and changes of clocks.
starts = st.integers(0, 6 * 365 * 86_400).map(lambda seconds: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(0, seconds))
cadences = st.sampled_from([Cadence(Unit.WEEK), Cadence(Unit.MONTH), Cadence(Unit.MONTH, 3), Cadence(Unit.YEAR)])
points = st.lists(st.tuples(prices, st.floats(0, 1, exclude_max=True)), max_size=6)


def whole(start: datetime, zone: str, cadence: Cadence) -> Period:
    """The period that starts then."""
    return period(Anchor.at(start, zone, cadence), 0)


def full(minor: int, of: Period, ruler: Ruler) -> Slice:
    """The charge of a whole period."""
    amount = Money(minor, EUR)
    return Slice(of.start, of.end, amount, Basis(amount, ruler.between(of.start, of.end)), ruler)


@pytest.mark.row("D4")
def test_ten_to_twenty_on_day_11_credits_677_and_charges_1355_at_any_hour() -> None:
    january, ruler = whole(datetime(2027, 1, 1, tzinfo=UTC), "UTC", Cadence(Unit.MONTH)), Ruler("UTC")
    for hour in (0, 18, 23):
        at = datetime(2027, 1, 11, hour, tzinfo=UTC)
        quote = plan_change([full(1000, january, ruler)], PeriodPrice(Money(2000, EUR)), january, at, ruler)
        assert (quote.credit.minor, quote.charge.minor) == (677, 1355)


@at_length
@given(prices, starts, st.sampled_from(ZONES), cadences, st.integers(-100, 1100))
def test_what_is_unused_lies_between_nothing_and_what_was_invoiced(
    minor: int, start: datetime, zone: str, cadence: Cadence, permille: int
) -> None:
    ruler, of = Ruler(zone), whole(start, zone, cadence)
    at, paid = of.start + timedelta(seconds=of.seconds * permille // 1000), full(minor, of, ruler)
    credit = unused(paid, at)
    assert Money(0, EUR) <= credit <= paid.amount


@at_length
@given(prices, points, starts, st.sampled_from(ZONES), cadences)
def test_a_chain_of_changes_costs_the_days_of_its_segments(
    first: int, changes: list[tuple[int, float]], start: datetime, zone: str, cadence: Cadence
) -> None:
    ruler, of = Ruler(zone), whole(start, zone, cadence)
    days, live, cost, price, since = ruler.between(of.start, of.end), full(first, of, ruler), first, first, of.start
    exact = Fraction(0)
    for minor, part in sorted(changes, key=lambda each: each[1]):
        at = of.start + timedelta(seconds=int(of.seconds * Fraction(part)))
        quote = plan_change([live], PeriodPrice(Money(minor, EUR)), of, at, ruler)
        assert quote.live is not None
        exact += Fraction(price * ruler.between(since, at), days)
        live, price, since, cost = quote.live, minor, at, cost + quote.net.minor
    exact += Fraction(price * ruler.between(since, of.end), days)
    assert abs(cost - exact) <= Fraction(2 * len(changes) + 1, 2)


@at_length
@given(prices, prices, starts, st.sampled_from(ZONES), cadences, st.integers(0, 999))
def test_a_change_and_its_way_back_on_the_same_day_cost_nothing(
    first: int, second: int, start: datetime, zone: str, cadence: Cadence, permille: int
) -> None:
    ruler, of = Ruler(zone), whole(start, zone, cadence)
    at = of.start + timedelta(seconds=of.seconds * permille // 1000)
    there = plan_change([full(first, of, ruler)], PeriodPrice(Money(second, EUR)), of, at, ruler)
    assert there.live is not None
    later = min(at + timedelta(minutes=1), of.end - timedelta(seconds=1))
    if local_date(later, zone) != local_date(at, zone):
        later = at
    back = plan_change([there.live], PeriodPrice(Money(first, EUR)), of, later, ruler)
    assert there.net + back.net == Money(0, EUR)
    assert back.live is not None
    assert back.live.amount == share(ruler.between(at, of.end), ruler.between(of.start, of.end), Money(first, EUR))
