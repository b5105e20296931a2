"""Resuming a saga that is stuck: what its step or its way back asks for is performed again."""

from dataclasses import dataclass, replace

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import SagaId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.sagas.saga import LOOK, SAGA, customers_saga, store_saga
from domain.supervision.look import AGAIN

RESUMERS = frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})
REASON_LENGTH = 500  # a sentence or two for the audit trail


@dataclass(frozen=True, slots=True)
class ResumeSaga:
    """The saga, and why it may go on now."""

    saga: SagaId
    reason: str


@dataclass(frozen=True, slots=True)
class SagaResumed:
    """The saga, and the step at which it goes on."""

    saga: SagaId
    step: str


@operation("sagas.resume", allowed=RESUMERS)
async def resume_saga(tx: Tx, command: ResumeSaga) -> SagaResumed:
    """NOT_FOUND; INVALID_INPUT for a reason that is none; STATE_CONFLICT for one that is not stuck. Its exception
    stands until the facts have changed."""
    of = await customers_saga(tx, command.saga)
    if not 1 <= len(command.reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
    if of.state.name != "stuck":
        raise Refused(RefusalCode.STATE_CONFLICT, "This saga is not stuck: there is nothing to resume.", ("sagaId",))
    state = await SAGA.move(tx, tx.customer, of.id.uuid, of.state, "resume")
    await store_saga(tx, replace(of, state=state, tries=0, cause=None))
    await due.schedule(tx, LOOK, of.id.uuid, tx.recorded_at + AGAIN, follows="wall")
    tx.emit("saga.resumed", saga=of.id)
    return SagaResumed(of.id, of.step)
