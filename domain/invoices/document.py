"""Invoice, credit note and receipt as PDF/A-3b: the same facts, locale and version give the same bytes.

Rendering takes processor time (tens of milliseconds for hundreds of lines): call it from a thread in async code.
"""

from domain.invoices.document_facts import CreditNoteFacts, InvoiceFacts, ReceiptFacts, Terms
from domain.invoices.document_parts import (
    body,
    legal_notes,
    lines_table,
    method,
    page,
    sum_row,
    sums,
    unless_zero,
)
from domain.invoices.presentation import CURRENT
from domain.invoices.typesetting import Print, typeset


def render_invoice(facts: InvoiceFacts, locale: str, version: int = CURRENT, attached: str = "") -> bytes:
    """The invoice as PDF, with the e-invoice inside if one is given; UnknownLocale for a language without texts."""
    out = Print.for_locale(locale, version)
    words, terms = out.texts, facts.terms
    headline = words.settled_headline
    if facts.due.minor > 0:
        headline = words.due_headline.format(amount=out.money(facts.due), date=out.day(facts.due_on))
    totals = [
        *sums(out, facts.lines, facts.taxes),
        sum_row(words.total, out.money(facts.total), "total"),
        *unless_zero(out, words.applied_credit, -facts.applied_credit),
        *unless_zero(out, words.paid, -facts.paid, method(out, facts.method)),
        sum_row(words.amount_due, out.money(facts.due), "grand"),
    ]
    meta = [
        (words.invoice_number, out.plain(facts.number)),
        (words.issued, out.day(facts.issued_on)),
        (words.due, out.day(facts.due_on)),
        (words.purchase_order, out.plain(terms.purchase_order or "") if terms else ""),
        (words.currency, facts.currency.code),
    ]
    notes = [*_terms(out, facts), *legal_notes(out, facts.legal, facts.buyer), *map(out.plain, facts.notes)]
    frame = page(out, words.invoice, facts.number, facts.issued_on, facts.seller, (words.billed_to, facts.buyer))
    data = frame | body(meta, headline, totals, notes) | lines_table(out, facts.lines)
    return typeset(out.presentation, "invoice", data, attached)


def _terms(out: Print, facts: InvoiceFacts) -> list[str]:
    terms: Terms | None = facts.terms
    if terms is None or not facts.due.minor:
        return []
    return [out.texts.net_terms.format(days=out.number(terms.net_days)) if terms.net_days else out.texts.charged]


def render_credit_note(facts: CreditNoteFacts, locale: str, version: int = CURRENT, attached: str = "") -> bytes:
    """The credit note as PDF, with the e-invoice inside if one is given; UnknownLocale without texts."""
    out = Print.for_locale(locale, version)
    words = out.texts
    headline = words.credit_headline.format(amount=out.money(facts.total), number=out.plain(facts.corrects))
    totals = [
        *sums(out, facts.lines, facts.taxes),
        sum_row(words.credit_total, out.money(facts.total), "grand"),
        *unless_zero(out, words.reduced, facts.reduced),
        *unless_zero(out, words.sent_back, facts.refunded),
        *unless_zero(out, words.credited, facts.credited),
        *unless_zero(out, words.settled_outside, facts.out_of_band),
    ]
    meta = [
        (words.credit_note_number, out.plain(facts.number)),
        (words.issued, out.day(facts.issued_on)),
        (words.corrects, out.plain(facts.corrects)),
        (words.corrected_on, out.day(facts.corrected_on)),
        (words.currency, facts.currency.code),
    ]
    reason = [words.reason.format(text=out.plain(facts.reason))] if facts.reason else []
    notes = [*reason, *legal_notes(out, facts.legal, facts.buyer), *map(out.plain, facts.notes)]
    frame = page(out, words.credit_note, facts.number, facts.issued_on, facts.seller, (words.billed_to, facts.buyer))
    data = frame | body(meta, headline, totals, notes) | lines_table(out, facts.lines)
    return typeset(out.presentation, "invoice", data, attached)


def render_receipt(facts: ReceiptFacts, locale: str, version: int = CURRENT) -> bytes:
    """The receipt of one payment as PDF; UnknownLocale for a language without texts."""
    out = Print.for_locale(locale, version)
    words = out.texts
    headline = words.paid_headline.format(amount=out.money(facts.paid), date=out.day(facts.paid_on))
    totals = [
        *sums(out, facts.lines, facts.taxes),
        sum_row(words.invoice_total, out.money(facts.total), "total"),
        *unless_zero(out, words.applied_credit, -facts.applied_credit),
        sum_row(words.amount_paid, out.money(facts.paid), "grand", method(out, facts.method)),
        *(
            sum_row(words.refunded.format(date=out.short_day(refund.refunded_on)), out.money(-refund.amount))
            for refund in facts.refunds
        ),
    ]
    if facts.refunds:
        totals.append(sum_row(words.kept, out.money(facts.paid - facts.refunded), "grand"))
    meta = [
        (words.receipt_number, out.plain(facts.number)),
        (words.invoice_number, out.plain(facts.invoice_number)),
        (words.paid_date, out.day(facts.paid_on)),
        (words.currency, facts.currency.code),
    ]
    notes = [*legal_notes(out, facts.legal, facts.buyer), *map(out.plain, facts.notes)]
    frame = page(out, words.receipt, facts.number, facts.issued_on, facts.seller, (words.billed_to, facts.buyer))
    data = frame | body(meta, headline, totals, notes) | lines_table(out, facts.lines)
    return typeset(out.presentation, "receipt", data)
