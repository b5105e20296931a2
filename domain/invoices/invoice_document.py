"""An issued invoice as PDF with the e-invoice inside, and as that e-invoice alone."""

from collections.abc import Callable, Sequence
from functools import partial

from domain.database import Database
from domain.db import Primary
from domain.ids import CreditNoteId, CustomerId, InvoiceId
from domain.invoices.billing_terms import ON_ACCOUNT
from domain.invoices.document import render_invoice
from domain.invoices.document_facts import InvoiceFacts, Terms
from domain.invoices.e_invoice import NotRepresentable, e_invoice
from domain.invoices.invoice import invoice
from domain.invoices.issued import Billed, billed, proven
from domain.invoices.presentation import Check, presentation
from domain.money import Money
from domain.refusals import RefusalCode, Refused

XML = "factur-x"  # what stands for the locale of an e-invoice, whose words are those of its standard


async def invoice_pdf(db: Database, owner: CustomerId, id: InvoiceId) -> bytes:
    """The PDF of the customer's invoice as it was issued; NOT_FOUND for any other id."""
    seen = await billed(db, await invoice(db.primary, owner, id))
    version = await _version(db.primary, owner, id)
    renders = [partial(_rendered, seen, version, checks) for checks in presentation(version).checks or (None,)]
    return await proven(db, owner, id.uuid, seen.locale, renders)


async def invoice_xml(db: Database, owner: CustomerId, id: InvoiceId) -> bytes:
    """The e-invoice of the customer's invoice; NOT_FOUND for any other id, STATE_CONFLICT for one that has none."""
    seen = await billed(db, await invoice(db.primary, owner, id))
    checks = presentation(await _version(db.primary, owner, id)).checks
    if not checks:
        raise no_e_invoice("it was issued before there were any")
    return await xml_of(db, owner, id, partial(e_invoice, invoice_facts(seen)), checks)


async def xml_of(
    db: Database, owner: CustomerId, subject: InvoiceId | CreditNoteId, said: Callable[[frozenset[Check]], str],
    checks: Sequence[frozenset[Check]],
) -> bytes:  # fmt: skip
    """The e-invoice of a document as it left the house by any of the checks; STATE_CONFLICT for one that has none."""
    renders = [lambda each=each: said(each).encode() for each in checks]
    try:
        return await proven(db, owner, subject.uuid, XML, renders)
    except NotRepresentable as rule:
        raise no_e_invoice(str(rule)) from rule


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


def _rendered(seen: Billed, version: int, checks: frozenset[Check] | None) -> bytes:
    facts, attached = invoice_facts(seen), ""
    if checks is not None:
        try:
            attached = e_invoice(facts, checks)
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
