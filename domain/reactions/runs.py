"""What the work of all runs over many has in common: a page is listed after the other, each thing done alone, once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from domain import due
from domain.due import Due
from domain.ids import CustomerId
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.wire import digest

T = TypeVar("T")

PAGE = 100  # things of one listing: as many operations at most, well within the lease of one piece of work
# A payment that is under way has an outcome within the hour as a rule; it is never in a hurry.
PAYMENT_PAUSE = timedelta(hours=1)


async def is_listed(house: House, work: Due) -> bool:
    """Whether another worker has done this page: the work is gone, or due for the next one."""
    now = await due.find(house.db.primary, work.customer, work.kind, work.subject)
    return now is None or now.scheduled_at != work.scheduled_at


async def enlist(
    house: House, name: str, operation: Operation[Any, Any], listed: Sequence[T], whose: Callable[[T], CustomerId],
    command: Callable[[list[T]], object],
) -> None:  # fmt: skip
    """Enlists each customer's part under a key that is made of what it is, so that a crash repeats nothing."""
    for customer, own in groupby(sorted(listed, key=lambda each: str(whose(each))), key=whose):
        part = command(list(own))
        await perform(house.db, operation, house.actor, customer, part, f"{name}:{digest(operation.name, part).hex()}")


async def do_one(
    house: House, work: Due, operation: Operation[Any, Any], command: Callable[[str | None], object], key: str
) -> None:
    """Does one thing; a refusal that would not pass is written down as its result."""

    async def tried(refusal: str | None, under: str) -> None:
        await perform(house.db, operation, house.actor, work.customer, command(refusal), under)

    try:
        await tried(None, key)
    except Refused as refused:
        if refused.retryable:
            raise
        if refused.code is RefusalCode.PAYMENT_IN_PROGRESS:
            await due.postpone(house.db.marks, work, house.db.clock.now() + PAYMENT_PAUSE)
        else:
            await tried(refused.code.value, f"{key}:refused")
