"""The post over SMTP: one connection a letter, encrypted where its URL says so."""

from ssl import SSLContext
from typing import Final

from domain.notices.post import Letter, PostAnswer
from domain.notices.way import PATIENCE, Patience, Way

PLACES: Final = 4  # letters under way at once: a fifth of a worker's jobs, so that a slow mail server holds up few


class SmtpPost:
    """A mail server at a URL as ``Way.parse`` takes it; without a context, certificates are checked as usual."""

    def __init__(self, url: str, tls: SSLContext | None = None, patience: Patience = PATIENCE) -> None:
        self._way, self._tls, self._patience = Way.parse(url), tls, patience
        self._under_way = 0

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self._under_way >= PLACES

    async def deliver(self, letter: Letter) -> PostAnswer:
        """As the conversation with the server ends, within the post's patience."""
        from domain.notices.smtp_session import converse  # not before the first letter: most processes never send one

        self._under_way += 1
        try:
            return await converse(self._way, self._tls, letter, self._patience)
        finally:
            self._under_way -= 1
