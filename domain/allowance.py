"""How many rows a process may still write of what strangers can cause."""

from datetime import datetime, timedelta

A_MINUTE = timedelta(minutes=1)  # the span an allowance is for
ROWS_A_MINUTE = 600  # a flood of refused calls must not become a flood of rows; ten a second tell the story


class Allowance:
    """Rows of the running minute; each use of this class counts for itself."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.left = ROWS_A_MINUTE

    def take(self, now: datetime) -> bool:
        """Whether one more may be written in this minute; a clock that was set back to before it begins another."""
        if self.until is None or not self.until - A_MINUTE <= now < self.until:
            self.until, self.left = now + A_MINUTE, ROWS_A_MINUTE
        self.left -= 1
        return self.left >= 0
