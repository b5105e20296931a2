"""``quittance``: the command line tool."""

import importlib
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

from cli.surroundings import prepare
from dev.stack.report import complain
from dev.stack.trouble import StackError

# Each command: its file, which has `register(app)`, and its line in the help of the tool. Only the file of the command
# that is called is imported: the whole product takes longer to import than a small command takes to run.
COMMANDS: Final = {
    "run": ("run", "Start everything on this machine and keep it running until Ctrl-C."),
    "reset": ("run", "Delete the data of the stopped stack, so that the next start is a first start."),
    "status": ("run", "Show what runs; exit code 1 when something does not."),
    "logs": ("run", "Print the last lines of one program's log."),
    "psql": ("run", "Open psql on the running stack."),
    "demo": (
        "demo",
        "Tell the whole story of a customer on a test clock: from purchase to suspension; then what a bill is made of.",
    ),
    "token": ("token", "Print a bearer token of a demo persona; only for a stack in dev."),
    "tenant": ("tenant", "Tenants: the businesses that sell."),
    "migrate": (
        "migrate",
        "Apply the migrations that the database has not seen, and make the partitions of the next 18 months.",
    ),
    "distribute": (
        "distribute",
        "Print the statements that distribute every table over a Citus cluster, in the order their keys demand.",
    ),
    "verify": (
        "verify",
        "Recompute everything that can be; exit code 1 and the first wrong row of each check that does not hold.",
    ),
    "dead-letters": ("dead_letters", "Work and provider events that failed too often, and events that wait."),
    "refetch-events": (
        "refetch",
        "Keep what a provider has told since an instant and is not kept here; exit code 1 where some cannot be read.",
    ),
    "export-schema": (
        "export_schema",
        "Print the schema; or fail where --check names a stale file, or --against one whose clients this would break.",
    ),
    "persist": (
        "persist",
        "Register the documents of a manifest, retire them, or check those of every tenant against this release.",
    ),
    "simulate": (
        "simulate",
        "Run random lives; exit code 1 and the whole story of each seed under which a promise broke.",
    ),
    "bench": (
        "bench",
        "Measure the product beside the machine's own limits, in one run on a stack of its own.",
    ),
}


def commands_in(file: str) -> dict[str, Any]:
    """The commands that a file registers, by name."""
    own = typer.Typer()
    own.callback()(_nothing)  # with which a single command stays one among others
    importlib.import_module(f"cli.{file}").register(own)
    return dict(get_group(own).commands)


class _Tool(TyperGroup):
    """Puts the command that is called in the place of its line of help."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name in COMMANDS:
            file, _ = COMMANDS[name]
            self.commands[name] = commands_in(file)[name]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="quittance",
    help="The backend of a customer billing portal.",
    cls=_Tool,
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _begin(context: typer.Context) -> None:
    if "--help" in sys.argv:  # which must not depend on what runs
        return
    try:
        prepare(context.invoked_subcommand)
    except StackError as error:
        complain(error)
        raise typer.Exit(1) from None


def _nothing() -> None:
    """What a command does until its file is imported."""


for name, (_, line) in COMMANDS.items():
    app.command(name, help=line)(_nothing)

if __name__ == "__main__":
    app()
