"""Wall time, as the operating system tells it."""

from datetime import UTC, datetime


class SystemClock:
    """The clock of every process outside tests and the simulation."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)
