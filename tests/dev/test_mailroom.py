"""The mailroom: it takes every mail, shows it where it can do nothing, and forgets the oldest."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import httpx2

from dev.mailroom.door import Door
from dev.mailroom.room import Mailroom
from domain.notices.mailbox import mailbox
from domain.notices.post import Letter, NotNow, Taken
from domain.notices.smtp import SmtpPost
from tests.dev.launcher import CHECKOUT
from tests.ports import free_ports

HOSTILE = (
    b"From: a@acme.test\r\nTo: ada@example.test\r\nSubject: <script>alert(1)</script>\r\n"
    b"Content-Type: text/html\r\n\r\n<script>parent.document.title='taken'</script><b>Hello</b>\r\n"
)


@asynccontextmanager
async def shown(room: Mailroom) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the room's pages."""
    (port,) = free_ports(1)
    door = Door(room, port)
    answering = Thread(target=door.serve_forever, daemon=True)
    answering.start()
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        await asyncio.to_thread(door.shutdown)
        door.server_close()


async def test_a_mail_is_shown_where_nothing_of_it_can_run() -> None:
    room = Mailroom()
    room.take("a@acme.test", ("ada@example.test",), HOSTILE)
    async with shown(room) as client:
        for path in ("/", "/mails/1"):
            page = await client.get(path)
            assert "<script" not in page.text and "&lt;script&gt;" in page.text
            assert "default-src 'none'" in page.headers["content-security-policy"]
        assert '<iframe sandbox title="HTML" src="/mails/1/html">' in (await client.get("/mails/1")).text
        html = await client.get("/mails/1/html")
        assert html.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert (await client.get("/mails/1/raw")).content == HOSTILE
        for path in ("/mails/2", "/mails/x", "/mails/1/other", "/mails", "/../etc/passwd"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/", headers={"Host": "evil.test"})).status_code == 404


def test_the_oldest_mails_are_forgotten() -> None:
    room = Mailroom(kept=2)
    for number in range(3):
        room.take("a@acme.test", ("ada@example.test",), b"Subject: %d\r\n\r\n" % number)
    assert [mail.subject for mail in room.newest_first()] == ["2", "1"]
    assert room.find(1) is None


async def started(pages: int, smtp: int) -> asyncio.subprocess.Process:
    """The process, as the launcher starts it."""
    environment = {**os.environ, "MAILROOM_PORT": str(pages), "SMTP_PORT": str(smtp)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dev.mailroom", cwd=CHECKOUT, env=environment, stdout=PIPE, stderr=PIPE
    )


async def test_the_process_takes_mails_and_ends_in_order_when_it_is_told_to() -> None:
    pages, smtp = free_ports(2)
    recipient = mailbox("ada@example.test")
    assert recipient
    letter = Letter("a@acme.test", recipient, b"Subject: Hello Ada\r\n\r\nHello\r\n")
    post = SmtpPost(f"smtp://127.0.0.1:{smtp}")
    assert await post.deliver(letter) == NotNow("connect")
    process = await started(pages, smtp)
    try:
        assert process.stdout
        assert f"http://127.0.0.1:{pages}" in (await process.stdout.readline()).decode()
        assert await post.deliver(letter) == Taken()
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://127.0.0.1:{pages}/healthz")).status_code == 200
            assert "Hello Ada" in (await client.get(f"http://127.0.0.1:{pages}/")).text
        second = await started(pages, smtp)
        _, why = await second.communicate()
        assert (second.returncode, why.startswith(b"The mailroom cannot start: ")) == (2, True)
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0
