"""Exceptions from entitlements that end before their time: what was so until then stays so."""

from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.entitlement import exceptions
from domain.db import Tx
from domain.ids import EntitlementExceptionId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class EndException:
    """An exception that ends at ``ends_at``; None: now, or before it begins where it has not begun."""

    exception: EntitlementExceptionId
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExceptionEnded:
    """The exception, and the first instant at which it holds no longer; where it begins then, it never holds."""

    exception: EntitlementExceptionId
    ends_at: datetime


@operation("catalog.end_exception", allowed=frozenset({Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}))
async def end_exception(tx: Tx, command: EndException) -> ExceptionEnded:
    """NOT_FOUND for no exception of the customer; STATE_CONFLICT for one that is over; INVALID_INPUT for an end before
    now, or not before the end it has: longer than was granted is another exception."""
    found = {each.id: each for each in await exceptions(tx, tx.customer)}.get(command.exception)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such exception.", ("exceptionId",))
    if found.ends_at is not None and found.ends_at <= max(tx.now, found.starts_at):
        raise Refused(RefusalCode.STATE_CONFLICT, "The exception is over already.", ("exceptionId",))
    ends_at = max(tx.now, found.starts_at) if command.ends_at is None else command.ends_at
    if ends_at < max(tx.now, found.starts_at):
        raise Refused(RefusalCode.INVALID_INPUT, "An exception ends now or later, once it has begun.", ("endsAt",))
    if found.ends_at is not None and ends_at >= found.ends_at:
        raise Refused(RefusalCode.INVALID_INPUT, f"It ends at {found.ends_at:%Y-%m-%d %H:%M} UTC anyway.", ("endsAt",))
    await tx.execute(
        "UPDATE entitlement_exception SET ends_at = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, found.id.uuid, ends_at,
    )  # fmt: skip
    tx.emit("entitlement.ended", exception=found.id)
    return ExceptionEnded(found.id, ends_at)
