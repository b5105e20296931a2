"""What every mutation answers beside its entities: the operation, and whether all that follows from it is done."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import fields
from enum import Enum
from typing import Any, Final, TypeVar

import strawberry

from api.graph.context import TOKEN_HEADER, Info
from api.scalars import ConsistencyToken, GlobalId
from domain.customers.advance_clock import ClockAdvancing, clock_of
from domain.ids import CustomerId, DisputeId, PaymentId, RefundId
from domain.operation import Operation, Performed
from domain.outbox import Waiting, waiting
from domain.payments.dispute import dispute
from domain.payments.payment import IN_FLIGHT
from domain.payments.refund import IN_FLIGHT as REFUND_IN_FLIGHT
from domain.payments.refund import refund
from domain.perform import perform
from domain.reactions.events import drained

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
    async with context.previewing if preview else nullcontext():
        done = await perform(context.db, operation, context.actor, customer, command, key, preview=preview)
    context.loaders.clear()
    return done


async def followed(info: Info, done: Performed[Any], customer: CustomerId) -> OperationInfo:
    """Waits a little for what follows from the operation, and says whether that was enough."""
    settled = await _settle(info, customer)
    info.context.loaders.clear()
    status = await _status(info, customer, done.outcome, settled=settled)
    token = str(await info.context.db.token())
    info.context.answer[TOKEN_HEADER] = token  # of several mutations, the last one's shows them all
    return OperationInfo(
        id=GlobalId(str(done.operation)),
        replayed=done.replayed,
        status=status,
        consistency_token=ConsistencyToken(token),
    )


async def status_of(info: Info, customer: CustomerId, outcome: object) -> OperationStatus:
    """DONE once nothing waits to be performed, and no money or clock that the outcome speaks of is on its way."""
    db = info.context.db
    # An event that failed waits for its next try, which may be minutes: it counts as much as one that is next.
    settled = await waiting(db.primary, customer, db.clock.now()) is Waiting.NOTHING
    return await _status(info, customer, outcome, settled=settled)


async def _status(info: Info, customer: CustomerId, outcome: object, *, settled: bool) -> OperationStatus:
    if not settled or await _in_flight(info, customer, outcome):
        return OperationStatus.PROCESSING
    return OperationStatus.DONE


async def _in_flight(info: Info, customer: CustomerId, outcome: Any) -> bool:
    db, loaders = info.context.db.primary, info.context.loaders
    if isinstance(outcome, ClockAdvancing):
        clock = await clock_of(db, customer)
        return clock is not None and clock.at < outcome.to
    for field in fields(outcome):
        named = getattr(outcome, field.name)
        if isinstance(named, PaymentId) and (await loaders.payment.load((customer, named))).state.name in IN_FLIGHT:
            return True
        if isinstance(named, DisputeId) and (await dispute(db, customer, named)).asked is not None:
            return True
        if isinstance(named, RefundId) and (await refund(db, customer, named)).state.name in REFUND_IN_FLIGHT:
            return True
    return False


async def _settle(info: Info, customer: CustomerId) -> bool:
    """Gives the customer's events their time to be performed, by us or by the worker; whether none is left."""
    rooms, db = info.context.rooms, info.context.db
    work = rooms.keep(drained(rooms.house, customer))
    deadline = time.monotonic() + SETTLE_SECONDS
    await asyncio.wait({work}, timeout=SETTLE_SECONDS)
    if work.done() and not work.cancelled() and not work.exception() and work.result().empty:
        return True
    while (left := await waiting(db.primary, customer, db.clock.now())) is Waiting.NOW:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return left is Waiting.NOTHING
