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


def share(price: int, part: timedelta, whole: timedelta) -> int:
    """price x part / whole in minor units, half to even."""
    return round(Fraction(price) * Fraction(int(part.total_seconds()), int(whole.total_seconds())))
