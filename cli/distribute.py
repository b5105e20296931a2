"""``quittance distribute``: the step that spreads the database over a Citus cluster."""

import asyncio
from typing import Annotated

import typer

from cli.migrate import OwnerUrl, required
from migrations.distribute import distribute as derive
from migrations.files import MigrationRefused


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="distribute")(distribute)


def distribute(
    owner_url: OwnerUrl = "",
    run: Annotated[bool, typer.Option("--run", help="Run the statements instead of only printing them.")] = False,
) -> None:
    """Print the statements that distribute every table over a Citus cluster, in the order their keys demand."""
    try:
        script, hindrance = asyncio.run(derive(required(owner_url), run=run))
    except MigrationRefused as refusal:
        typer.echo(f"Not distributed: {refusal}.", err=True)
        raise typer.Exit(1) from None
    for statement in script:
        typer.echo(statement)
    if hindrance:
        typer.echo(f"-- Only printed: {hindrance}.", err=True)
    elif not script:
        typer.echo("Every table is distributed already.", err=True)
