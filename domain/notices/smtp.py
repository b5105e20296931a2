"""The post over SMTP: one connection a letter, encrypted where its URL says so."""

import asyncio
from ssl import SSLContext
from typing import Final

from domain.notices.post import Letter, NotNow, PostAnswer
from domain.notices.way import Way

PLACES: Final = 4  # letters under way at once: a fifth of a worker's jobs, so that a slow mail server holds up few
DELIVER_SECONDS: Final = 20  # below the lease of due work, so that no other worker tries meanwhile


class SmtpPost:
    """A mail server at a URL as ``Way.parse`` takes it; without a context, certificates are checked as usual."""

    def __init__(self, url: str, tls: SSLContext | None = None) -> None:
        self._way, self._tls = Way.parse(url), tls
        self._under_way = 0

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self._under_way >= PLACES

    async def deliver(self, letter: Letter) -> PostAnswer:
        """As the conversation with the server ends; NotNow where it takes too long."""
        from domain.notices.smtp_session import converse  # not before the first letter: most processes never send one

        self._under_way += 1
        try:
            async with asyncio.timeout(DELIVER_SECONDS):
                return await converse(self._way, self._tls, letter)
        except TimeoutError:
            return NotNow("timeout")
        finally:
            self._under_way -= 1
