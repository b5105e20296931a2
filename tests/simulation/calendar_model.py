"""Billing periods and shares, reckoned a second time in the plainest way: by the standard library alone."""

import calendar
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo


def boundary(anchor: datetime, zone: str, unit: str, count: int) -> datetime:
    """The instant that lies so many units after the anchor by the zone's calendar, on the anchor's day and time."""
    if count == 0:
        return anchor
    local = anchor.astimezone(ZoneInfo(zone))
    if unit in ("month", "year"):
        months = local.year * 12 + local.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        day = min(local.day, calendar.monthrange(year, month + 1)[1])
        shifted = local.replace(year=year, month=month + 1, day=day, fold=0)
    else:
        shifted = (local.replace(tzinfo=None) + timedelta(days=count * (7 if unit == "week" else 1))).replace(
            tzinfo=local.tzinfo, fold=0
        )
    return shifted.astimezone(UTC)


def units(start: datetime, end: datetime, zone: str | None) -> int:
    """How much lies between two instants: days of the zone's calendar, or seconds where no zone is given."""
    if zone is None:
        return int((end - start).total_seconds())
    first, last = (instant.astimezone(ZoneInfo(zone)).date() for instant in (start, end))
    return (last - first).days


def share(price: int, part: int, whole: int) -> int:
    """price x part / whole in minor units, half to even."""
    return round(Fraction(price) * Fraction(part, whole))
