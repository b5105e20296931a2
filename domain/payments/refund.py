"""Refunds: money on its way back, never more of a payment than was captured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.correlation import is_request_id
from domain.db import Primary, Row
from domain.ids import CustomerId, InvoiceId, PaymentId, RefundId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

REFUND = Machine(
    "refund",
    {
        ("new", "request"): "requested",
        # Beyond the tenant's rules another person decides first; until then nothing is posted.
        ("new", "ask"): "awaiting_approval",
        ("awaiting_approval", "approve"): "requested",
        ("awaiting_approval", "reject"): "rejected",
        ("awaiting_approval", "withdraw"): "canceled",
        ("requested", "submit"): "submitted",
        ("submitted", "pend"): "pending",
        ("submitted", "lose"): "unknown",
        ("submitted", "succeed"): "succeeded",
        ("submitted", "fail"): "failed",
        ("pending", "succeed"): "succeeded",
        ("pending", "fail"): "failed",
        ("unknown", "pend"): "pending",
        ("unknown", "succeed"): "succeeded",
        ("unknown", "fail"): "failed",
        # An answer can be learnt by a query or a webhook before the sender's own commit.
        ("requested", "succeed"): "succeeded",
        ("requested", "fail"): "failed",
        # What staff decide where the provider says otherwise than it did before.
        ("succeeded", "revoke"): "failed",
        ("failed", "succeed_late"): "succeeded",
    },
)

FINAL = frozenset({"succeeded", "failed", "rejected", "canceled"})
IN_FLIGHT = frozenset({"requested", "submitted", "pending", "unknown"})  # goes on without anybody's doing


class Means(StrEnum):
    """To what an amount is given back."""

    METHOD = "method"
    """To the method that paid, and to no other."""
    CREDIT = "credit"
    """To the customer's credit, as a service credit: no money leaves."""
    OUTSIDE = "outside"
    """By another way, because the method took it not: staff say so, with a reference."""


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of one payment; its amount is reserved on the payment from the request on, until it fails or is
    rejected or canceled. Nothing is posted of one that awaits approval.

    ``of_invoice`` is what it gives back of where that is not the payment's own invoice: one that had taken over a part
    of that.
    """

    id: RefundId
    customer: CustomerId
    payment: PaymentId
    amount: Money
    reason: str
    provider_key: str
    provider_ref: str | None
    failure_code: str | None
    sent_at: datetime | None
    queries: int
    posted_number: int | None
    state: State
    happened_at: datetime
    means: Means
    of_invoice: InvoiceId | None


def refund_from(row: Row) -> Refund:
    """The refund of a row that selects all its columns."""
    shard = row["shard_key"]
    return Refund(
        id=RefundId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        payment=PaymentId(shard, row["payment_id"]),
        amount=Money(row["amount"], Currency(row["currency"])),
        reason=row["reason"],
        provider_key=row["provider_key"],
        provider_ref=row["provider_ref"],
        failure_code=row["failure_code"],
        sent_at=row["sent_at"],
        queries=row["queries"],
        posted_number=row["posted_number"],
        state=State(row["state"], row["seq"]),
        happened_at=row["happened_at"],
        means=Means(row["means"]),
        of_invoice=InvoiceId(shard, row["of_invoice_id"]) if row["of_invoice_id"] else None,
    )


async def refund(db: Primary, customer: CustomerId, id: RefundId) -> Refund:
    """The customer's refund of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, payment_id, currency, amount, reason, provider_key, provider_ref,
                  failure_code, sent_at, queries, posted_number, state, seq, happened_at, means, of_invoice_id
             FROM refund WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such refund.", ("refundId",))
    return refund_from(row)


async def refunds_of(db: Primary, customer: CustomerId, payment: PaymentId) -> list[Refund]:
    """The refunds of a payment, oldest first."""
    return (await refunds_of_payments(db, customer, [payment])).get(payment, [])


async def refunds_of_payments(
    db: Primary, customer: CustomerId, payments: Sequence[PaymentId]
) -> dict[PaymentId, list[Refund]]:
    """The refunds of each of the customer's payments that has any, oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, payment_id, currency, amount, reason, provider_key, provider_ref,
                  failure_code, sent_at, queries, posted_number, state, seq, happened_at, means, of_invoice_id
             FROM refund WHERE shard_key = $1 AND customer_id = $2 AND payment_id = ANY ($3::uuid[])
            ORDER BY id""",
        customer.shard,
        customer.uuid,
        [payment.uuid for payment in payments],
    )
    found: dict[PaymentId, list[Refund]] = {}
    for row in rows:
        each = refund_from(row)
        found.setdefault(each.payment, []).append(each)
    return found


async def refunds_of_invoice(
    db: Primary, customer: CustomerId, invoice: InvoiceId, payments: Sequence[PaymentId]
) -> list[Refund]:
    """The refunds that give back of an invoice, whose own payments these are, oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, payment_id, currency, amount, reason, provider_key, provider_ref,
                  failure_code, sent_at, queries, posted_number, state, seq, happened_at, means, of_invoice_id
             FROM refund
            WHERE shard_key = $1 AND customer_id = $2
              AND (of_invoice_id = $3 OR (of_invoice_id IS NULL AND payment_id = ANY ($4::uuid[])))
            ORDER BY id""",
        customer.shard,
        customer.uuid,
        invoice.uuid,
        [payment.uuid for payment in payments],
    )
    return [refund_from(row) for row in rows]


async def request_of(db: Primary, customer: CustomerId, id: RefundId) -> str:
    """The id of the request that the refund follows from, where it is one that may be told to others; else empty."""
    found = await db.fetchval(
        "SELECT request_id FROM refund WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    return found if found and is_request_id(found) else ""
