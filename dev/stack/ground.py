"""Everything that is checked and laid out before the first process starts."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dev.stack.account import Account, servers_account
from dev.stack.addresses import Servers, servers_of
from dev.stack.binaries import (
    postgres_major,
    postgres_programs,
    postgres_within_reach,
    valkey_major,
    valkey_program,
    valkey_within_reach,
)
from dev.stack.claim import claim
from dev.stack.keys import Keys, keys_in
from dev.stack.layout import INSIDE, Layout
from dev.stack.leftovers import stop_leftovers
from dev.stack.plan import Plan
from dev.stack.postgres import Pair
from dev.stack.processes import OwnProcess
from dev.stack.program import Program
from dev.stack.state import open_state
from dev.stack.trouble import StackError
from dev.stack.valkey import valkey


@dataclass(frozen=True)
class Ground:
    """A claimed state directory, ready to start in; closing `claimed` gives it up."""

    claimed: IO[str]
    layout: Layout
    keys: Keys
    servers: Servers
    versions: dict[str, str]
    pair: Pair | None
    valkey: Program | None


def prepare(plan: Plan) -> Ground:
    """Claim the state, end what a killed launcher left, refuse busy ports and other versions, make what is missing."""
    claimed = claim(plan.state)
    try:
        stop_leftovers(Layout(plan.state, plan.state / INSIDE).run)
        for process in plan.processes:
            _refuse_busy_port(process)
        return _lay_out(plan, claimed)
    except BaseException:
        claimed.close()
        raise


def _lay_out(plan: Plan, claimed: IO[str]) -> Ground:
    account = servers_account(os.environ)
    postgres = postgres_programs() if plan.own_postgres else None
    queue = valkey_program() if plan.own_valkey else None
    versions = {"postgresql": postgres_major(postgres)} if postgres else {}
    versions |= {"queue": valkey_major(queue)} if queue else {}
    layout = open_state(plan.state, account, versions)
    keys = keys_in(layout.keys)
    _make_folders(layout, account)
    return Ground(
        claimed=claimed,
        layout=layout,
        keys=keys,
        servers=servers_of(layout, keys, plan.given),
        versions=versions,
        pair=_pair(plan, postgres, layout, keys, account) if postgres else None,
        valkey=valkey(valkey_within_reach(queue, account, layout.programs), layout, account) if queue else None,
    )


def _pair(plan: Plan, programs: Path, layout: Layout, keys: Keys, account: Account) -> Pair:
    within_reach = postgres_within_reach(programs, account, layout.programs)
    return Pair(within_reach, int(postgres_major(programs)), layout, keys, account, plan.durable)


def _make_folders(layout: Layout, account: Account) -> None:
    for folder in (layout.sockets, layout.valkey):
        # The folder of sockets may lie in a directory open to all: what is not ours there is never used.
        if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != account.uid):
            raise StackError(f"{folder} belongs to somebody else: delete it or set QUITTANCE_STATE.")
        if not folder.exists():
            account.make_directory(folder)


def _refuse_busy_port(process: OwnProcess) -> None:
    if process.port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that only lingers is free
        try:
            probe.bind(("127.0.0.1", process.port))
        except OSError as error:
            raise StackError(
                f"Port {process.port} for {process.name} cannot be had ({error.strerror}):"
                " choose another with PORT=, as in `make run PORT=9000`; the five after it are used too."
            ) from error
