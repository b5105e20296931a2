"""Notices in tests: a real mail server on a port of its own, which can be made unhelpful, and what it took."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ssl import SSLContext
from typing import Any, Protocol, runtime_checkable

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.mailroom.room import Mail, Mailroom
from dev.mailroom.server import Clerk, listen
from domain import due
from domain.actor import Grant
from domain.db import Row
from domain.due import LEASE
from domain.ids import NoticeId
from domain.notices import post
from domain.notices.mailbox import mailbox
from domain.notices.notice import SEND_NOTICE
from domain.notices.queue_notice import ResendNotice, resend_notice
from domain.notices.smtp import SmtpPost
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.lives import buyer, start
from tests.mishaps import later
from tests.ports import free_port
from tests.world import Someone, World, fresh

SENDER = mailbox("billing@quittance.test")
PORTAL = "https://portal.example.test"


@runtime_checkable
class Abortable(Protocol):
    """The transport of a connection as any loop makes it."""

    def abort(self) -> None:
        """Ends it at once, whatever is still to be sent."""


class MoodyClerk(Clerk):
    """Says what it is told to, at the given step, instead of what it should; ``seen`` counts the tries."""

    def __init__(self, room: Mailroom) -> None:
        super().__init__(room)
        self.moods: dict[str, str] = {}
        self.seen = 0
        self.hangs_up = False  # once it has taken a mail
        self.silent_at = ""  # a step at which it never answers
        self.silent = asyncio.Semaphore(0)  # released as often as it was asked there

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes the sender, or not."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.moods.get("sender", "250 2.1.0 Good")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes the recipient, or not; the name is aiosmtpd's."""
        self.seen += 1
        await self._think("recipient")
        if mood := self.moods.get("recipient") or self.moods.get(address):
            return mood
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Good"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes the mail, or not."""
        if mood := self.moods.get("data"):
            return mood
        taken = await super().handle_DATA(server, session, envelope)
        if self.hangs_up:
            assert isinstance(server.transport, Abortable)
            server.transport.abort()
        await self._think("taken")
        return self.moods.get("taken", taken)

    async def _think(self, step: str) -> None:
        if step == self.silent_at:
            self.silent.release()
            await asyncio.Event().wait()  # until the client has gone


@dataclass
class PostOffice:
    """A world whose house sends notices to a mail server of the test's own."""

    world: World
    room: Mailroom
    clerk: MoodyClerk
    port: int
    server: asyncio.Server = field(repr=False)

    def mails(self) -> list[Mail]:
        """All that the server took, oldest first."""
        return list(reversed(self.room.newest_first()))

    def house_later(self, by: timedelta) -> House:
        """Another process, to which that much time has passed."""
        return later(self.world.house, by)

    async def look_again(self, of: Someone, after: timedelta = LEASE + timedelta(seconds=1)) -> None:
        """What a worker does for the customer so much later."""
        await do_now(self.house_later(after), of.id)

    async def rows(self, of: Someone) -> list[Row]:
        """The customer's notices, oldest first."""
        return await self.world.house.db.primary.fetch(
            """SELECT id, kind, state, reason, attempts, copy, cause FROM notice
                WHERE shard_key = $1 AND customer_id = $2 ORDER BY cause, copy""",
            of.id.shard,
            of.id.uuid,
        )

    async def states(self, of: Someone) -> list[tuple[str, str, str | None]]:
        """Kind, state and reason of each of them."""
        return [(row["kind"], row["state"], row["reason"]) for row in await self.rows(of)]

    async def queued(self, of: Someone) -> list[due.Due]:
        """The customer's notices that are still to be sent."""
        rows = [row for row in await self.rows(of) if row["state"] == "due"]
        found = [await due.find(self.world.house.db.primary, of.id, SEND_NOTICE, row["id"]) for row in rows]
        return [work for work in found if work is not None]

    async def resend(self, of: Someone) -> None:
        """Support has the customer's first notice sent again."""
        first = NoticeId(of.id.shard, (await self.rows(of))[0]["id"])
        actor, command = self.world.staff(Grant.SUPPORT), ResendNotice(first, "They asked.")
        await perform(self.world.house.db, resend_notice, actor, of.id, command, fresh("resend"))
        await do_now(self.world.house, of.id)

    async def close(self) -> None:
        """Nobody listens any more."""
        self.server.close()
        await self.server.wait_closed()

    async def open_again(self) -> None:
        """Somebody listens at the same place again."""
        self.server = await listen(self.clerk, "127.0.0.1", self.port)


@asynccontextmanager
async def post_office(world: World, *, url: str = "smtp://127.0.0.1:{port}", tls: SSLContext | None = None,
                      **server: Any) -> AsyncIterator[PostOffice]:  # fmt: skip
    """The world with a mail server; the world itself still tells nobody anything."""
    assert SENDER is not None
    room, port = Mailroom(), free_port()
    clerk = MoodyClerk(room)
    listening = await listen(clerk, "127.0.0.1", port, **server)
    mail = post.Mail(SmtpPost(url.format(port=port), tls), SENDER, PORTAL, frozenset({"xn--bcher-kva.example"}))
    office = PostOffice(replace(world, house=replace(world.house, mail=mail)), room, clerk, port, listening)
    try:
        yield office
    finally:
        await office.close()


async def buy_and_be_told(world: World) -> None:
    """A purchase of which the customer hears twice: of the invoice, and of its payment."""
    async with post_office(world) as office:
        await start(office.world, await buyer(office.world))
        assert [mail.subject.split(" ")[0] for mail in office.mails()] == ["Invoice", "Receipt"]
