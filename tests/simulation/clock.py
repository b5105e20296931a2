"""Time and chance of a simulated world: both repeat exactly for a seed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2027, 1, 1, tzinfo=UTC)  # a quiet New Year's night; every run begins here
TICK = timedelta(milliseconds=1)  # two looks at a real clock never see the same instant; uuid7 counts milliseconds

Entropy = Callable[[int], bytes]


class SimClock:
    """Wall time that stands still but for a tick a look; only ``move`` makes it pass."""

    def __init__(self, start: datetime = START) -> None:
        self.at = start

    def now(self) -> datetime:
        """The next tick."""
        self.at += TICK
        return self.at

    def move(self, by: timedelta) -> None:
        """Lets time pass."""
        assert by >= timedelta(0), by
        self.at += by

    def move_to(self, instant: datetime) -> None:
        """Lets time pass until the instant, unless it is over already."""
        self.at = max(self.at, instant)
