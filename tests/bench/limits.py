"""What the machine itself can do, measured in the same run: flushes, bare commits."""

import os
import re
import subprocess

import asyncpg

from dev.stack.addresses import APP
from tests.bench.ground import Ground
from tests.bench.pgbench import Pgbench
from tests.bench.samples import Counted

COMMIT = "INSERT INTO bench_commit (number) VALUES (1);"


async def prepare_commits(superuser_dsn: str) -> None:
    """The tables that bare commits write to."""
    connection = await asyncpg.connect(superuser_dsn)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_commit (number int)")
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_inbox (body bytea)")
        await connection.execute(f"GRANT INSERT ON bench_commit, bench_inbox TO {APP}")
    finally:
        await connection.close()


async def commits(pgbench: Pgbench, clients: int, seconds: float) -> Counted:
    """Transactions of one small row."""
    return await pgbench.run(COMMIT, clients, seconds)


def flushes(ground: Ground) -> float | None:
    """fdatasync calls a second on the disk of the primary; None where the tool is not installed."""
    pair = ground.pair
    program, file = pair.programs / "pg_test_fsync", pair.layout.servers / "flush-test"
    if not program.is_file():
        return None
    with subprocess.Popen(
        [str(program), "-s", "1", "-f", str(file)], env={"PATH": os.defpath, "LC_ALL": "C"}, cwd="/", text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **pair.account.popen(),
    ) as process:  # fmt: skip
        try:
            lines = (re.match(r"\s+fdatasync\s+([\d.]+) ops/sec", line) for line in process.stdout or ())
            return next((float(found[1]) for found in lines if found), None)
        finally:
            process.kill()  # the tests after it take a quarter of a minute and say nothing more about commits
            file.unlink(missing_ok=True)
