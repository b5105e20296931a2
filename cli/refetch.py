"""``quittance refetch-events``: asks a provider for its events again, as after a restore of an earlier point."""

from typing import Annotated

import typer

from cli.in_a_house import in_a_house
from domain.clock import instant
from domain.payments.gateway import ProviderEvent
from domain.reactions.refetch import refetch
from runtime.house import provider_account
from runtime.settings import settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("refetch-events")(refetch_events)


def refetch_events(
    since: Annotated[str, typer.Option(help="An instant with its offset, a little before the restored point.")],
    account: Annotated[str, typer.Option(help="As in /webhooks/…; without it, where new methods go.")] = "",
) -> None:
    """Keep what a provider has told since an instant and is not kept here; exit code 1 where some cannot be read."""
    try:
        at = instant(since)
    except ValueError:
        typer.echo("Not done: --since is an instant with its offset, as in 2027-01-31T12:00:00Z.", err=True)
        raise typer.Exit(1) from None
    found = in_a_house("refetch", lambda house: refetch(house, account or provider_account(settings()), at))
    typer.echo(f"{found.seen} events since then; {found.kept} of them were not kept here, and are now.")
    for each in found.unknown:
        typer.echo(f"Taken there, and unknown here: {_told(each)}")
    for id, cause in found.unreadable:
        typer.echo(f"Not kept: event {id or 'without an id'} cannot be read: {cause}.", err=True)
    if found.unreadable:
        raise typer.Exit(1)


def _told(charge: ProviderEvent) -> str:
    money = f"{charge.money.minor} {charge.money.currency} in minor units" if charge.money else "an amount unknown"
    return f"{charge.charge_ref} of {charge.metadata.get('customer', 'nobody')}, {money}"
