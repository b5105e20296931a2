"""Asking for a customer to be erased: staff, whom another person has to follow, or the customer, who may rethink."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import ErasureId
from domain.operation import operation
from domain.privacy.erasure import (
    BY_CUSTOMER,
    ERASE,
    ERASURE,
    STAFF_WHO_ERASE,
    WAITING,
    asked_erasure,
    decide,
    erasure_of,
    require_reason,
)
from domain.privacy.stops import refuse_while_stopped
from domain.refusals import RefusalCode, Refused

_PORTAL = "portal"  # the scope of all users of a customer


@dataclass(frozen=True, slots=True)
class AskErasure:
    """Why staff want the customer erased; the reason names nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class ErasureAsked:
    """The request, and when it is carried out by itself; None: once another person agrees."""

    erasure: ErasureId
    erase_at: datetime | None


@operation("privacy.ask_erasure", allowed=STAFF_WHO_ERASE)
async def ask_erasure(tx: Tx, command: AskErasure) -> ErasureAsked:
    """ALREADY_EXISTS where one waits or was carried out; ERASURE_STOPPED; INVALID_INPUT for a reason that is none;
    NOT_FOUND for a house."""
    require_reason(command.reason)
    if tx.head.kind == "house":
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    await _refuse_another(tx, "customerId")
    await refuse_while_stopped(tx, tx.customer)
    return await _ask(tx, command.reason, None)


@dataclass(frozen=True, slots=True)
class RequestErasure:
    """A customer's own wish, which needs no reason; not ``wanted``: it takes its wish back."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class ErasureMoved:
    """The request, and the state it is in."""

    erasure: ErasureId
    state: str


@operation("privacy.request_erasure", allowed=frozenset({Grant.PORTAL}))
async def request_erasure(tx: Tx, command: RequestErasure) -> ErasureMoved:
    """Carried out after the waiting time, once nothing stops it. ALREADY_EXISTS where one waits; NOT_FOUND where there
    is nothing of its own to take back.

    What stops it is not said here: of a legal hold its subject may not be told.
    """
    if not command.wanted:
        return await _withdraw(tx)
    await _refuse_another(tx, "wanted")
    asked = await _ask(tx, BY_CUSTOMER, tx.now + WAITING)
    await due.schedule(tx, ERASE, asked.erasure.uuid, tx.now + WAITING)
    return ErasureMoved(asked.erasure, "asked")


async def _withdraw(tx: Tx) -> ErasureMoved:
    of = await asked_erasure(tx, "wanted")
    if of.asked_by != _PORTAL:
        raise Refused(RefusalCode.NOT_FOUND, "No erasure of this customer waits.", ("wanted",))
    await due.finish(tx, ERASE, of.id.uuid)
    return ErasureMoved(of.id, (await decide(tx, of, "withdraw", "The customer stays.")).name)


async def _refuse_another(tx: Tx, path: str) -> None:
    of = await erasure_of(tx, tx.customer)
    if of is not None and of.state.name not in ("rejected", "withdrawn"):
        waits = of.state.name == "asked"
        message = "An erasure of this customer was asked for already." if waits else "This customer was erased."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, (path,))


async def _ask(tx: Tx, reason: str, erase_at: datetime | None) -> ErasureAsked:
    id = tx.new_id(ErasureId)
    state = await ERASURE.begin(tx, tx.customer, id.uuid, "ask")
    await tx.execute(
        """INSERT INTO erasure (shard_key, id, tenant_id, customer_id, asked_by, reason, erase_at, state, seq,
               happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.actor.scope, reason, erase_at, state.name,
        state.seq, tx.now, tx.recorded_at,
    )  # fmt: skip
    return ErasureAsked(id, erase_at)
