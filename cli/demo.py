"""``quittance demo``: the story, told step by step against a running stack."""

import asyncio
from typing import Annotated

import httpx2
import typer
from rich.console import Console

from dev.stack.trouble import StackError
from dev.story.bills import bills
from dev.story.cast import DANISH, GERMAN, Cast, Role, cast_for
from dev.story.client import Failed
from dev.story.steps import Step, whole


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="demo")(demo)


def demo(
    api: Annotated[str, typer.Option(help="Where the API listens.", envvar="PUBLIC_URL")] = "",
    issuer: Annotated[str, typer.Option(help="The dev identity provider.", envvar="OIDC_ISSUER")] = "",
) -> None:
    """Tell the whole story of a customer on a test clock: from purchase to suspension; then what a bill is made of."""
    console = Console()
    try:
        asyncio.run(_tell(console, api, issuer))
    except httpx2.ConnectError:
        typer.echo("The story broke off: nothing answers there; start the stack with `make run`.", err=True)
        raise typer.Exit(1) from None
    except (Failed, StackError, httpx2.HTTPError) as error:
        typer.echo(f"The story broke off: {error}", err=True)
        raise typer.Exit(1) from None


async def _tell(console: Console, api: str, issuer: str) -> None:
    count = 0
    for role, story in ((GERMAN, whole), (DANISH, bills)):
        async with cast_for(api, issuer, role) as cast:
            console.print(_opening(cast, role))
            async for step in story(cast.story):
                count += 1
                _show(console, count, step)
    console.print(f"\n[green]{count} steps, every one a query or mutation of frontend-schema.graphql.[/green]")


def _show(console: Console, count: int, step: Step) -> None:
    console.print(f"[bold]{count:2}. The customer {step.title}.[/bold]")
    console.print(_facts(step), style="cyan")
    console.print(f"    ledger: owes {step.owed}, has {step.credit} in credit", style="dim")


def _opening(cast: Cast, role: Role) -> str:
    return (
        f"\n[bold]{role.name}, a new customer of {role.tenant}, signs in at {cast.api}.[/bold]\n"
        "It belongs to a sandbox entity and sits on a test clock that stands at 2027-01-01.\n"
    )


def _facts(step: Step) -> str:
    return "\n".join(f"    {name}: {value}" for name, value in step.facts.items())
