"""The commands about the stack on this machine: run, reset, status, logs, psql."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from dev.stack.addresses import APP, DATABASE, OWNER, PRIMARY_PORT, REPLICA_PORT
from dev.stack.binaries import postgres_programs
from dev.stack.claim import claim, is_claimed
from dev.stack.keys import keys_in
from dev.stack.layout import Layout
from dev.stack.leftovers import stop_leftovers
from dev.stack.plan import plan_from, state_from
from dev.stack.postgres import SUPERUSER
from dev.stack.report import complain, read_record
from dev.stack.state import clear, known_layout
from dev.stack.supervisor import supervise
from dev.stack.trouble import StackError

# Often enough to feel immediate, rare enough to cost nothing.
FOLLOW_SECONDS = 0.2


def run(
    servers_only: Annotated[bool, typer.Option("--servers-only", help="PostgreSQL and Valkey alone.")] = False,
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    _told(lambda: sys.exit(supervise(plan_from(os.environ, servers_only=servers_only))))


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the data of the stopped stack, so that the next start is a first start."""
    _told(lambda: _reset(state_from(os.environ), yes))


def status() -> None:
    """Show what runs; exit code 1 when something does not."""
    _told(lambda: sys.exit(_status(state_from(os.environ))))


def logs(
    name: Annotated[str, typer.Argument(help="stack, or a program as `status` names it.")] = "stack",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines arrive.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 50,
) -> None:
    """Print the last lines of one program's log."""
    _told(lambda: _logs(_layout(), name, follow, lines))


def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="For psql, after --, as in: -- -c 'SELECT 1'.")] = None,
    replica: Annotated[bool, typer.Option("--replica", help="The replica instead of the primary.")] = False,
    role: Annotated[str, typer.Option("--as", help="owner, app or superuser.")] = "owner",
) -> None:
    """Open psql on the running stack."""
    _told(lambda: _psql(_layout(), arguments or [], REPLICA_PORT if replica else PRIMARY_PORT, role))


def register(app: typer.Typer) -> None:
    """Add the commands to the tool."""
    for command in (run, reset, status, logs, psql):
        app.command()(command)


def _told(work: Callable[[], object]) -> None:
    try:
        work()
    except StackError as error:
        complain(error)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # what a shell reports for SIGINT


def _layout() -> Layout:
    layout = known_layout(state_from(os.environ))
    if layout is None:
        raise StackError(f"{state_from(os.environ)} holds no stack yet: `make run` makes one.")
    return layout


def _reset(root: Path, yes: bool) -> None:
    layout = known_layout(root)
    if layout is None:
        print(f"Nothing to delete in {root}.")
        return
    if not yes and not typer.confirm(f"Delete the databases, logs and keys in {root}?"):
        raise StackError("Nothing was deleted.")
    with claim(root):
        stop_leftovers(layout.run)
        clear(layout)
    print(f"Deleted the state in {root}.")


def _status(root: Path) -> int:
    layout = known_layout(root)
    if layout is None or not is_claimed(root):
        print(f"Nothing runs in {root}.")
        return 1
    programs = read_record(layout.run).get("programs", [])
    for program in programs:
        print(f"{program['name']:<10} {program['state']:<9} pid {program['pid']:<8} restarts {program['restarts']}")
    return 0 if programs and all(program["state"] == "ready" for program in programs) else 1


def _logs(layout: Layout, name: str, follow: bool, lines: int) -> None:
    path = layout.logs / f"{name}.log"
    names = ", ".join(sorted(file.stem for file in layout.logs.glob("*.log")))
    if name not in names.split(", "):
        raise StackError(f"There is no log {name!r}; there are {names or 'none yet'}.")
    with open(path, errors="replace") as file:
        print("".join(file.readlines()[-max(lines, 0) :] if lines else []), end="", flush=True)
        while follow:
            print(file.read(), end="", flush=True)
            time.sleep(FOLLOW_SECONDS)


def _psql(layout: Layout, arguments: list[str], port: int, role: str) -> None:
    sockets = read_record(layout.run).get("sockets")
    if not sockets or not is_claimed(layout.root):
        raise StackError("The stack does not run: start it with `make run`.")
    keys = keys_in(layout.keys)
    users = {"owner": (OWNER, keys.owner), "app": (APP, keys.app), "superuser": (SUPERUSER, keys.superuser)}
    if role not in users:
        raise StackError(f"--as is owner, app or superuser, not {role!r}.")
    user, password = users[role]
    program = str(postgres_programs() / "psql")
    where = ["-h", sockets, "-p", str(port), "-U", user, "-d", DATABASE]
    os.execve(program, ["psql", *where, *arguments], os.environ | {"PGPASSWORD": password})
