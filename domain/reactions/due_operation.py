"""Due work that is one operation on the thing it is about."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from domain.due import Due
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House

Id = TypeVar("Id")

Handler = Callable[[House, Due], Awaitable[None]]


def performs(
    id_of: Callable[[int, UUID], Id], operation: Operation[Any, Any], command: Callable[[Id], object]
) -> Handler:
    """What performs the operation on the work's subject, under the work's key."""

    async def done(house: House, work: Due) -> None:
        asked = command(id_of(work.customer.shard, work.subject))
        await perform(house.db, operation, house.actor, work.customer, asked, work.key)

    return done
