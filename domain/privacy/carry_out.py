"""Carrying an erasure out: by another person's word, or when the customer's waiting time is over."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant, is_same_person
from domain.db import Tx
from domain.ids import ErasureId
from domain.operation import operation
from domain.privacy.ask_erasure import ErasureMoved
from domain.privacy.blank import blank_person
from domain.privacy.erasure import (
    AGAIN,
    DESTROY_KEY,
    ERASE,
    FORGET_AROUND,
    STAFF_WHO_ERASE,
    Erasure,
    asked_erasure,
    decide,
    erasure_of,
    require_reason,
)
from domain.privacy.keeping import kept_until_of
from domain.privacy.stops import Stop, refuse_while_stopped, stops_of
from domain.refusals import RefusalCode, Refused

IN_TIME = "The waiting time is over."


@dataclass(frozen=True, slots=True)
class DecideErasure:
    """Whether the customer is erased now, and why; the reason names nobody."""

    approve: bool
    reason: str


@operation("privacy.decide_erasure", allowed=STAFF_WHO_ERASE, destroys=True)
async def decide_erasure(tx: Tx, command: DecideErasure) -> ErasureMoved:
    """NOT_FOUND where none waits; FORBIDDEN for who asked; ERASURE_STOPPED; INVALID_INPUT for a reason that is none."""
    require_reason(command.reason)
    of = await asked_erasure(tx)
    if is_same_person(of.asked_by, tx.actor.scope):
        raise Refused(RefusalCode.FORBIDDEN, "Another person than who asked for it decides.", ("customerId",))
    if not command.approve:
        await due.finish(tx, ERASE, of.id.uuid)
        return ErasureMoved(of.id, (await decide(tx, of, "reject", command.reason)).name)
    await refuse_while_stopped(tx, tx.customer)
    return await _erase(tx, of, command.reason)


@dataclass(frozen=True, slots=True)
class EraseInTime:
    """A customer's own request whose waiting time is over."""

    erasure: ErasureId


@operation("privacy.erase_in_time", allowed=frozenset({Grant.SYSTEM}))
async def erase_in_time(tx: Tx, command: EraseInTime) -> ErasureMoved:
    """Erases, or looks again a day later while something stops it; what was decided meanwhile stays as it is."""
    of = await erasure_of(tx, tx.customer)
    if of is None or of.id != command.erasure or of.state.name != "asked":
        await due.finish(tx, ERASE, command.erasure.uuid)
        return ErasureMoved(command.erasure, of.state.name if of else "withdrawn")
    if stops := await stops_of(tx, tx.customer):
        await _again(tx, ERASE, of, stops)
        return ErasureMoved(of.id, "asked")
    return await _erase(tx, of, IN_TIME)


async def _erase(tx: Tx, of: Erasure, why: str) -> ErasureMoved:
    """Everything in one commit; what the provider is told and what it told us goes right after it."""
    await due.finish(tx, ERASE, of.id.uuid)
    await blank_person(tx)
    keep_until = await kept_until_of(tx) or tx.now
    state = await decide(tx, of, "erase", why, keep_until)
    await due.schedule(tx, FORGET_AROUND, of.id.uuid, tx.recorded_at, follows="wall")
    await due.schedule(tx, DESTROY_KEY, of.id.uuid, max(keep_until, tx.now))
    tx.emit("customer.erased", erasure=of.id)
    return ErasureMoved(of.id, state.name)


async def _again(tx: Tx, kind: str, of: Erasure, stops: tuple[Stop, ...]) -> None:
    """A day later; under a legal hold not before it is lifted, which makes the work due itself."""
    if Stop.LEGAL_HOLD in stops:
        await due.finish(tx, kind, of.id.uuid)
    else:
        await due.schedule(tx, kind, of.id.uuid, tx.now + AGAIN)


@dataclass(frozen=True, slots=True)
class DestroyKey:
    """An erasure whose documents need not be kept any more."""

    erasure: ErasureId


@dataclass(frozen=True, slots=True)
class KeyDestroyed:
    """The erasure, its state, and until when documents are still kept where they are."""

    erasure: ErasureId
    state: str
    keep_until: datetime | None


@operation("privacy.destroy_key", allowed=frozenset({Grant.SYSTEM}))
async def destroy_key(tx: Tx, command: DestroyKey) -> KeyDestroyed:
    """Deletes the key, with which all that is sealed under it is dead in every copy; a legal hold keeps it until it is
    lifted, and a document that was issued since as long as the law wants that one."""
    await due.finish(tx, DESTROY_KEY, command.erasure.uuid)
    of = await erasure_of(tx, tx.customer)
    if of is None or of.id != command.erasure or of.state.name != "erased":
        return KeyDestroyed(command.erasure, of.state.name if of else "asked", None)
    keep_until = await kept_until_of(tx)
    if keep_until is not None and keep_until > tx.now:
        await due.schedule(tx, DESTROY_KEY, of.id.uuid, keep_until)
        return KeyDestroyed(of.id, "erased", keep_until)
    if stops := await stops_of(tx, tx.customer):
        await _again(tx, DESTROY_KEY, of, stops)
        return KeyDestroyed(of.id, "erased", None)
    state = await decide(tx, of, "destroy_key", "Retention is over.", of.keep_until)
    gone = await tx.fetchval(  # the database lets it go only after the move
        "DELETE FROM sealing_key WHERE shard_key = $1 AND customer_id = $2 RETURNING customer_id",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    assert gone is not None, "the key outlives its erasure"
    return KeyDestroyed(of.id, state.name, None)
