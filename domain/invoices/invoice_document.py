"""An issued invoice as PDF with the e-invoice inside, and as that e-invoice alone."""

import asyncio

from domain.database import Database
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.billing_terms import ON_ACCOUNT
from domain.invoices.document import render_invoice
from domain.invoices.document_facts import InvoiceFacts, Terms
from domain.invoices.e_invoice import NotRepresentable, e_invoice
from domain.invoices.invoice import invoice
from domain.invoices.issued import Billed, billed, prove
from domain.invoices.presentation import presentation
from domain.money import Money
from domain.refusals import RefusalCode, Refused

XML = "factur-x"  # what stands for the locale of an e-invoice, whose words are those of its standard


async def invoice_pdf(db: Database, owner: CustomerId, id: InvoiceId) -> bytes:
    """The PDF of the customer's invoice as it was issued; NOT_FOUND for any other id."""
    seen = await billed(db, await invoice(db.primary, owner, id))
    version = await _version(db.primary, owner, id)
    pdf = await asyncio.to_thread(_rendered, seen, version)
    await prove(db, owner, id.uuid, seen.locale, pdf)
    return pdf


async def invoice_xml(db: Database, owner: CustomerId, id: InvoiceId) -> bytes:
    """The e-invoice of the customer's invoice; NOT_FOUND for any other id, STATE_CONFLICT for one that has none."""
    seen = await billed(db, await invoice(db.primary, owner, id))
    if not presentation(await _version(db.primary, owner, id)).electronic:
        raise no_e_invoice("it was issued before there were any")
    try:
        xml = (await asyncio.to_thread(e_invoice, invoice_facts(seen))).encode()
    except NotRepresentable as rule:
        raise no_e_invoice(str(rule)) from rule
    await prove(db, owner, id.uuid, XML, xml)
    return xml


def no_e_invoice(why: str) -> Refused:
    """The answer for a document that EN 16931 has no words for."""
    return Refused(RefusalCode.STATE_CONFLICT, f"There is no e-invoice of this document: {why}.")


def invoice_facts(seen: Billed) -> InvoiceFacts:
    """What the invoice says: as it was issued, before any payment."""
    of = seen.of
    days = (seen.day(of.due_at) - seen.day(of.issued_at)).days if of.collection == ON_ACCOUNT else None
    before = seen.correction
    corrected_on = seen.day(before.issued_at) if before else None
    return InvoiceFacts(
        number=of.number,
        issued_on=seen.day(of.issued_at),
        due_on=seen.day(of.due_at),
        seller=seen.seller,
        buyer=seen.buyer,
        lines=seen.lines,
        taxes=seen.taxes,
        total=of.total,
        applied_credit=seen.applied,
        paid=Money.zero(of.currency),
        due=of.total - seen.applied,
        legal=seen.legal,
        terms=Terms(days, of.purchase_order),
        notes=(f"{before.number} ({corrected_on}): {before.reason}",) if before else (),
        corrects=before.number if before else None,
        corrected_on=corrected_on,
    )


def _rendered(seen: Billed, version: int) -> bytes:
    facts, attached = invoice_facts(seen), ""
    if presentation(version).electronic:
        try:
            attached = e_invoice(facts)
        except NotRepresentable:
            attached = ""
    return render_invoice(facts, seen.locale, version, attached)


async def _version(db: Primary, owner: CustomerId, id: InvoiceId) -> int:
    version: int = await db.fetchval(
        "SELECT presentation FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        owner.shard,
        owner.uuid,
        id.uuid,
    )
    return version
