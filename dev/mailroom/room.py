"""The mails that a laptop's mail server has taken: in memory, the newest of them."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from typing import Final

KEPT: Final = 500  # more than anybody looks through; at 30 kB each they stay below 15 MB


@dataclass(frozen=True)
class Mail:
    """A mail as it came: its number, the envelope and the message."""

    number: int
    taken_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The subject, or nothing."""
        return str(self.message["Subject"] or "")

    def body(self, kind: str) -> str | None:
        """The text of that kind, ``plain`` or ``html``; None where it has none."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else None

    @property
    def attachments(self) -> list[str]:
        """The names of its files."""
        return [part.get_filename() or "file" for part in self.message.iter_attachments()]


class Mailroom:
    """Takes mails, and forgets the oldest where it holds too many; from any thread."""

    def __init__(self, kept: int = KEPT) -> None:
        self._mails: deque[Mail] = deque(maxlen=kept)
        self._count = 0
        self._lock = Lock()

    def take(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> Mail:
        """Keeps the mail."""
        message = message_from_bytes(raw, policy=policy.default)
        with self._lock:
            self._count += 1
            mail = Mail(self._count, datetime.now(UTC), sender, recipients, raw, message)
            self._mails.append(mail)
        return mail

    def newest_first(self) -> list[Mail]:
        """All that are kept."""
        with self._lock:
            return list(reversed(self._mails))

    def find(self, number: int) -> Mail | None:
        """The mail of that number, or None once it is forgotten."""
        return next((mail for mail in self.newest_first() if mail.number == number), None)
