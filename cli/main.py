"""`quittance`: the command line tool."""

import importlib
import sys
from typing import Final

import typer

from cli.surroundings import prepare
from dev.stack.report import complain
from dev.stack.trouble import StackError

# One file a command; each has `register(app)`.
COMMANDS: Final = (
    "run",
    "demo",
    "token",
    "tenant",
    "migrate",
    "distribute",
    "verify",
    "dead_letters",
    "export_schema",
    "simulate",
    "bench",
)

app = typer.Typer(
    name="quittance", help="The backend of a customer billing portal.", no_args_is_help=True, add_completion=False
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


for name in COMMANDS:
    importlib.import_module(f"cli.{name}").register(app)

if __name__ == "__main__":
    app()
