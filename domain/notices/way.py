"""Where the mail server is, as SMTP_URL says it, and how long it is waited for."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}  # RFC 5321, 6409 and 8314
_FORM: Final = "SMTP_URL is smtp://, smtp+starttls:// or smtps://, a host and a port"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long: until a server agrees to take a message, until it has answered for it, both from the start; for bye.

    A server that checks what it gets before it answers has most of it, since its silence leaves a doubt.
    """

    agree: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=13)
    bye: timedelta = timedelta(seconds=1)

    @property
    def total(self) -> timedelta:
        """What a whole conversation takes at most."""
        return self.answer + self.bye


# Below the time of a job (18 s), with some for what is read and written before and after; a test holds them together.
PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Way:
    """Where the mail server is and how it is spoken to."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """From ``smtp://``, ``smtp+starttls://`` or ``smtps://``, with user and password unless it is the first.

        ValueError for anything else; it never quotes the URL.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(_FORM) from None  # what it says quotes a part, which may be one of a password
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(_FORM)
        if (parts.username is None) != (parts.password is None):
            raise ValueError("SMTP_URL has a user and a password, or neither")
        if parts.username is not None and parts.scheme == "smtp":
            raise ValueError("SMTP_URL sends no password in the clear: use smtp+starttls or smtps")
        secret = [unquote(each) if each is not None else None for each in (parts.username, parts.password)]
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], *secret)
