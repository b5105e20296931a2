"""Who the servers run as: the caller, or an unprivileged account where the caller is root."""

import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.stack.trouble import StackError

RUN_AS = "QUITTANCE_RUN_AS"
# postgres exists wherever a distribution's PostgreSQL was installed, nobody exists everywhere.
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An entry of the passwd database."""

    name: str
    uid: int
    gid: int

    @property
    def switches(self) -> bool:
        """Whether the caller is root and has to become this account."""
        return os.geteuid() == 0

    def popen(self) -> dict[str, Any]:
        """The arguments of Popen that make a child run as this account, without root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switches else {}

    def own(self, path: Path) -> None:
        """Hand a path to this account."""
        if self.switches:
            os.chown(path, self.uid, self.gid)

    def make_directory(self, path: Path) -> None:
        """Make a directory that only this account may enter."""
        path.mkdir(mode=0o700)
        self.own(path)

    def can(self, test: str, path: Path) -> bool:
        """Ask the kernel, not the mode bits: does `test -x PATH` (or -r) succeed as this account?"""
        return subprocess.run(["test", test, str(path)], cwd="/", **self.popen()).returncode == 0


def servers_account(environ: Mapping[str, str]) -> Account:
    """The account for PostgreSQL and Valkey; refused where it does not exist or may not run them."""
    if os.geteuid() != 0:
        return _caller()
    wanted = environ.get(RUN_AS)
    for name in (wanted,) if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise StackError(f"PostgreSQL refuses to run as root: set {RUN_AS} to an ordinary account.")
        return Account(name, entry.pw_uid, entry.pw_gid)
    missing = wanted or " or ".join(CANDIDATES)
    raise StackError(f"PostgreSQL refuses to run as root and there is no account {missing}: set {RUN_AS} to one.")


def _caller() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise StackError(
            f"User id {os.geteuid()} has no entry in the passwd database and PostgreSQL's initdb needs one: add it."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
