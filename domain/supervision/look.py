"""Looking at a saga: it goes to where the facts are, and what its step's time-out asks for is said to whoever looks.

Whatever the order and number of events and time-outs, the facts alone decide. Nothing is decided while an outcome is
open. What is to be performed is an operation of its own; a look tells it and commits, so that a crash repeats nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId, RefundId, SagaId, SubscriptionId
from domain.operation import operation
from domain.payments.doubt import open_saga_case, settle_cases
from domain.payments.exception_case import Kind
from domain.sagas.begin import deadline_of
from domain.sagas.definition import Follows
from domain.sagas.saga import LOOK, SAGA, Saga, customers_saga, store_saga
from domain.supervision.facts import DOUBTS, Facts, facts_of

TRIES = 3  # what was performed so often and changed nothing is for people to look at
AGAIN = timedelta(minutes=5)  # the net under what is performed right after the look, and under a look that was early
IN_VAIN = "What its step asks for was performed, and nothing came of it."
GOES_ON = "It goes on: the facts have changed."


@dataclass(frozen=True, slots=True)
class LookAtSaga:
    """The saga to look at: because its time is over (``due``), because staff resumed it, or after an event.

    ``trouble`` is what stands in its way: work about it that was given up, or the refusal of what it asked for.
    """

    saga: SagaId
    due: bool = False
    resumed: bool = False
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class SagaStands:
    """Where it stands; ``act`` is the operation that is to be performed now, about these, under ``key``."""

    saga: SagaId
    state: str
    step: str
    key: str
    subscription: SubscriptionId
    act: str | None = None
    invoice: InvoiceId | None = None
    payment: PaymentId | None = None
    refund: RefundId | None = None


@operation("sagas.look", allowed=frozenset({Grant.SYSTEM}))
async def look_at_saga(tx: Tx, command: LookAtSaga) -> SagaStands:
    """NOT_FOUND for a saga that is not the customer's. One that is over stays so."""
    of = await customers_saga(tx, command.saga)
    if of.is_over:
        await due.finish(tx, LOOK, of.id.uuid)
        return _stands(of)
    facts = await facts_of(tx, of)
    if facts.over is not None:
        return _stands(await _end(tx, of, facts.over))
    if of.step != facts.step:
        of = await _go_to(tx, of, facts.step)
        if command.trouble is None:
            return _stands(of)
    if (trouble := facts.doubt or command.trouble) is not None:
        return _stands(await _stall(tx, of, trouble, facts))
    if of.state.name == "stuck" and of.cause in DOUBTS:
        return _stands(await _decided(tx, of))
    if of.state.name == "stuck" or not command.due:
        return _stands(of)
    return await _timed_out(tx, of, facts, resumed=command.resumed)


def _stands(of: Saga) -> SagaStands:
    key = f"saga:{of.id}:{of.step}:{of.state.seq}:{of.tries}"
    return SagaStands(of.id, of.state.name, of.step, key, of.subscription)


async def _end(tx: Tx, of: Saga, event: str) -> Saga:
    await due.finish(tx, LOOK, of.id.uuid)
    ended = replace(of, cause=None, waits_until=None, ended_at=tx.now)
    return await _moved(tx, ended, event)


async def _moved(tx: Tx, of: Saga, event: str) -> Saga:
    """The saga after the move; what made it stuck is over where it was."""
    if event not in ("stall", "compensate"):
        await settle_cases(tx, of.id.uuid, (Kind.SAGA_STUCK,), GOES_ON)
    moved = replace(of, state=await SAGA.move(tx, tx.customer, of.id.uuid, of.state, event))
    await store_saga(tx, moved)
    return moved


async def _go_to(tx: Tx, of: Saga, name: str) -> Saga:
    """The step that the facts show, with a time of its own."""
    step = of.definition.step(name)
    event = "advance" if of.definition.place(name) > of.definition.place(of.step) else "fall_back"
    if event == "fall_back" and of.state.name == "compensating":
        return of
    at = replace(
        of, step=name, step_since=tx.now, deadline=deadline_of(tx, step), waits_until=None, tries=0, cause=None
    )  # fmt: skip
    await due.schedule(tx, LOOK, of.id.uuid, at.deadline, follows=step.follows.value)
    return await _moved(tx, at, event)


async def _stall(tx: Tx, of: Saga, cause: str, facts: Facts) -> Saga:
    """It is stuck until somebody resumes it or the facts change; staff finds one exception, its own or the doubt's."""
    if of.state.name == "stuck":
        return of
    if facts.doubt is None:
        await open_saga_case(tx, of.id, of.amount, facts.payment, cause)
    await due.finish(tx, LOOK, of.id.uuid)
    return await _moved(tx, replace(of, cause=cause, waits_until=None), "stall")


async def _decided(tx: Tx, of: Saga) -> Saga:
    """What people had to decide elsewhere is decided, and nothing came of it yet: its time-out holds again."""
    now = tx.recorded_at if of.current.follows is Follows.WALL else tx.now
    if now < of.deadline:
        await due.schedule(tx, LOOK, of.id.uuid, of.deadline, follows=of.current.follows.value)
    else:
        await due.schedule(tx, LOOK, of.id.uuid, tx.recorded_at + AGAIN, follows="wall")
    return await _moved(tx, replace(of, cause=None, tries=0), "resume")


async def _timed_out(tx: Tx, of: Saga, facts: Facts, *, resumed: bool) -> SagaStands:
    step = of.current
    now = tx.recorded_at if step.follows is Follows.WALL else tx.now
    if now < of.deadline and not (resumed and step.forward):
        await due.schedule(tx, LOOK, of.id.uuid, of.deadline, follows=step.follows.value)
        return _stands(of)
    if facts.until is not None:
        return _stands(await _wait(tx, of, facts.until))
    if of.tries >= TRIES:
        return _stands(await _stall(tx, of, IN_VAIN, facts))
    tried = replace(of, tries=of.tries + 1, waits_until=None)
    if step.undone_by is not None and of.state.name == "running":
        tried = await _moved(tx, tried, "compensate")
    else:
        await store_saga(tx, tried)
    await due.schedule(tx, LOOK, of.id.uuid, tx.recorded_at + AGAIN, follows="wall")
    act = step.undone_by or await _forward(tx, tried)
    return replace(_stands(tried), act=act, invoice=facts.invoice, payment=facts.payment, refund=facts.refund)


async def _forward(tx: Tx, of: Saga) -> str:
    """Which of the step's operations goes forward: a trial that was cancelled ends, any other renews."""
    first, *others = of.current.forward
    if others:
        cancelled = await tx.fetchval(
            """SELECT state = 'pending_cancellation' FROM subscription
                WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
            tx.customer.shard,
            tx.customer.uuid,
            of.subscription.uuid,
        )
        return others[0] if cancelled else first
    return first


async def _wait(tx: Tx, of: Saga, until: datetime) -> Saga:
    """An outcome is open: it is waited for, and said how long."""
    waiting = replace(of, waits_until=until)
    await store_saga(tx, waiting)
    await due.schedule(tx, LOOK, of.id.uuid, max(until, tx.recorded_at) + AGAIN, follows="wall")
    return waiting
