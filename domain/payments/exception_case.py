"""Exceptions: money that the product cannot decide alone waits here, once for each doubt, until a person decides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, ExceptionCaseId, PaymentId, RefundId, SagaId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

EXCEPTION = Machine(
    "exception",
    {
        ("new", "open"): "open",
        ("open", "claim"): "claimed",
        ("claimed", "release"): "open",
        ("open", "resolve"): "resolved",
        ("claimed", "resolve"): "resolved",
        # What was in doubt became known by itself.
        ("open", "settle"): "resolved",
        ("claimed", "settle"): "resolved",
    },
)


class Kind(StrEnum):
    """What is in doubt."""

    PAYMENT_UNKNOWN = "payment_unknown"  # every query left it open whether it was taken
    PAYMENT_MISMATCH = "payment_mismatch"  # the provider speaks of another amount or currency
    PAYMENT_CONTRADICTED = "payment_contradicted"  # the provider says otherwise than staff decided
    PAYMENT_EXCESS = "payment_excess"  # more was taken than was owed, as for an invoice that was closed meanwhile
    PAYMENT_LOSS = "payment_loss"  # what was given back or taken back had been used up as credit before
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_MISMATCH = "refund_mismatch"
    REFUND_CONTRADICTED = "refund_contradicted"  # the provider says otherwise than it did, or than staff decided
    REFUND_FAILED = "refund_failed"  # nothing was given back, and the customer waits for it
    SAGA_STUCK = "saga_stuck"  # what takes several steps stands between two of them


class Resolution(StrEnum):
    """What was decided; ``SETTLED``: nothing, for it became known by itself."""

    CONFIRM_CHARGED = "confirm_charged"
    CONFIRM_NOT_CHARGED = "confirm_not_charged"
    CONFIRM_REFUNDED = "confirm_refunded"
    CONFIRM_NOT_REFUNDED = "confirm_not_refunded"
    QUERY_AGAIN = "query_again"
    RETRY_REFUND = "retry_refund"
    KEEP_AS_CREDIT = "keep_as_credit"
    PAID_OUT_OF_BAND = "paid_out_of_band"
    GIVE_BACK = "give_back"
    ACCEPT_LOSS = "accept_loss"
    RECOVERED = "recovered"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class ExceptionCase:
    """One case; people are named as the audit trail names them. ``recorded_at`` is when it was opened, by the wall.

    Only the case of a saga may be about no payment.
    """

    id: ExceptionCaseId
    tenant: TenantId
    customer: CustomerId
    kind: Kind
    payment: PaymentId | None
    refund: RefundId | None
    saga: SagaId | None
    amount: Money
    told: Money | None
    cause: str
    state: State
    recorded_at: datetime
    claimed_by: str | None
    claimed_at: datetime | None
    resolution: Resolution | None
    reference: str | None
    resolved_by: str | None
    resolved_why: str | None
    resolved_at: datetime | None

    @property
    def money(self) -> PaymentId:
        """The payment of a case that is decided as one about a payment or refund."""
        assert self.payment is not None, "only the case of a saga is about no payment"
        return self.payment


def case_from(row: Row) -> ExceptionCase:
    """The case of a row that selects all its columns."""
    shard, told = row["shard_key"], row["told_amount"]
    return ExceptionCase(
        id=ExceptionCaseId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        kind=Kind(row["kind"]),
        payment=PaymentId(shard, row["payment_id"]) if row["payment_id"] else None,
        refund=RefundId(shard, row["refund_id"]) if row["refund_id"] else None,
        saga=SagaId(shard, row["saga_id"]) if row["saga_id"] else None,
        amount=Money(row["amount"], Currency(row["currency"])),
        told=None if told is None else Money(told, Currency(row["told_currency"])),
        cause=row["cause"],
        state=State(row["state"], row["seq"]),
        recorded_at=row["recorded_at"],
        claimed_by=row["claimed_by"],
        claimed_at=row["claimed_at"],
        resolution=Resolution(row["resolution"]) if row["resolution"] else None,
        reference=row["reference"],
        resolved_by=row["resolved_by"],
        resolved_why=row["resolved_why"],
        resolved_at=row["resolved_at"],
    )


async def find_case(db: Primary, tenant: TenantId, id: ExceptionCaseId) -> ExceptionCase:
    """The tenant's case of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, kind, payment_id, refund_id, currency, amount, told_currency,
                  told_amount, saga_id, cause, state, seq, recorded_at, claimed_by, claimed_at, resolution, reference,
                  resolved_by, resolved_why, resolved_at
             FROM exception_case WHERE shard_key = $1 AND id = $2 AND tenant_id = $3""",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    if row is None:
        raise _nothing()
    return case_from(row)


def _nothing() -> Refused:
    return Refused(RefusalCode.NOT_FOUND, "There is no such exception.", ("exceptionId",))


async def customers_case(tx: Tx, id: ExceptionCaseId) -> ExceptionCase:
    """The case of the operation's customer, else NOT_FOUND."""
    found = await find_case(tx, tx.head.tenant, id) if id.shard == tx.customer.shard else None
    if found is None or found.customer != tx.customer:
        raise _nothing()
    return found


async def decided_on(db: Primary, customer: CustomerId, subject: UUID) -> Resolution | None:
    """What staff last decided on a doubt about the payment or refund; None where they did not have to."""
    found = await db.fetchval(
        """SELECT resolution FROM exception_case
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND state = 'resolved'
              AND resolution IN ('confirm_charged', 'confirm_not_charged', 'confirm_refunded', 'confirm_not_refunded')
            ORDER BY resolved_at DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
        subject,
    )
    return Resolution(found) if found else None
