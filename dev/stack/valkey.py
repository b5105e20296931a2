"""Valkey on a unix socket."""

import os
import socket
from pathlib import Path

from dev.stack.account import Account
from dev.stack.layout import Layout
from dev.stack.program import Program

# Tests take one numbered database per worker.
DATABASES = 64
ANSWER_SECONDS = 1.0


def valkey(program: Path, layout: Layout, account: Account) -> Program:
    """The server, ready when it answers PING, so after it loaded its file."""
    path = layout.sockets / "valkey.sock"
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(layout.valkey),
        "databases": str(DATABASES),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # A queue must not lose entries silently.
        "maxmemory-policy": "noeviction",
        # The launcher recognises its processes by their command line.
        "set-proc-title": "no",
    }
    return Program(
        name="valkey",
        argv=(str(program), *(part for name, value in options.items() for part in (f"--{name}", value))),
        log=layout.logs / "valkey.log",
        ready=lambda _: _answers(path),
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        account=account,
        prepare=lambda: path.unlink(missing_ok=True),
    )


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
