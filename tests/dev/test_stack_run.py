"""The launcher as a person meets it: started, stopped, started again, and refused."""

import json
import os
import re
import signal
import socket
from pathlib import Path

import asyncpg
import redis.asyncio

from dev.stack.state import clear, known_layout
from tests.dev.conftest import Start
from tests.dev.launcher import Launcher, gone
from tests.throw_away import replayed

ORDER = ["valkey", "primary", "replica", "api", "worker"]


def _names(launcher: Launcher, word: str) -> list[str]:
    return re.findall(rf"^\S+ (\w+) +{word} ", launcher.said, re.MULTILINE)


async def _follows(primary_url: str, replica_url: str) -> int:
    """Write on the primary and return what the replica reads once it got there."""
    primary, replica = await asyncpg.connect(primary_url), await asyncpg.connect(replica_url)
    try:
        await primary.execute("CREATE TABLE IF NOT EXISTS note (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        await primary.execute("GRANT SELECT ON note TO quittance_app")
        await primary.execute("INSERT INTO note DEFAULT VALUES")
        position = await primary.fetchval("SELECT pg_current_wal_flush_lsn()")
        await replayed(replica, position)
        assert await replica.fetchval("SELECT pg_is_in_recovery()")
        return int(await replica.fetchval("SELECT count(*) FROM note"))
    finally:
        await primary.close()
        await replica.close()


async def test_a_stop_is_orderly_and_the_next_start_goes_on_with_the_same_data(start: Start) -> None:
    first = start()
    first.until("stack      ready")
    assert _names(first, "ready") == [*ORDER, "stack"]
    assert await _follows(first.servers().owner_url, first.servers().replica_url) == 1
    queue = redis.asyncio.Redis.from_url(first.servers().redis_url)
    await queue.set("note", "kept")
    await queue.aclose()
    programs = first.record()
    assert first.signal(signal.SIGINT) == 0
    assert _names(first, "stopped") == ORDER[::-1]
    gone(programs)

    second = start()
    second.until("stack      ready")
    assert await _follows(second.servers().owner_url, second.servers().replica_url) == 2
    queue = redis.asyncio.Redis.from_url(second.servers().redis_url)
    assert await queue.get("note") == b"kept"
    await queue.aclose()
    assert second.signal(signal.SIGTERM) == 0
    assert "once       done" in first.said
    assert "once       done" not in second.said


async def test_after_a_reset_nothing_of_the_old_data_is_left(start: Start, state: Path) -> None:
    first = start()
    first.until("stack      ready")
    assert await _follows(first.servers().owner_url, first.servers().replica_url) == 1
    old = first.servers()
    first.signal(signal.SIGINT)
    layout = known_layout(state)
    assert layout
    clear(layout)
    assert os.listdir(state) == ["quittance.lock"]
    again = start()
    again.until("stack      ready")
    assert await _follows(again.servers().owner_url, again.servers().replica_url) == 1
    assert again.servers().owner_url != old.owner_url


def test_a_busy_port_is_named_and_nothing_is_started(start: Start, state: Path, port: int) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        refused = start()
        assert refused.end() == 1
    assert refused.said.count("\n") == 1
    assert f"Port {port}" in refused.said
    assert "PORT=" in refused.said
    assert os.listdir(state) == ["quittance.lock"]


def test_a_second_launcher_is_refused_and_the_first_goes_on(start: Start) -> None:
    first = start()
    first.until("stack      ready")
    second = start()
    assert second.end() == 1
    assert f"in use by process {first.process.pid}" in second.said
    assert all(program["state"] == "ready" for program in first.record().values())
    assert first.signal(signal.SIGINT) == 0


def test_state_of_another_version_is_refused_untouched_and_with_the_remedy(start: Start, state: Path) -> None:
    first = start()
    first.until("stack      ready")
    first.signal(signal.SIGINT)
    stamp = json.loads((state / "version.json").read_text())
    stamp["versions"]["postgresql"] = "12"
    (state / "version.json").write_text(json.dumps(stamp))
    refused = start()
    assert refused.end() == 1
    assert refused.said.count("\n") == 1
    assert "postgresql 12" in refused.said
    assert "make reset" in refused.said
    assert (state / "servers/primary/PG_VERSION").exists()


def test_a_process_that_cannot_start_ends_everything_with_its_last_words(start: Start) -> None:
    failed = start(worker="raise SystemExit('no queue here')")
    assert failed.end() == 1
    assert "worker exited with 1: no queue here" in failed.said
    assert _names(failed, "stopped") == ORDER[::-1]


def test_a_first_start_that_was_interrupted_is_started_anew(start: Start, state: Path) -> None:
    first = start()
    first.until("primary    ready")
    first.process.kill()
    assert first.end() == -signal.SIGKILL
    second = start()
    second.until("stack      ready")
    assert second.signal(signal.SIGINT) == 0


def test_a_directory_with_other_files_is_never_used(start: Start, state: Path) -> None:
    (state / "thesis.txt").write_text("mine")
    refused = start()
    assert refused.end() == 1
    assert "is not empty and holds no state of Quittance" in refused.said
    assert os.listdir(state) == ["thesis.txt"]
