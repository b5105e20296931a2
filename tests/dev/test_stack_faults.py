"""The launcher when something is killed, and what may not be lost then."""

import asyncio
import signal
import time
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from dev.stack.addresses import Servers
from dev.stack.plan import Plan
from dev.stack.postgres import SLOT
from dev.stack.program import POLL_SECONDS, bring_up
from dev.stack.signals import rest
from dev.stack.sql import drop_slot, is_streaming
from dev.stack.stack import Stack
from dev.stack.trouble import StackError
from dev.story.client import until
from tests.dev.conftest import Start
from tests.dev.launcher import PATIENCE_SECONDS, gone

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
# Its first run is a good one.
FAILS_FROM_NOW_ON = """
import pathlib, signal
been_here = pathlib.Path(os.environ["QUITTANCE_STATE"], "provider", "worker-was-here")
if been_here.exists():
    raise SystemExit("the queue is on fire")
been_here.touch()
print("worker ready", flush=True)
signal.pause()
"""


def test_a_killed_launcher_leaves_no_process_and_the_next_start_is_clean(start: Start) -> None:
    first = start()
    first.until("stack      ready")
    programs = first.record()
    assert first.signal(signal.SIGKILL) == -signal.SIGKILL
    gone(programs)
    second = start()
    second.until("stack      ready")
    assert second.signal(signal.SIGINT) == 0


def test_a_start_right_after_a_kill_waits_for_what_is_still_leaving(start: Start) -> None:
    first = start()
    first.until("stack      ready")
    first.process.kill()
    first.process.wait()
    second = start()
    second.until("stack      ready")
    assert second.signal(signal.SIGINT) == 0


def test_whatever_is_killed_is_started_again_and_the_rest_goes_on(start: Start) -> None:
    launcher = start()
    launcher.until("stack      ready")
    for name in ("valkey", "primary", "replica", "api", "worker"):
        before = launcher.record()
        launcher.kill(name)
        launcher.until("ready again")
        after = launcher.record()
        assert after[name]["restarts"] == before[name]["restarts"] + 1
        assert [each for each in before if before[each]["pid"] != after[each]["pid"]] == [name]
    assert launcher.signal(signal.SIGINT) == 0


async def _until(connection: Connection, condition: str) -> None:
    async def holds() -> bool | None:
        return await connection.fetchval(f"SELECT {condition}") or None

    await until(holds, condition)


async def test_what_was_acknowledged_survives_a_killed_primary_with_a_busy_session(start: Start) -> None:
    launcher = start(durable=True)
    launcher.until("stack      ready")
    url = launcher.servers().owner_url
    watching, busy = await asyncpg.connect(url), await asyncpg.connect(url)
    await watching.execute("CREATE TABLE note (id int PRIMARY KEY)")
    await watching.execute("GRANT SELECT ON note TO quittance_app")
    await watching.execute("INSERT INTO note VALUES (1)")
    # A session that computes does not see that its postmaster is gone, and holds the shared memory meanwhile.
    endless = "SELECT count(*) AS endless FROM generate_series(1, 100000) a, generate_series(1, 1000000) b"
    await busy.execute("SET statement_timeout = '60s'")  # nothing else would end it should the launcher be broken
    computing = asyncio.create_task(busy.execute(endless))
    others = "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%endless%' AND pid <> pg_backend_pid()"
    await _until(watching, f"EXISTS (SELECT 1 {others})")
    launcher.kill("primary")
    launcher.until("primary    ready again")
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await computing
    again = await asyncpg.connect(url)
    assert await again.fetchval("SELECT count(*) FROM note") == 1
    await again.execute("INSERT INTO note VALUES (2)")
    copy = await asyncpg.connect(launcher.servers().replica_url)
    await _until(copy, "EXISTS (SELECT 1 FROM note WHERE id = 2)")
    for connection in (watching, busy, again, copy):
        connection.terminate()


def test_what_only_crashes_ends_the_stack_with_its_last_words(start: Start) -> None:
    launcher = start(worker=FAILS_FROM_NOW_ON)
    launcher.until("stack      ready")
    launcher.kill("worker")
    assert launcher.end() == 1
    assert "worker ended 6 times in a row" in launcher.said
    assert "the queue is on fire" in launcher.said


def test_a_replica_that_lost_its_slot_is_built_anew_and_follows(fresh_stack: Stack) -> None:
    pair = fresh_stack.ground.pair
    assert pair
    replica = fresh_stack.named("replica")
    replica.child.stop()
    drop_slot(pair.superuser_dsn, SLOT)
    replica.child = bring_up(pair.replica())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_streaming(pair.superuser_dsn, SLOT):
        assert time.monotonic() < deadline
        rest(POLL_SECONDS)


def test_a_damaged_replica_is_built_anew_at_the_next_start(start: Start, state: Path) -> None:
    first = start()
    first.until("stack      ready")
    first.signal(signal.SIGINT)
    (state / "servers/replica/global/pg_control").unlink()
    second = start()
    second.until("stack      ready")
    assert second.signal(signal.SIGINT) == 0


def test_a_server_that_may_lose_what_it_acknowledged_is_refused(servers: Servers, state: Path) -> None:
    given = {
        "OWNER_DATABASE_URL": servers.owner_url,
        "DATABASE_URL": servers.database_url,
        "REPLICA_URL": servers.replica_url,
        "REDIS_URL": servers.redis_url,
    }
    stack = Stack(Plan(state, given=given), quiet=True)
    try:
        with pytest.raises(StackError, match="fsync=off"):
            stack.start()
    finally:
        stack.stop()
