"""What a saga is about, by the ids under which events and due work speak of it."""

from domain.db import Primary
from domain.ids import EntityId, InvoiceId, PaymentId, RefundId
from domain.payments.payment import payments_of_invoices
from domain.sagas.definition import SagaKind
from domain.sagas.saga import Saga


async def names_of(db: Primary, of: Saga) -> frozenset[str]:
    """The ids of the saga, its subscription and documents, payments and refunds: as they are shown, and bare."""
    invoices = [of.invoice] if of.invoice else []
    if of.kind is SagaKind.TRIAL:
        invoices = await _billed(db, of)
    payments = await payments_of_invoices(db, of.customer, invoices)
    things: list[EntityId] = [of.id, of.subscription, *(each.id for some in payments.values() for each in some)]
    if of.credit_note is None:
        things += invoices
    else:
        things += [of.credit_note, *await _given_back(db, of)]
    return frozenset(name for each in things for name in (str(each), str(each.uuid)))


async def _billed(db: Primary, of: Saga) -> list[InvoiceId]:
    """What the subscription was billed so far, issued or not: a trial has just one such invoice."""
    rows = await db.fetch(
        """SELECT id FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3
           UNION ALL SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3""",
        of.customer.shard,
        of.customer.uuid,
        of.subscription.uuid,
    )
    return [InvoiceId(of.customer.shard, row["id"]) for row in rows]


async def _given_back(db: Primary, of: Saga) -> list[EntityId]:
    """The refunds of its credit note, and the payments that they give back."""
    rows = await db.fetch(
        """SELECT id, payment_id FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND credit_note_id = $3""",
        of.customer.shard,
        of.customer.uuid,
        of.credit_note.uuid if of.credit_note else None,
    )
    shard = of.customer.shard
    return [each for row in rows for each in (RefundId(shard, row["id"]), PaymentId(shard, row["payment_id"]))]
