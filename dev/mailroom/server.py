"""A mail server that takes every mail and sends none on."""

import asyncio
from ssl import SSLContext
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.mailroom.room import Mailroom

MAX_BYTES: Final = 10_000_000  # of one mail, as common mail servers have it
IDLE_SECONDS: Final = 30  # a client that says nothing for longer is gone


class Clerk:
    """What the server does with a mail; tests have clerks of their own, who are less helpful."""

    def __init__(self, room: Mailroom) -> None:
        self.room = room

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keeps it; the name is aiosmtpd's."""
        content = envelope.original_content or b""
        self.room.take(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        return "250 2.0.0 Taken"


async def listen(clerk: Clerk, host: str, port: int, tls: SSLContext | None = None, **more: Any) -> asyncio.Server:
    """Listens; port 0 takes a free one. ``more`` goes to aiosmtpd."""
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        return SMTP(
            clerk, data_size_limit=MAX_BYTES, hostname="mailroom", ident="mailroom", tls_context=tls,
            timeout=IDLE_SECONDS, loop=loop, **{"enable_SMTPUTF8": True, **more},
        )  # fmt: skip

    return await loop.create_server(connected, host, port)
