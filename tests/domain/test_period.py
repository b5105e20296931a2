from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.period import (
    Anchor,
    BeforeAnchor,
    Cadence,
    NotPinned,
    Period,
    SkippedPeriod,
    Unit,
    UnknownZone,
    local_date,
    period,
    period_index,
)

ZONES = [
    "Africa/Casablanca",  # leaves daylight saving for Ramadan, by the moon
    "America/New_York",
    "America/Sao_Paulo",  # daylight saving used to skip midnight
    "America/St_Johns",  # half-hour offset
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # daylight saving of half an hour
    "Europe/Berlin",
    "Pacific/Apia",  # left out a whole day
    "UTC",
]
MONTHLY = Cadence(Unit.MONTH)

starts = st.integers(0, 35 * 365 * 86_400).map(lambda seconds: utc(2005, 1, 1) + timedelta(seconds=seconds))
cadences = st.builds(Cadence, st.sampled_from(list(Unit)), st.integers(1, 12))
zones = st.sampled_from(ZONES)


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc,arg-type]  # as many fields as are given


def local_days(anchor: Anchor, count: int) -> list[str]:
    return [local_date(period(anchor, k).start, anchor.zone).isoformat()[5:] for k in range(count)]


def test_a_month_that_is_too_short_does_not_move_the_anchor_day() -> None:
    anchor = Anchor.at(utc(2026, 1, 31, 9), "Europe/Berlin", MONTHLY)
    assert local_days(anchor, 6) == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]


def test_a_leap_day_comes_back_every_four_years() -> None:
    anchor = Anchor.at(utc(2024, 2, 29), "UTC", Cadence(Unit.YEAR))
    assert local_days(anchor, 5) == ["02-29", "02-28", "02-28", "02-28", "02-29"]


def test_an_anchor_day_outlives_a_start_in_a_shorter_month() -> None:
    anchor = Anchor(utc(2026, 2, 28), "UTC", MONTHLY, day=31)
    assert local_days(anchor, 3) == ["02-28", "03-31", "04-30"]


@pytest.mark.parametrize("day", [27, 29, 32, 0, -1])
def test_an_anchor_day_that_the_start_does_not_stand_on_is_refused(day: int) -> None:
    with pytest.raises(ValueError, match="anchor day"):
        Anchor(utc(2026, 3, 28), "UTC", MONTHLY, day=day)


@given(starts, zones, cadences, st.integers(0, 1000))
@example(utc(2011, 12, 30, 9, 59, 59), "Pacific/Apia", Cadence(Unit.DAY), 0)
@example(utc(2025, 11, 2, 6, 30), "America/New_York", Cadence(Unit.DAY), 0)  # 01:30 for the second time
@example(utc(2026, 3, 28, 1, 30), "Europe/Berlin", Cadence(Unit.DAY), 0)  # 02:30 does not exist the next day
def test_periods_follow_each_other_without_gap_or_overlap(start: datetime, zone: str, cadence: Cadence, k: int) -> None:
    anchor = Anchor.at(start, zone, cadence)
    assert period(anchor, 0).start == start
    k = period_index(anchor, start + timedelta(days=k))
    this = period(anchor, k)
    following = period_index(anchor, this.end)
    assert following > k
    assert period(anchor, following).start == this.end
    assert this.start.tzinfo is UTC and this.seconds == (this.end - this.start).total_seconds()


@given(starts, zones, cadences, st.integers(0, 60 * 365 * 86_400))
def test_every_instant_lies_in_exactly_the_period_of_its_index(
    start: datetime, zone: str, cadence: Cadence, seconds: int
) -> None:
    anchor = Anchor.at(start, zone, cadence)
    instant = start + timedelta(seconds=seconds, microseconds=1)
    k = period_index(anchor, instant)
    assert period(anchor, k).contains(instant)
    assert period_index(anchor, period(anchor, k).start) == k
    assert period_index(anchor, period(anchor, k).end) > k


def test_a_local_time_that_daylight_saving_skips_moves_to_a_real_instant_and_returns() -> None:
    anchor = Anchor.at(utc(2026, 3, 28, 1, 30), "Europe/Berlin", Cadence(Unit.DAY))  # 02:30 local
    assert [period(anchor, k).start for k in range(3)] == [
        utc(2026, 3, 28, 1, 30),
        utc(2026, 3, 29, 1, 30),  # 03:30 local, since 02:30 does not exist
        utc(2026, 3, 30, 0, 30),
    ]


def test_a_local_time_that_comes_twice_counts_once() -> None:
    anchor = Anchor.at(utc(2026, 10, 24, 0, 30), "Europe/Berlin", Cadence(Unit.DAY))  # 02:30 local
    assert [period(anchor, k).seconds for k in range(3)] == [86_400, 90_000, 86_400]


def test_a_day_that_its_zone_never_had_is_no_period() -> None:
    anchor = Anchor.at(utc(2011, 12, 28, 20), "Pacific/Apia", Cadence(Unit.DAY))  # 28 December 10:00 local
    assert period(anchor, 1).start == utc(2011, 12, 29, 20)
    with pytest.raises(SkippedPeriod):
        period(anchor, 2)
    assert period_index(anchor, period(anchor, 1).end) == 3


def test_billing_days_follow_the_zone_of_the_customer() -> None:
    instant = utc(2026, 1, 31, 20)
    assert local_date(instant, "Asia/Kolkata").isoformat() == "2026-02-01"
    assert local_date(instant, "America/St_Johns").isoformat() == "2026-01-31"
    assert Anchor.at(instant, "Asia/Kolkata", MONTHLY).day == 1


def test_there_is_nothing_before_the_anchor() -> None:
    anchor = Anchor.at(utc(2026, 1, 1), "UTC", MONTHLY)
    with pytest.raises(BeforeAnchor):
        period(anchor, -1)
    with pytest.raises(BeforeAnchor):
        period_index(anchor, utc(2025, 12, 31, 23, 59, 59))


@pytest.mark.parametrize("zone", ["", "Berlin", "europe/atlantis", "../../etc/passwd", "\0", "A" * 5000, "\ud800"])
def test_a_name_that_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZone):
        Anchor.at(utc(2026, 1, 1), zone, MONTHLY)


@pytest.mark.parametrize("count", [0, -1, 367, True, 1.0])
def test_a_cadence_counts_from_one_to_a_year_of_days(count: int) -> None:
    with pytest.raises(ValueError, match="cadence"):
        Cadence(Unit.MONTH, count)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  a naive instant is what is tried
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        utc(2026, 1, 1, 0, 0, 0, 1),
    ],
)
def test_a_boundary_is_a_whole_second_in_utc(instant: datetime) -> None:
    with pytest.raises(NotPinned):
        Period(instant, utc(2027, 1, 1))


def test_an_empty_or_reversed_period_is_refused() -> None:
    for end in (utc(2026, 1, 1), utc(2025, 1, 1)):
        with pytest.raises(ValueError, match="ends after"):
            Period(utc(2026, 1, 1), end)
