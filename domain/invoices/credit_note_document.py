"""An issued credit note as PDF with the e-invoice inside, and as that e-invoice alone."""

from functools import partial

from domain.database import Database
from domain.db import Primary
from domain.ids import CreditNoteId, CustomerId
from domain.invoices.corrected_lines import corrected_lines
from domain.invoices.credit_note import CreditNote, credit_note
from domain.invoices.document import render_credit_note
from domain.invoices.document_facts import BillingDays, CreditNoteFacts, DocumentLine, LineTax
from domain.invoices.e_invoice import NotRepresentable, e_credit_note
from domain.invoices.invoice import invoice
from domain.invoices.invoice_document import xml_of
from domain.invoices.issued import Billed, billed, legal_codes, line_taxes, proven, tax_sums
from domain.invoices.line import lines_of
from domain.invoices.line_tax import TaxPart
from domain.invoices.note_line import CreditNoteLine, note_lines_of, note_taxes_of
from domain.invoices.presentation import Check, presentation
from domain.invoices.take_note_back import note_parts_of
from domain.invoices.tax_correction import TAX_CORRECTION
from domain.period import Period


async def credit_note_pdf(db: Database, owner: CustomerId, id: CreditNoteId) -> bytes:
    """The PDF of the customer's credit note as it was issued; NOT_FOUND for any other id."""
    facts, seen = await _facts(db, owner, id)
    version = await _version(db.primary, owner, id)
    renders = [partial(_rendered, facts, seen.locale, version, checks) for checks in presentation(version).checks]
    return await proven(db, owner, id.uuid, seen.locale, renders)


async def credit_note_xml(db: Database, owner: CustomerId, id: CreditNoteId) -> bytes:
    """The e-invoice of the customer's credit note; NOT_FOUND for any other id, STATE_CONFLICT for one without."""
    facts, _ = await _facts(db, owner, id)
    checks = presentation(await _version(db.primary, owner, id)).checks
    return await xml_of(db, owner, id, partial(e_credit_note, facts), checks)


def _rendered(facts: CreditNoteFacts, locale: str, version: int, checks: frozenset[Check]) -> bytes:
    try:
        attached = e_credit_note(facts, checks)
    except NotRepresentable:
        attached = ""
    return render_credit_note(facts, locale, version, attached)


async def _facts(db: Database, owner: CustomerId, id: CreditNoteId) -> tuple[CreditNoteFacts, Billed]:
    of = await credit_note(db.primary, owner, id)
    seen = await billed(db, await invoice(db.primary, owner, of.invoice))
    lines = (await note_lines_of(db.primary, owner, [id]))[id]
    taxes = (await note_taxes_of(db.primary, owner, [id]))[id]
    charged = (await lines_of(db.primary, owner, [of.invoice]))[of.invoice]
    parts = await note_parts_of(db.primary, owner, id)
    included = [charged[line.of.position - 1].tax_inclusive for line in lines]
    facts = CreditNoteFacts(
        number=of.number, issued_on=seen.day(of.issued_at), corrects=seen.of.number,
        corrected_on=seen.day(seen.of.issued_at), seller=seen.seller, buyer=seen.buyer,
        lines=tuple(
            each
            for place, line in enumerate(lines, 1)
            for each in _lines(of, line, seen, parts.get(place, ()), included[place - 1])
        ),
        taxes=tax_sums(taxes), total=of.total, reduced=of.reduced, refunded=of.refunded, credited=of.credited,
        out_of_band=of.out_of_band, reason=of.reason, legal=legal_codes(taxes),
    )  # fmt: skip
    return facts, seen


def _lines(
    of: CreditNote, line: CreditNoteLine, seen: Billed, parts: tuple[TaxPart, ...], included: bool
) -> tuple[DocumentLine, ...]:
    if of.kind == TAX_CORRECTION:
        return corrected_lines(line.description, None, included, parts)
    return (_line(line, seen, line_taxes(parts), included),)


def _line(line: CreditNoteLine, seen: Billed, taxes: tuple[LineTax, ...], included: bool) -> DocumentLine:
    span = line.unused
    return DocumentLine(
        text=line.description,
        amount=line.amount,
        days=BillingDays.of(Period(span.starts_at, span.ends_at), seen.zone) if span else None,
        taxes=taxes,
        tax_included=included,
        unused=span is not None,
    )


async def _version(db: Primary, owner: CustomerId, id: CreditNoteId) -> int:
    version: int = await db.fetchval(
        "SELECT presentation FROM credit_note WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        owner.shard,
        owner.uuid,
        id.uuid,
    )
    return version
