"""What a process does beside its requests ends when it is told to, also while the database is silent."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

import api.repeating
import api.server
import domain.db
from api.audience import Audience, Sender
from api.live.hub import Hub
from api.request_log import Line, RequestLog
from dev.stack.program import Program
from domain.actor import Grant
from runtime.settings import Settings
from tests.gated import behind_a_gate
from tests.world import World


@asynccontextmanager
async def seen(part: str) -> AsyncIterator[asyncio.Event]:
    """Set once a statement with that text is sent."""
    sent = asyncio.Event()

    def watch(sql: str, _args: Sequence[object], _tx: object) -> None:
        if part in sql:
            sent.set()

    domain.db.observers.append(watch)
    try:
        yield sent
    finally:
        domain.db.observers.remove(watch)


@pytest.mark.row("F4")
async def test_streams_are_told_of_the_end_while_the_database_is_silent(
    world: World, process_settings: Settings
) -> None:
    ada, stopping = await world.customer(), asyncio.Event()
    async with behind_a_gate(process_settings) as (gate, db), seen("FROM customer_head") as looked:
        hub = Hub(db, process_settings.redis_url.get_secret_value(), stopping.is_set)
        async with hub.open(), hub.follow(ada.id) as follower:
            gate.hold()
            await looked.wait()
            stopping.set()
            async with asyncio.timeout(5):
                while not hub.ended:
                    await follower.woken()


@pytest.mark.row("F4")
async def test_the_log_of_requests_ends_while_the_database_is_silent(world: World, process_settings: Settings) -> None:
    asked: Any = SimpleNamespace(sender=Sender(Audience.STAFF, world.tenant.tenant), actor=world.staff(Grant.SUPPORT))
    async with behind_a_gate(process_settings) as (gate, db), seen("tenant") as writing:
        log = RequestLog(db)

        async def life() -> None:
            async with log.kept(every_seconds=0):
                gate.hold()
                log.note(Line(context=asked, cost=1))
                await writing.wait()

        living = asyncio.ensure_future(life())
        ended, _ = await asyncio.wait({living}, timeout=20)
        living.cancel()
        assert ended == {living}


def test_a_process_that_does_not_end_is_gone_in_the_end() -> None:
    code = "from runtime.last_resort import leave_after; leave_after(0.1); import threading; threading.Event().wait()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert api.repeating.LAST_SECONDS < api.server.GRACE_SECONDS < api.server.LAST_SECONDS < Program.grace_seconds
