"""The post over SMTP: one connection a letter, encrypted where its URL says so."""

from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from typing import Final

from domain.notices.post import Letter, PostAnswer
from domain.notices.way import PATIENCE, Patience, Way

PLACES: Final = 4  # letters under way at once: a fifth of a worker's jobs, so that a slow mail server holds up few
FULL: Final = timedelta(seconds=2)  # a few letters of a healthy mail server
EACH: Final = timedelta(milliseconds=100)  # so many more letters a second than a worker sends are seldom turned away
LONGEST: Final = timedelta(minutes=10)  # the server may be faster than that; thousands come again at their own times


class SmtpPost:
    """A mail server at a URL as ``Way.parse`` takes it; without a context, certificates are checked as usual."""

    def __init__(self, url: str, tls: SSLContext | None = None, patience: Patience = PATIENCE) -> None:
        self._way, self._tls, self._patience = Way.parse(url), tls, patience
        self._under_way = 0
        self._last = datetime.min.replace(tzinfo=UTC)  # when the last of those who stay away comes again

    def enter(self, now: datetime) -> timedelta | None:
        """None with one of the places taken; else when the letter's turn is."""
        if self._under_way < PLACES:
            self._under_way += 1
            return None
        self._last = max(self._last, now + FULL) + EACH
        return min(self._last - now, LONGEST)

    def leave(self) -> None:
        """Gives a place back."""
        self._under_way -= 1

    async def deliver(self, letter: Letter) -> PostAnswer:
        """As the conversation with the server ends, within the post's patience."""
        from domain.notices.smtp_session import converse  # not before the first letter: most processes never send one

        return await converse(self._way, self._tls, letter, self._patience)
