"""Asking the provider to take a hold or to let it go. What may have been sent is looked for before it is sent again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from domain.database import Database
from domain.invoices.invoice import invoice
from domain.money import Money
from domain.payments.gateway import (
    Authorized,
    CaptureRefused,
    CaptureRequest,
    ChargeAnswer,
    ChargeFound,
    Gateway,
    NotFound,
    Unknown,
)
from domain.payments.payment import Ask, Asked, Payment
from domain.points import reached

LESS_OWED = "less_owed"  # why a capture is not sent that would take more than is owed by now
LOST = "capture_lost"  # why a capture is over that the provider never got while it would have known its key


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """What became of the hold; ``refused`` is why what was asked of it was not done, ``looked`` whether the provider
    was only asked how it stands."""

    answer: ChargeAnswer
    refused: str | None = None
    looked: bool = True


async def ask_hold(db: Database, gateway: Gateway, known: Payment, asked: Asked, now: datetime) -> HoldAnswer:
    """Asks of the hold what is to be asked: to let it go, or to take of it what was not taken yet, unless less is owed
    by now: what was not sent is over then, and what may have been sent is looked for until it is heard of or lost."""
    if asked.what is Ask.VOID:
        return HoldAnswer(await gateway.void(str(known.id), known.provider_ref))
    claimed = await db.marks.fetchval(
        """UPDATE payment SET asked_sent_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND asked = 'capture' AND asks = $5
              AND asked_sent_at IS NULL
            RETURNING id""",
        known.customer.shard, known.customer.uuid, known.id.uuid, now, known.asks,
    )  # fmt: skip
    if claimed:
        reached("hold.claimed")
        if await _exceeds_owed(db, known, asked):
            return HoldAnswer(await _found(gateway, known), LESS_OWED)
        return await _capture(gateway, known, asked)
    found = await _found(gateway, known)
    if not isinstance(found, Authorized) or (asked.total is not None and found.captured >= asked.total):
        return HoldAnswer(found)
    if asked.sent_at is not None and now - asked.sent_at >= gateway.key_window:
        return HoldAnswer(found, LOST)
    if await _exceeds_owed(db, known, asked):
        return HoldAnswer(found)  # it may be on its way all the same: nothing else is asked while it could arrive
    return await _capture(gateway, known, asked)


async def _exceeds_owed(db: Database, known: Payment, asked: Asked) -> bool:
    """Whether it would take more than is owed by now, as where money came by hand since it was asked for."""
    return (await invoice(db.primary, known.customer, known.invoice)).due < _to_take(known, asked)


def _to_take(known: Payment, asked: Asked) -> Money:
    assert asked.total is not None, "a capture says how much it takes in all"
    return asked.total - known.captured


async def _capture(gateway: Gateway, known: Payment, asked: Asked) -> HoldAnswer:
    assert known.provider_ref is not None, "a hold that is to be taken is known there"
    request = CaptureRequest(
        capture_key(known), str(known.id), known.provider_ref, _to_take(known, asked), asked.final
    )  # fmt: skip
    answer = await gateway.capture(request)
    if isinstance(answer, CaptureRefused):
        return HoldAnswer(await _found(gateway, known), answer.code)
    return HoldAnswer(answer, looked=False)


async def _found(gateway: Gateway, known: Payment) -> ChargeAnswer:
    found: ChargeFound = await gateway.find_charge(str(known.id), known.amount, known.provider_ref)
    return Unknown("a hold that is not there") if isinstance(found, NotFound) else found


def capture_key(known: Payment) -> str:
    """The key at the provider of what was asked last: a repeated request takes nothing twice."""
    return hashlib.sha256(f"{known.provider_key}|capture|{known.asks}".encode()).hexdigest()
