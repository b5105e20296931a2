"""A PostgreSQL primary and a real streaming replica of it, on unix sockets alone."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dev.stack.account import Account
from dev.stack.addresses import PRIMARY_PORT, REPLICA_PORT, dsn
from dev.stack.keys import Keys
from dev.stack.layout import Layout
from dev.stack.leftovers import kill_orphans
from dev.stack.program import Program, never, run_to_end
from dev.stack.sql import drop_slot, slot_is_usable

SUPERUSER = "postgres"
REPLICATOR = "quittance_replication"
SLOT = "replica"
# A pair stops once its shutdown checkpoint is written.
STOP_SECONDS = 30.0
# A busy backend of a killed primary can hold the shared memory for as long as its statement takes.
RETRY_SECONDS = 60.0
# A replica that will not start is built anew, which is quicker than any waiting.
REPLICA_RETRY_SECONDS = 5.0
# initdb takes less than a second, a base backup as long as the disk needs for the data.
COPY_SECONDS = 600.0
# The same whatever the caller's locale and zone: initdb fails on a locale that is not installed.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
# Works where /dev/shm is 64 KiB or read-only, as in many containers.
SHARED_MEMORY = "dynamic_shared_memory_type=mmap"
SETTINGS = (
    "listen_addresses=",
    "wal_level=replica",
    "max_connections=200",
    "synchronous_commit=on",
    "hot_standby=on",
    # A replica that stays away must not fill the disk: it is built anew instead, which takes a tenth of a second.
    "max_slot_wal_keep_size=1GB",
    # The default of 5 s is what a replica would wait after each restart of the primary.
    "wal_retrieve_retry_interval=500ms",
    "log_line_prefix=%m [%p] %u@%d ",
    SHARED_MEMORY,
)


def superuser_dsn(layout: Layout, keys: Keys, port: int = PRIMARY_PORT) -> str:
    """The address of the maintenance database as superuser, for the launcher and for tests."""
    return dsn(SUPERUSER, keys.superuser, layout.sockets, port, "postgres")


@dataclass(frozen=True)
class Pair:
    """Primary and replica of one state directory; `durable=False` is for tests that survive no crash."""

    programs: Path
    major: int
    layout: Layout
    keys: Keys
    account: Account
    durable: bool = True

    @property
    def superuser_dsn(self) -> str:
        return superuser_dsn(self.layout, self.keys)

    def primary(self) -> Program:
        return self._server("primary", self.layout.primary, PRIMARY_PORT, (), lambda: kill_orphans(self.layout.primary))

    def replica(self) -> Program:
        source = f"primary_conninfo={self._source()} application_name={SLOT}"
        follow = (source, f"primary_slot_name={SLOT}")
        server = self._server("replica", self.layout.replica, REPLICA_PORT, follow, self.follow)
        return replace(server, retry_seconds=REPLICA_RETRY_SECONDS)

    def beside(self, name: str, data: Path, port: int, *settings: str) -> Program:
        """A server of other data with the same programs and account, as for a backup that is restored."""
        return self._server(name, data, port, settings, lambda: kill_orphans(data))

    def create(self) -> None:
        """initdb, under another name until it is whole."""
        draft = self.layout.servers / "primary.new"
        shutil.rmtree(draft, ignore_errors=True)
        secret = self._private_file("superuser", self.keys.superuser)
        self._private_file(self.layout.passfile.name, f"*:*:*:{REPLICATOR}:{self.keys.replication}\n")
        shared = ("-c", SHARED_MEMORY) if self.major >= 16 else ()  # the option is new in 16
        self._run(
            "initdb", f"--pgdata={draft}", f"--username={SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", "--locale=C", "--data-checksums", *shared, *self._sync(),
        )  # fmt: skip
        secret.unlink()
        draft.rename(self.layout.primary)

    def follow(self) -> None:
        """Make the replica's directory one that can follow: kept when its slot is, else a new base backup."""
        kill_orphans(self.layout.replica)
        if self.layout.replica.exists() and slot_is_usable(self.superuser_dsn, SLOT):
            return
        self.rebuild_replica()

    def rebuild_replica(self) -> None:
        """Take a base backup under a new slot, in place of whatever there was."""
        draft = self.layout.servers / "replica.new"
        drop_slot(self.superuser_dsn, SLOT)
        shutil.rmtree(draft, ignore_errors=True)
        self._run(
            "pg_basebackup", f"--pgdata={draft}", f"--dbname={self._source()}", "--create-slot", f"--slot={SLOT}",
            "--wal-method=stream", "--checkpoint=fast", *self._sync(),
        )  # fmt: skip
        standby = draft / "standby.signal"
        standby.touch()
        self.account.own(standby)
        shutil.rmtree(self.layout.replica, ignore_errors=True)
        draft.rename(self.layout.replica)

    def _server(self, name: str, data: Path, port: int, more: tuple[str, ...], prepare: Callable[[], None]) -> Program:
        sockets = self.layout.sockets
        durable = "on" if self.durable else "off"
        # What guards against a crash of the machine: killed servers lose nothing without, and tests write less.
        safe = (f"fsync={durable}", f"full_page_writes={durable}", f"wal_init_zero={durable}")
        settings = (*SETTINGS, *safe, f"port={port}", f"unix_socket_directories={sockets}", *more)
        options = [part for setting in settings for part in ("-c", setting)]
        return Program(
            name=name,
            argv=(str(self.programs / "postgres"), "-D", str(data), *options),
            log=self.layout.logs / f"{name}.log",
            ready=lambda _: self._accepts(port),
            env=ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": sessions are ended, a checkpoint is written
            grace_seconds=STOP_SECONDS,
            retry_seconds=RETRY_SECONDS,
            prepare=prepare,
        )

    def _accepts(self, port: int) -> bool:
        asked = [str(self.programs / "pg_isready"), "-q", "-h", str(self.layout.sockets), "-p", str(port)]
        return subprocess.run(asked, env=ENVIRONMENT).returncode == 0

    def _source(self) -> str:
        passfile = str(self.layout.passfile).replace("\\", "\\\\").replace("'", "\\'")
        return f"host={self.layout.sockets} port={PRIMARY_PORT} user={REPLICATOR} passfile='{passfile}'"

    def _sync(self) -> tuple[str, ...]:
        return () if self.durable else ("--no-sync",)

    def _private_file(self, name: str, text: str) -> Path:
        path = self.layout.servers / name
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        self.account.own(path)
        return path

    def _run(self, program: str, *options: str) -> None:
        command = (str(self.programs / program), *options)
        log = self.layout.logs / f"{program}.log"
        run_to_end(Program(program, command, log, never, ENVIRONMENT, account=self.account, ready_seconds=COPY_SECONDS))
