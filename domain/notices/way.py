"""Where the mail server is, as SMTP_URL says it."""

from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}  # RFC 5321, 6409 and 8314


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
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("SMTP_URL is smtp://, smtp+starttls:// or smtps://, a host and a port")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("SMTP_URL has a user and a password, or neither")
        if parts.username is not None and parts.scheme == "smtp":
            raise ValueError("SMTP_URL sends no password in the clear: use smtp+starttls or smtps")
        secret = [unquote(each) if each is not None else None for each in (parts.username, parts.password)]
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], *secret)
