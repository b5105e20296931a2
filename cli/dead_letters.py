"""``quittance dead-letters``: what failed too often, or waits; look at it, and do it again once its cause is healed."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.in_a_house import in_a_house
from domain import dead_letter, inbox
from domain.dead_letter import DeadLetter
from domain.fanout.provider_events import dead_events, events_not_done
from domain.fanout.waiting import shard_keys
from domain.ids import DeadLetterId
from domain.inbox import InboxEvent
from domain.reactions.house import House
from domain.reactions.replay import replay_event, replay_letter
from domain.refusals import RefusalCode, Refused

Id = Annotated[str, typer.Argument(help="An id that `list` shows: of a letter, or the key of a provider's event.")]

app = typer.Typer(
    name="dead-letters",
    help="Work and provider events that failed too often, and events that wait.",
    no_args_is_help=True,
)

SHOWN = 100  # of each shard key; whoever has more needs no longer list
UNSEEN = "no worker has looked at it yet"


def register(main: typer.Typer) -> None:
    """Adds the commands to the tool."""
    main.add_typer(app)


@app.command("list")
def overview() -> None:
    """List what nobody has replayed yet: provider events first, then the letters of each shard key, oldest first."""
    _print(in_a_house("dead-letters", _all), "There are no dead letters.")


@app.command("waiting")
def waiting() -> None:
    """List provider events that are not done with, the oldest first, and why each waits."""
    found = in_a_house("dead-letters", lambda house: events_not_done(house.db.primary, SHOWN))
    _print(found, "No provider event waits.")


def _print(found: Sequence[InboxEvent | DeadLetter], none: str) -> None:
    table = Table("id", "kind", "cause", "attempts", "error id", "since")
    for each in found:
        id = each.key if isinstance(each, InboxEvent) else str(each.id)
        since = each.recorded_at.isoformat(timespec="seconds")
        table.add_row(id, each.kind, each.cause or UNSEEN, str(each.attempts), each.error_id, since)
    # Ids are there to be copied: no line is broken, however narrow the terminal.
    Console(soft_wrap=True, width=None if Console().is_terminal else 250).print(table if found else none)


async def _all(house: House) -> list[InboxEvent | DeadLetter]:
    db = house.db.primary
    letters = [letter for key in await shard_keys(db) for letter in await dead_letter.open_letters(db, key, SHOWN)]
    return [*await dead_events(db, SHOWN), *letters]


@app.command("show")
def show(id: Id) -> None:
    """Show everything that is kept of one: ids, cause and error id; the log has the rest under the error id."""
    found = in_a_house("dead-letters", lambda house: _find(house, id))
    for field in fields(found):
        typer.echo(f"{field.name:<12} {getattr(found, field.name)}")


@app.command("replay")
def replay(id: Id) -> None:
    """Do it again under its old key; exit code 1 where it is not done."""
    try:
        done = in_a_house("dead-letters", lambda house: _replay(house, id))
    except typer.Exit:
        raise
    except Exception as error:
        typer.echo(f"Not done: it failed again with {type(error).__name__}.", err=True)
        raise typer.Exit(1) from None
    typer.echo("Done." if done else "Not done yet: it failed again or waits; `list` and the log say more.")
    raise typer.Exit(0 if done else 1)


async def _find(house: House, id: str) -> InboxEvent | DeadLetter:
    """The letter or event; NOT_FOUND for any other id."""
    db = house.db.primary
    is_letter = id.startswith(f"{DeadLetterId.prefix}_")
    found = await (dead_letter.find(db, DeadLetterId.parse(id)) if is_letter else inbox.find(db, id))
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such letter.")
    return found


async def _replay(house: House, id: str) -> bool:
    found = await _find(house, id)
    if isinstance(found, InboxEvent):
        return await replay_event(house, found) in ("applied", "stale")
    if found.replayed_at is not None:
        raise Refused(RefusalCode.STATE_CONFLICT, "It was replayed already.")
    return await replay_letter(house, found)
