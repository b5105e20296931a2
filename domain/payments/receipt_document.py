"""A receipt as a document: one captured payment of an invoice."""

import asyncio

from domain.customers.customer import customer
from domain.database import Database
from domain.ids import CustomerId, ReceiptId
from domain.invoices.document import render_receipt
from domain.invoices.document_facts import PaymentMethod, ReceiptFacts
from domain.invoices.invoice import invoice
from domain.invoices.issued import buyer, day, document_lines, prove, seller, seller_of
from domain.invoices.line import lines_of
from domain.payments.method import payment_methods
from domain.payments.payment import payment
from domain.payments.receipt import receipt


async def receipt_pdf(db: Database, owner: CustomerId, id: ReceiptId) -> bytes:
    """The PDF of the customer's receipt as it was issued, whatever is refunded later; NOT_FOUND for any other id."""
    issued = await receipt(db.primary, owner, id)
    paid = await payment(db.primary, owner, issued.payment)
    of = await invoice(db.primary, owner, paid.invoice)
    whose = await customer(db.primary, of.tenant, owner)
    lines = (await lines_of(db.primary, owner, [of.id]))[of.id]
    (method,) = await payment_methods(db.primary, owner, [paid.method])
    facts = ReceiptFacts(
        number=issued.number,
        invoice_number=of.number,
        paid_on=day(whose, issued.issued_at),
        issued_on=day(whose, issued.issued_at),
        seller=seller(await seller_of(db.primary, of)),
        buyer=await buyer(db.primary, db.vault, of),
        lines=document_lines(lines, whose.time_zone),
        taxes=(),
        total=of.total,
        applied_credit=of.credited,
        paid=paid.captured,
        method=PaymentMethod(method.brand, method.last4),
    )
    pdf = await asyncio.to_thread(render_receipt, facts, whose.locale)
    await prove(db, owner, id.uuid, whose.locale, pdf)
    return pdf
