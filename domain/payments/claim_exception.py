"""Claiming an exception, so that one person looks into it; another one decides."""

from dataclasses import dataclass

from domain.actor import Grant, is_same_person
from domain.db import Tx
from domain.ids import ExceptionCaseId
from domain.operation import operation
from domain.payments.exception_case import EXCEPTION, ExceptionCase, customers_case
from domain.refusals import RefusalCode, Refused

CLAIMERS = frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})
OVERSEERS = frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN})  # who gives back what a colleague left lying


@dataclass(frozen=True, slots=True)
class ClaimException:
    """The case that the caller looks into."""

    exception: ExceptionCaseId


@dataclass(frozen=True, slots=True)
class ExceptionMoved:
    """The case, where it stands, and who looks into it; None: nobody."""

    exception: ExceptionCaseId
    state: str
    claimed_by: str | None


@operation("payments.claim_exception", allowed=CLAIMERS)
async def claim_exception(tx: Tx, command: ClaimException) -> ExceptionMoved:
    """NOT_FOUND; STATE_CONFLICT for a case that somebody has, or that is resolved."""
    case = await customers_case(tx, command.exception)
    if case.state.name == "claimed":
        raise Refused(RefusalCode.STATE_CONFLICT, "Somebody looks into this exception already.", ("exceptionId",))
    return await _move(tx, case, "claim", tx.actor.scope)


@dataclass(frozen=True, slots=True)
class ReleaseException:
    """The case that whoever has it does not look into any more."""

    exception: ExceptionCaseId


@operation("payments.release_exception", allowed=CLAIMERS)
async def release_exception(tx: Tx, command: ReleaseException) -> ExceptionMoved:
    """NOT_FOUND; STATE_CONFLICT for a case that nobody has; FORBIDDEN for support where another person has it."""
    case = await customers_case(tx, command.exception)
    mine = case.claimed_by is not None and is_same_person(case.claimed_by, tx.actor.scope)
    if case.state.name == "claimed" and not mine and not tx.actor.grants & OVERSEERS:
        raise Refused(RefusalCode.FORBIDDEN, "Only who looks into it, or a lead, gives it back.", ("exceptionId",))
    return await _move(tx, case, "release", None)


async def _move(tx: Tx, case: ExceptionCase, event: str, by: str | None) -> ExceptionMoved:
    if not EXCEPTION.allows(case.state.name, event):
        message = "Nobody looks into this exception." if case.state.name == "open" else "This exception is over."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("exceptionId",))
    state = await EXCEPTION.move(tx, tx.customer, case.id.uuid, case.state, event)
    await tx.execute(
        """UPDATE exception_case SET state = $4, seq = $5, claimed_by = $6, claimed_at = $7
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, case.id.uuid, state.name, state.seq, by, tx.recorded_at if by else None,
    )  # fmt: skip
    return ExceptionMoved(case.id, state.name, by)
