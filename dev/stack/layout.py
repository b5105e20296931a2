"""Where everything of one stack lies on disk."""

import hashlib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dev.stack.account import Account
from dev.stack.trouble import StackError

# sun_path without its final zero byte: 108 on Linux, 104 on macOS and the BSDs.
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
# Other characters would have to be quoted differently in a URL, a server setting and a connection string.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")
INSIDE = "servers"


@dataclass(frozen=True)
class Layout:
    """Paths under one state directory; `servers` may lie elsewhere when its account cannot enter the checkout."""

    root: Path
    servers: Path

    @property
    def lock(self) -> Path:
        return self.root / "quittance.lock"

    @property
    def stamp(self) -> Path:
        return self.root / "version.json"

    @property
    def keys(self) -> Path:
        return self.root / "keys.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run.json"

    @property
    def provider(self) -> Path:
        return self.root / "provider"

    @property
    def programs(self) -> Path:
        """A copy of the server programs, for an account that cannot reach the installed ones."""
        return self.servers.parent / "programs"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def primary(self) -> Path:
        return self.servers / "primary"

    @property
    def replica(self) -> Path:
        return self.servers / "replica"

    @property
    def valkey(self) -> Path:
        return self.servers / "valkey"

    @property
    def passfile(self) -> Path:
        return self.servers / "passfile"

    @property
    def sockets(self) -> Path:
        """Inside the state where that is short and plain enough for a socket, else in a temporary directory."""
        inside = self.servers / "s"
        if fits_a_socket(inside):
            return inside
        # Root's TMPDIR may be closed to the account of the servers.
        folders = (Path("/tmp"),) if os.geteuid() == 0 else (Path(tempfile.gettempdir()), Path("/tmp"))
        for folder in folders:
            if fits_a_socket(folder / outside_name(self.root)):
                return folder / outside_name(self.root)
        raise StackError(f"The path {folders[0]} is too long for a socket: set TMPDIR to a short one.")


def fits_a_socket(folder: Path) -> bool:
    """Whether every server can bind its socket in this folder."""
    path = folder / LONGEST_SOCKET_NAME
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES and bool(PLAIN_PATH.fullmatch(str(path)))


def outside_name(root: Path) -> str:
    """The name, the same at each start, for what this state directory keeps elsewhere."""
    return "quittance-" + hashlib.sha256(os.fsencode(root)).hexdigest()[:12]


def servers_place(root: Path, account: Account) -> str:
    """Where a first start puts the servers' data: inside the state, else under /var/tmp if it cannot be entered."""
    if not account.switches or account.can("-x", root):
        return INSIDE
    return str(Path("/var/tmp") / outside_name(root) / INSIDE)
