"""A hundred years of bills: from every anchor day, in every cadence, in zones whose calendars play tricks.

What is expected is reckoned by another calendar than the one under test: the standard library's.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.period import Anchor, Cadence, Period, Unit, days_later, local_date, period, period_index
from domain.subscriptions.renew import next_period
from tests.examples_plugin import in_brief
from tests.running import alive
from tests.simulation.calendar_model import boundary

ZONES = (
    "America/New_York",
    "America/Santiago",  # southern; its clocks change at midnight
    "America/St_Johns",  # half an hour beside its neighbours
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # southern; daylight saving of half an hour
    "Europe/Berlin",
    "Pacific/Apia",  # southern; left out 30 December 2011
    "UTC",
)
EVERY = {Unit.DAY: (10,), Unit.WEEK: (1, 6), Unit.MONTH: (1, 3, 5), Unit.YEAR: (1, 3)}
CADENCES = [Cadence(unit, count) for unit, counts in EVERY.items() for count in counts]
# In the middle of a day, in the hours that daylight saving skips or doubles, and at both ends of a day.
TIMES = (time(10, 30), time(2, 30), time(1, 59, 59), time(0), time(23, 59, 59))
CENTURY = {Unit.DAY: 36_525, Unit.WEEK: 5_218, Unit.MONTH: 1_200, Unit.YEAR: 100}  # in units
WALK = 26  # periods looked at one after the other: more than two years of months

zones, cadences, times = st.sampled_from(ZONES), st.sampled_from(CADENCES), st.sampled_from(TIMES)
months = st.sampled_from([(2011, 12), (2024, 1), (2027, 3), (2027, 10)])
quick = settings(max_examples=20, deadline=None)  # for each of the 31 days


def at(day: date, clock: time, zone: str) -> datetime:
    """The instant by the standard library: a skipped time moves on by the gap, one that comes twice is the first."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def reckoned(anchor: Anchor, first: int, count: int) -> list[datetime]:
    """So many beginnings of periods, each from the anchor alone."""
    cadence = anchor.cadence
    ks = range(first, first + count)
    return [boundary(anchor.start, anchor.zone, cadence.unit.value, k * cadence.count) for k in ks]


def require_walk(anchor: Anchor, first: int) -> None:
    """Contiguous, half-open, on the anchor's day: as reckoned, and each day and instant in one period alone."""
    starts = reckoned(anchor, first, WALK + 1)
    walked = [period(anchor, first + n) for n in range(WALK) if starts[n] < starts[n + 1]]
    assert [(each.start, each.end) for each in walked] == [two for two in pairwise(starts) if two[0] < two[1]]
    require_apart(walked, anchor.zone)
    for each in walked[:: WALK // 2]:
        for inside in (each.start, each.end - timedelta(seconds=1)):
            assert period(anchor, period_index(anchor, inside)) == each


def require_apart(periods: list[Period], zone: str) -> None:
    """No instant and no calendar day is billed twice."""
    for one, other in pairwise(periods):
        assert one.end <= other.start
        assert local_date(one.start, zone) < local_date(other.start, zone)


@pytest.mark.row("D2")
@pytest.mark.parametrize("day", range(1, 32))
def test_an_anchor_day_holds_for_a_hundred_years(day: int) -> None:
    @quick
    @given(zones, cadences, times, months, st.floats(0, 1))
    def holds(zone: str, cadence: Cadence, clock: time, month: tuple[int, int], how_far: float) -> None:
        anchor = Anchor.at(at(date(*month, day), clock, zone), zone, cadence)
        require_walk(anchor, int(how_far * (CENTURY[cadence.unit] // cadence.count - WALK)))

    holds()


@pytest.mark.row("D2")
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_leap_day_is_kept_for_a_hundred_years(zone: str, count: int) -> None:
    anchor = Anchor.at(at(date(2024, 2, 29), time(10, 30), zone), zone, Cadence(Unit.YEAR, count))
    starts = [period(anchor, k).start for k in range(100 // count)]
    assert starts == reckoned(anchor, 0, 100 // count)
    leap = [local_date(each, zone) for each in starts if local_date(each, zone).day == 29]
    assert [each.year for each in leap] == [y for y in range(2024, 2124, count) if y % 4 == 0 and y != 2100]


# What befalls a subscription in a period, and for how many days: nothing, a pause, or a suspension.
befalls = st.lists(st.tuples(st.sampled_from(["pause", "suspend", "nothing"]), st.integers(0, 400)), max_size=8)


@pytest.mark.row("D13")
@in_brief
@given(st.integers(1, 31), zones, cadences, times, st.integers(0, 60), befalls, st.floats(0, 0.999))
def test_trials_pauses_and_suspensions_leave_every_day_billed_at_most_once(
    day: int, zone: str, cadence: Cadence, clock: time, trial: int, story: list[tuple[str, int]], when: float
) -> None:
    began = at(date(2027, 1, day), clock, zone)
    anchor = Anchor.at(days_later(began, zone, trial), zone, cadence)
    assert local_date(anchor.start, zone) == date(2027, 1, day) + timedelta(days=trial)
    billed = [period(anchor, 0)]
    for kind, days in story:
        running = billed[-1]
        back = running.start + timedelta(seconds=int(running.seconds * when), days=days)
        if kind == "pause" and back >= running.end:  # comes back when what was paid for is over: a new cycle
            anchor = Anchor.at(back, zone, cadence)
            billed.append(period(anchor, 0))
            continue
        index, start = next_period(alive(anchor, running, resumed_at=back if kind == "suspend" else None))
        billed.append(period(anchor, index))
        assert billed[-1].start == start
        assert start == boundary(anchor.start, zone, cadence.unit.value, index * cadence.count)
        skipped = kind == "suspend" and back >= running.end
        assert billed[-1].contains(back) if skipped else start == running.end
    require_apart(billed, zone)
