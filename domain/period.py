"""Billing periods: half-open spans of whole seconds, each derived from the anchor and never from the period before it.

Instants are aware UTC datetimes outside; the calendar of the customer's zone is used inside.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final, Self

from whenever import Date, Instant, Time, TimeZoneNotFoundError

MAX_COUNT: Final = 366
"""Most units in one cadence: a year of days; what is longer is said in a longer unit."""

_SECONDS_PER_DAY: Final = 86_400  # of a timedelta, which knows no leap seconds and no zones


class NotPinned(ValueError):
    """The instant is not an aware UTC datetime of a whole second."""


class UnknownZone(ValueError):
    """The name is not a time zone of the IANA database."""


class BeforeAnchor(ValueError):
    """The instant or index lies before the first period."""


class SkippedPeriod(LookupError):
    """The period has no length: its zone left that whole day out of the calendar (Pacific/Apia, 30 December 2011)."""


class Unit(Enum):
    """What a cadence counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every `count` units, 1 to MAX_COUNT; a quarter is three months."""

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= MAX_COUNT:
            raise ValueError(f"a cadence counts 1 to {MAX_COUNT} units")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the first period starts, and by which calendar the others follow.

    `day` is the day of the month that month and year cadences return to; it differs from the local day of `start` only
    where that month is too short for it (ValueError otherwise). An unknown zone is UnknownZone.
    """

    start: datetime
    zone: str
    cadence: Cadence
    day: int

    def __post_init__(self) -> None:
        require_pinned(self.start)
        first = local_date(self.start, self.zone)
        if first.day != min(self.day, Date(first).days_in_month()) or not 1 <= self.day <= 31:
            raise ValueError(f"anchor day {self.day} does not fit a start on {first}")

    @classmethod
    def at(cls, start: datetime, zone: str, cadence: Cadence) -> Self:
        """The anchor of what starts then: its day is the local day of the start."""
        return cls(start, zone, cadence, local_date(start, zone).day)


@dataclass(frozen=True, slots=True)
class Period:
    """From start, included, to end, excluded; both pinned, never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if require_pinned(self.start) >= require_pinned(self.end):
            raise ValueError("a period ends after it starts")

    @property
    def seconds(self) -> int:
        """Its length."""
        return seconds_between(self.start, self.end)

    def contains(self, instant: datetime) -> bool:
        """Whether the instant lies in it; the end does not."""
        return self.start <= instant < self.end


def period(anchor: Anchor, k: int) -> Period:
    """The k-th period, from 0; it ends where the next one starts. BeforeAnchor below 0, SkippedPeriod where empty."""
    start, end = _boundary(anchor, k), _boundary(anchor, k + 1)
    if start == end:
        raise SkippedPeriod(f"period {k} from {anchor.start.isoformat()} in {anchor.zone}")
    return Period(start, end)


def period_index(anchor: Anchor, instant: datetime) -> int:
    """Index of the period that contains the instant, never that of a skipped one; BeforeAnchor before the first.

    `period_index(anchor, current.end)` is the way to the next period.
    """
    if instant < anchor.start:
        raise BeforeAnchor(f"{instant.isoformat()} is before {anchor.start.isoformat()}")
    k = _estimate(anchor, local_date(instant, anchor.zone))
    while k > 0 and _boundary(anchor, k) > instant:
        k -= 1
    while _boundary(anchor, k + 1) <= instant:
        k += 1
    return k


def days_later(instant: datetime, zone: str, days: int) -> datetime:
    """The instant so many calendar days later at the same local time; one that a zone skips moves by the gap."""
    return _boundary(Anchor.at(instant, zone, Cadence(Unit.DAY)), days)


def pin(instant: datetime) -> datetime:
    """The whole second the instant lies in; NotPinned unless it is aware UTC."""
    return require_pinned(instant.replace(microsecond=0))


def require_pinned(instant: datetime) -> datetime:
    """The instant itself, if it is aware UTC and a whole second; otherwise NotPinned."""
    if instant.tzinfo != UTC or instant.microsecond:
        raise NotPinned(f"not a whole second in UTC: {instant.isoformat()}")
    return instant


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds from start to end, negative when end is earlier; both pinned."""
    span = require_pinned(end) - require_pinned(start)
    return span.days * _SECONDS_PER_DAY + span.seconds


def local_date(instant: datetime, zone: str) -> date:
    """The calendar day of the instant in the zone; UnknownZone for a name that is none."""
    return _local(instant, zone)[0].to_stdlib()


def noon(day: date, zone: str) -> datetime:
    """Noon of that calendar day in the zone."""
    local = Date(day.year, day.month, day.day).at(Time(12)).assume_tz(zone, disambiguation="compatible")
    return datetime.fromtimestamp(local.timestamp(), UTC)


def _local(instant: datetime, zone: str) -> tuple[Date, Time]:
    try:
        local = Instant(instant).to_tz(zone)
    except TimeZoneNotFoundError as error:
        raise UnknownZone(f"not a time zone: {zone!r:.60}") from error
    return local.date(), local.time()


def _boundary(anchor: Anchor, k: int) -> datetime:
    if k < 0:
        raise BeforeAnchor(f"there is no period {k}")
    if k == 0:
        # The stored instant, since its local time may exist twice.
        return anchor.start
    first, time = _local(anchor.start, anchor.zone)
    # "compatible": a local time that a zone skips moves forward by the gap, one that comes twice is the earlier.
    local = _step(first, anchor, k).at(time).assume_tz(anchor.zone, disambiguation="compatible")
    return datetime.fromtimestamp(local.timestamp(), UTC)


def _step(first: Date, anchor: Anchor, k: int) -> Date:
    count = k * anchor.cadence.count
    match anchor.cadence.unit:
        case Unit.DAY:
            return first.add(days=count)
        case Unit.WEEK:
            return first.add(weeks=count)
        case Unit.MONTH:
            return _on_day(first.replace(day=1).add(months=count), anchor.day)
        case Unit.YEAR:
            return _on_day(first.replace(day=1).add(years=count), anchor.day)


def _on_day(month: Date, day: int) -> Date:
    return month.replace(day=min(day, month.days_in_month()))


def _estimate(anchor: Anchor, day: date) -> int:
    """An index at most a few periods away from the day's; the caller walks the rest."""
    first = local_date(anchor.start, anchor.zone)
    match anchor.cadence.unit:
        case Unit.DAY:
            units = (day - first).days
        case Unit.WEEK:
            units = (day - first).days // 7
        case Unit.MONTH:
            units = (day.year - first.year) * 12 + day.month - first.month
        case Unit.YEAR:
            units = day.year - first.year
    return max(units, 0) // anchor.cadence.count
