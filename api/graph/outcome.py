"""What every mutation answers beside its entities: the operation, and whether all that follows from it is done."""

import asyncio
import time
from enum import Enum
from typing import Any, Final, TypeVar

import strawberry

from api.graph.context import Info
from api.scalars import ConsistencyToken, GlobalId
from domain.ids import CustomerId
from domain.operation import Operation, Performed
from domain.outbox import is_empty, next_event
from domain.perform import perform
from domain.reactions.events import drain

SETTLE_SECONDS: Final = 2.0  # how long a mutation waits for what follows from it; then it says PROCESSING
LOOK_SECONDS: Final = 0.02  # between two looks while another process is at the same events

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py


@strawberry.enum(description="Whether everything that follows from the operation is done.")
class OperationStatus(Enum):
    """The status of a performed operation."""

    DONE = strawberry.enum_value("DONE", description="The entities show what came of it.")
    PROCESSING = strawberry.enum_value("PROCESSING", description="It goes on: read the entities a little later.")


@strawberry.type(description="An operation that was performed: now, or earlier under the same key.")
class OperationInfo:
    """What a client keeps of a mutation."""

    id: GlobalId = strawberry.field(description="The operation's id, as the audit trail names it.")
    replayed: bool = strawberry.field(description="Whether it had been performed before under this key.")
    status: OperationStatus = strawberry.field(description="PROCESSING: read the entity again a little later.")
    consistency_token: ConsistencyToken = strawberry.field(description="For atLeast of history queries.")


async def performed(
    info: Info, operation: Operation[C, O], customer: CustomerId, command: C, key: str, *, preview: bool = False
) -> Performed[O]:
    """Performs the operation as the caller, who may only preview it while acting for a customer; Refused goes on."""
    context = info.context
    if not preview:
        context.refuse_acting()
    done = await perform(context.db, operation, context.actor, customer, command, key, preview=preview)
    context.loaders.clear()
    return done


async def followed(info: Info, done: Performed[Any], customer: CustomerId) -> OperationInfo:
    """Waits a little for what follows from the operation, and says whether that was enough."""
    settled = await _settled(info, customer)
    info.context.loaders.clear()
    return OperationInfo(
        id=GlobalId(str(done.operation)),
        replayed=done.replayed,
        status=OperationStatus.DONE if settled else OperationStatus.PROCESSING,
        consistency_token=ConsistencyToken(str(await info.context.db.token())),
    )


async def _settled(info: Info, customer: CustomerId) -> bool:
    """Whether the customer's events were all performed within the time, by us or by the worker."""
    rooms, db = info.context.rooms, info.context.db
    work = rooms.keep(drain(rooms.house, customer))
    deadline = time.monotonic() + SETTLE_SECONDS
    await asyncio.wait({work}, timeout=SETTLE_SECONDS)
    while await next_event(db.primary, customer, db.clock.now()) is not None:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return await is_empty(db.primary, customer)  # an event that failed waits for its next try, which may be minutes
