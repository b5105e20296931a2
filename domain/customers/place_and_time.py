"""What a customer's time zone and test clock can be; each refused as INVALID_INPUT otherwise."""

from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final

from domain.period import pin
from domain.refusals import RefusalCode, Refused

# A test clock stays where calendars, prices and zone rules mean something; beyond, periods would leave the calendar.
CLOCK_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_UNTIL: Final = datetime(2200, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """The names of the IANA database; a machine has others of its own, which mean something else elsewhere."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def require_zone(name: str) -> None:
    """An IANA name, exactly as it is written there."""
    if name not in _zones():
        raise Refused(RefusalCode.INVALID_INPUT, "There is no such time zone.", ("timeZone",))


def clock_instant(at: datetime, *path: str) -> datetime:
    """The whole second of an instant that a test clock can show."""
    if not CLOCK_FROM <= at < CLOCK_UNTIL:
        message = f"A test clock shows {CLOCK_FROM.year} to {CLOCK_UNTIL.year - 1}."
        raise Refused(RefusalCode.INVALID_INPUT, message, path)
    return pin(at)
