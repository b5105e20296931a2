"""A doubt about money: a case is opened for it once, and closed when the provider is heard or somebody decides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.db import Primary, Row, Tx
from domain.ids import ExceptionCaseId, PaymentId, SagaId
from domain.machine import State
from domain.money import Money
from domain.payments.exception_case import EXCEPTION, Kind, Resolution
from domain.payments.payment import Payment
from domain.payments.refund import Refund

IN_DOUBT: Final = (Kind.PAYMENT_UNKNOWN, Kind.PAYMENT_MISMATCH, Kind.REFUND_UNKNOWN, Kind.REFUND_MISMATCH)
ADDED_UP: Final = (Kind.PAYMENT_EXCESS, Kind.PAYMENT_LOSS)  # each is some money more
OF_CREDIT: Final = (Kind.PAYMENT_EXCESS, Kind.REFUND_FAILED)  # money that waits as credit
BY_ITSELF: Final = "The provider has answered."
NOT_LOST: Final = "What was to be given back of it as well never was."
TAKEN: Final = "This credit was given back by another refund."


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a case is opened about: a payment or a refund of it, the amount, and what the provider said of another."""

    kind: Kind
    payment: Payment
    amount: Money
    cause: str
    refund: Refund | None = None
    told: Money | None = None

    @property
    def subject(self) -> UUID:
        """The id of the refund, or of the payment where it is about no refund."""
        return self.refund.id.uuid if self.refund else self.payment.id.uuid


