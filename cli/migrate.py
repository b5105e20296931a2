"""``quittance migrate``: brings the database to the schema of this code."""

import asyncio
from typing import Annotated

import typer

from migrations.files import MigrationRefused, Phase
from migrations.runner import migrate as run

OwnerUrl = Annotated[
    str, typer.Option(envvar="OWNER_DATABASE_URL", help="Address of the database, with the user that owns it.")
]


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="migrate")(migrate)


def migrate(
    owner_url: OwnerUrl = "",
    phase: Annotated[
        Phase,
        typer.Option(help="pre: before the new code starts; post: once no older code runs; all: both, in order."),
    ] = "all",
) -> None:
    """Apply the migrations that the database has not seen, and make the partitions of the next 18 months."""
    try:
        count = asyncio.run(run(required(owner_url), phase))
    except MigrationRefused as refusal:
        typer.echo(f"Not migrated: {refusal}.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Migrated: {count} applied." if count else "Migrated: nothing to do.")


def required(owner_url: str) -> str:
    """The address, refused where none was given."""
    if not owner_url:
        raise MigrationRefused("set OWNER_DATABASE_URL to the address of the database, with the user that owns it")
    return owner_url
