"""What a command does in an opened house: its result, or a refusal as one sentence and exit code 1."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from domain.reactions.house import House
from domain.refusals import Refused
from runtime.house import open_house
from runtime.settings import settings

T = TypeVar("T")


def in_a_house(command: str, work: Callable[[House], Awaitable[T]]) -> T:
    """The result of the work in a house that is opened under the command's name and closed after it."""

    async def opened() -> T:
        async with open_house(settings(), f"quittance-{command}") as house:
            return await work(house)

    try:
        return asyncio.run(opened())
    except Refused as refused:
        typer.echo(f"Not done: {refused.message}", err=True)
        raise typer.Exit(1) from None
