"""PostgreSQL's own load generator, as the limit that code in Python is held against."""

import asyncio
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from dev.stack.addresses import APP, DATABASE, PRIMARY_PORT
from tests.bench.ground import Ground
from tests.bench.samples import Counted

# pgbench counts whole seconds; a shorter run does about so many transactions instead.
SHORT_RUN = 100
# The same as in one of our transactions, where it is set by a statement that pgbench need not send.
OPTIONS = "-c jit=off -c lock_timeout=3000"


@dataclass(frozen=True)
class Pgbench:
    """Runs scripts on the primary, as the application's role."""

    ground: Ground

    async def run(self, script: str, clients: int, seconds: float) -> Counted:
        """The script by so many clients at once, every statement prepared."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "script.sql"
            file.write_text(script)
            length = ("-T", str(int(seconds))) if seconds >= 1 else ("-t", str(1 + SHORT_RUN // clients))
            program = str(self.ground.pair.programs / "pgbench")
            how = ("-n", "-M", "prepared", "-f", str(file), "-c", str(clients), "-j", str(min(clients, 2)), *length)
            done = await asyncio.to_thread(
                subprocess.run, (program, *how, DATABASE), env=self._environment(), capture_output=True, text=True
            )
        assert done.returncode == 0, done.stderr
        return _counted(done.stdout)

    def _environment(self) -> dict[str, str]:
        layout, keys = self.ground.stack.ground.layout, self.ground.stack.ground.keys
        return {
            "PATH": os.defpath,
            "PGHOST": str(layout.sockets),
            "PGPORT": str(PRIMARY_PORT),
            "PGUSER": APP,
            "PGPASSWORD": keys.app,
            "PGOPTIONS": OPTIONS,
        }


def _counted(output: str) -> Counted:
    count = re.search(r"transactions actually processed: (\d+)", output)
    failed = re.search(r"failed transactions: (\d+)", output)
    rate = re.search(r"tps = ([\d.]+)", output)
    assert count and failed and rate, output
    return Counted(int(count[1]), int(count[1]) / float(rate[1]), errors=int(failed[1]))


def literal(value: object) -> str:
    """A value as SQL, in which pgbench finds no variable."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, list):
        return "ARRAY[" + ", ".join(literal(item) for item in value) + "]" if value else "'{}'"
    kinds = {UUID: "::uuid", datetime: "::timestamptz", date: "::date", str: ""}  # a datetime is a date too
    cast = next(cast for kind, cast in kinds.items() if isinstance(value, kind))
    text = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'{cast}"