async def open_case(tx: Tx, doubt: Doubt) -> ExceptionCaseId:
    """The case that is open about it, or a new one; a doubt about an outcome is one doubt, however it came up."""
    same = [each.value for each in IN_DOUBT] if doubt.kind in IN_DOUBT else [doubt.kind.value]
    known = await tx.fetchval(
        """SELECT id FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND kind = ANY ($4::text[])
              AND state <> 'resolved'""",
        tx.customer.shard,
        tx.customer.uuid,
        doubt.subject,
        same,
    )
    if known is not None:
        if doubt.kind in ADDED_UP:
            await _add(tx, known, doubt.amount)
        return ExceptionCaseId(tx.customer.shard, known)
    id = tx.new_id(ExceptionCaseId)
    state = await EXCEPTION.begin(tx, tx.customer, id.uuid, "open")
    await tx.execute(
        """INSERT INTO exception_case (shard_key, id, tenant_id, customer_id, kind, subject, payment_id, refund_id,
               currency, amount, told_currency, told_amount, cause, state, seq, happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, doubt.kind.value, doubt.subject,
        doubt.payment.id.uuid, doubt.refund.id.uuid if doubt.refund else None, str(doubt.amount.currency),
        doubt.amount.minor, str(doubt.told.currency) if doubt.told else None,
        doubt.told.minor if doubt.told else None, doubt.cause, state.name, state.seq, tx.now, tx.recorded_at,
    )  # fmt: skip
    tx.emit("exception.opened", exception=id, payment=doubt.payment.id)
    return id


async def open_saga_case(tx: Tx, saga: SagaId, amount: Money, payment: PaymentId | None, cause: str) -> None:
    """Opens the case of a saga that is stuck; where it was before and nothing came of it, that case still stands."""
    known = await tx.fetchval(
        """SELECT id FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND kind = $4 AND state <> 'resolved'""",
        tx.customer.shard,
        tx.customer.uuid,
        saga.uuid,
        Kind.SAGA_STUCK.value,
    )
    if known is not None:
        return
    id = tx.new_id(ExceptionCaseId)
    state = await EXCEPTION.begin(tx, tx.customer, id.uuid, "open")
    await tx.execute(
        """INSERT INTO exception_case (shard_key, id, tenant_id, customer_id, kind, subject, saga_id, payment_id,
               currency, amount, cause, state, seq, happened_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, Kind.SAGA_STUCK.value, saga.uuid,
        payment.uuid if payment else None, str(amount.currency), amount.minor, cause, state.name, state.seq, tx.now,
        tx.recorded_at,
    )  # fmt: skip
    tx.emit("exception.opened", exception=id, saga=saga)


async def is_in_doubt(db: Primary, payments: Sequence[PaymentId]) -> bool:
    """Whether people are about to decide what became of one of a customer's payments."""
    found = payments and await db.fetchval(
        """SELECT 1 FROM exception_case
            WHERE shard_key = $1 AND subject = ANY ($2::uuid[]) AND kind = ANY ($3::text[]) AND state <> 'resolved'
            LIMIT 1""",
        payments[0].shard,
        [each.uuid for each in payments],
        [each.value for each in IN_DOUBT],
    )
    return bool(found)


async def _add(tx: Tx, id: UUID, amount: Money) -> None:
    await tx.execute(
        "UPDATE exception_case SET amount = amount + $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        id,
        amount.minor,
    )


async def settle_cases(
    tx: Tx, subject: UUID, kinds: Collection[Kind] = IN_DOUBT, why: str = BY_ITSELF
) -> None:  # fmt: skip
    """Closes what was in doubt about a payment or refund of which the provider has now been heard, or a saga."""
    rows = await tx.fetch(
        """SELECT id, state, seq FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND kind = ANY ($4::text[])
              AND state <> 'resolved' ORDER BY id""",
        tx.customer.shard,
        tx.customer.uuid,
        subject,
        [each.value for each in kinds],
    )
    for row in rows:
        await _settle(tx, row, why)


async def _settle(tx: Tx, row: Row, why: str) -> None:
    id = ExceptionCaseId(tx.customer.shard, row["id"])
    state = await EXCEPTION.move(tx, tx.customer, id.uuid, State(row["state"], row["seq"]), "settle")
    await store_resolution(tx, id, state, Resolution.SETTLED, why, None)


async def lower_cases(tx: Tx, subjects: Sequence[UUID], taken: Money, left: Money) -> None:
    """After a refund took so much credit of these payments and refunds, their cases wait with no more than is left.

    The oldest is lowered first, and closed where nothing is left of it.
    """
    rows = await tx.fetch(
        """SELECT id, state, seq, amount FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = ANY ($3::uuid[]) AND kind = ANY ($4::text[])
              AND state <> 'resolved' ORDER BY id""",
        tx.customer.shard,
        tx.customer.uuid,
        list(subjects),
        [each.value for each in OF_CREDIT],
    )
    over = min(taken.minor, sum(row["amount"] for row in rows) - left.minor)
    for row in rows:
        part = max(0, min(over, row["amount"]))
        over -= part
        if part == row["amount"]:
            await _settle(tx, row, TAKEN)
        elif part:
            await _add(tx, row["id"], -Money(part, left.currency))


async def make_good(tx: Tx, of: PaymentId, most: Money) -> Money:
    """Lowers the loss that is open about a payment by at most so much, and closes it where nothing is left; returns by
    how much."""
    row = await tx.fetchrow(
        """SELECT id, state, seq, amount FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND kind = $4 AND state <> 'resolved'""",
        tx.customer.shard,
        tx.customer.uuid,
        of.uuid,
        Kind.PAYMENT_LOSS.value,
    )
    if row is None:
        return Money.zero(most.currency)
    part = Money(min(row["amount"], most.minor), most.currency)
    if part.minor == row["amount"]:
        await _settle(tx, row, NOT_LOST)
    else:
        await _add(tx, row["id"], -part)
    return part


async def store_resolution(
    tx: Tx, id: ExceptionCaseId, state: State, resolution: Resolution, why: str, reference: str | None
) -> None:
    """Writes down what became of the case, and by whom."""
    await tx.execute(
        """UPDATE exception_case SET state = $4, seq = $5, resolution = $6, resolved_by = $7, resolved_why = $8,
                  resolved_at = $9, reference = $10
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, id.uuid, state.name, state.seq, resolution.value, tx.actor.scope, why,
        tx.recorded_at, reference,
    )  # fmt: skip
    tx.emit("exception.resolved", exception=id)
