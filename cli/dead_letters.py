"""`quittance dead-letters`: work that failed too often; look at it, and do it again once its cause is healed."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from domain import dead_letter
from domain.dead_letter import DeadLetter
from domain.fanout.waiting import shard_keys
from domain.ids import DeadLetterId
from domain.reactions.replay import replay_letter
from domain.refusals import Refused
from runtime.house import open_house
from runtime.settings import settings

app = typer.Typer(name="dead-letters", help="Work that failed too often.", no_args_is_help=True)

SHOWN = 100  # of each shard key; whoever has more needs no longer list


def register(main: typer.Typer) -> None:
    """Adds the commands to the tool."""
    main.add_typer(app)


@app.command("list")
def show() -> None:
    """List what nobody has replayed yet, oldest first."""
    letters = asyncio.run(_letters())
    table = Table("id", "kind", "cause", "attempts", "error id", "given up at")
    for each in letters:
        when = each.recorded_at.isoformat(timespec="seconds")
        table.add_row(str(each.id), each.kind, each.cause, str(each.attempts), each.error_id, when)
    Console().print(table if letters else "There are no dead letters.")


async def _letters() -> list[DeadLetter]:
    async with open_house(settings(), "quittance-dead-letters") as house:
        db = house.db.primary
        return [letter for key in await shard_keys(db) for letter in await dead_letter.open_letters(db, key, SHOWN)]


@app.command("replay")
def replay(id: Annotated[str, typer.Argument(help="An id that `list` shows.")]) -> None:
    """Do the work again under its old key; exit code 1 where it is not done."""
    try:
        done = asyncio.run(_replay(DeadLetterId.parse(id)))
    except Refused as refused:
        typer.echo(f"Not done: {refused.message}.", err=True)
        raise typer.Exit(1) from None
    typer.echo("Done." if done else "It failed again, or somebody else is at it; it is tried again by itself.")
    raise typer.Exit(0 if done else 1)


async def _replay(id: DeadLetterId) -> bool:
    async with open_house(settings(), "quittance-dead-letters") as house:
        letter = await dead_letter.find(house.db.primary, id)
        if letter is None or letter.replayed_at is not None:
            typer.echo("There is no such letter, or it was replayed already.", err=True)
            raise typer.Exit(1)
        return await replay_letter(house, letter)
