"""`quittance`: the command line tool."""

import importlib
from typing import Final

import typer

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
    "bench",
)

app = typer.Typer(
    name="quittance", help="The backend of a customer billing portal.", no_args_is_help=True, add_completion=False
)
for name in COMMANDS:
    importlib.import_module(f"cli.{name}").register(app)

if __name__ == "__main__":
    app()
