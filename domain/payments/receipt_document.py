"""A receipt as a document: one captured payment of an invoice."""

from functools import partial

from domain.database import Database
from domain.db import Primary
from domain.ids import CustomerId, ReceiptId
from domain.invoices.document import render_receipt
from domain.invoices.document_facts import PaymentMethod, ReceiptFacts
from domain.invoices.invoice import invoice
from domain.invoices.issued import billed, proven
from domain.payments.method import payment_methods
from domain.payments.method_label import label_of
from domain.payments.payment import payment
from domain.payments.receipt import receipt


async def receipt_pdf(db: Database, owner: CustomerId, id: ReceiptId) -> bytes:
    """The PDF of the customer's receipt as it was issued, whatever is refunded later; NOT_FOUND for any other id."""
    issued = await receipt(db.primary, owner, id)
    paid = await payment(db.primary, owner, issued.payment)
    seen = await billed(db, await invoice(db.primary, owner, paid.invoice))
    method = (await payment_methods(db.primary, owner, [paid.method]))[0] if paid.method else None
    facts = ReceiptFacts(
        number=issued.number,
        invoice_number=seen.of.number,
        paid_on=seen.day(issued.issued_at),
        issued_on=seen.day(issued.issued_at),
        seller=seen.seller,
        buyer=seen.buyer,
        lines=seen.lines,
        taxes=seen.taxes,
        total=seen.of.total,
        applied_credit=seen.applied,
        paid=paid.captured,
        method=PaymentMethod(*await label_of(db, owner, method)) if method else None,
        legal=seen.legal,
    )
    version = await _version(db.primary, owner, id)
    return await proven(db, owner, id.uuid, seen.locale, [partial(render_receipt, facts, seen.locale, version)])


async def _version(db: Primary, owner: CustomerId, id: ReceiptId) -> int:
    version: int = await db.fetchval(
        "SELECT presentation FROM receipt WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        owner.shard,
        owner.uuid,
        id.uuid,
    )
    return version
