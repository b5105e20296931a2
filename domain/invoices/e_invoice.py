"""Invoices and credit notes for machines: EN 16931 in the syntax of UN/CEFACT (CII), as Factur-X 1.0 embeds it.

The codes are those of the standard's lists: UNTDID 1001 for kinds of documents, UNTDID 5305 for categories of VAT.
"""

from decimal import Decimal
from typing import Final

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentTerms
from stdnum.eu import vat

from domain.invoices.document_facts import CreditNoteFacts, InvoiceFacts, Party
from domain.invoices.e_invoice_line import (
    OUTSIDE,
    Group,
    NotRepresentable,
    amount,
    groups,
    line_item,
    percent,
    require,
    require_rate,
    xml_text,
)
from domain.invoices.presentation import ALL_CHECKS, Check
from domain.invoices.texts.english import ENGLISH
from domain.money import Money, total
from domain.tax.decision import Treatment
from domain.tax.place import Place

__all__ = ["NotRepresentable", "e_credit_note", "e_invoice"]

_GUIDELINE: Final = "urn:cen.eu:en16931:2017"
_INVOICE, _CREDIT_NOTE = "380", "381"
_MINOR_DIGITS: Final = 2  # EN 16931 allows no more in any amount (BR-DEC)
_REASON_CODES: Final = {"AE": "VATEX-EU-AE", "G": "VATEX-EU-G", OUTSIDE: "VATEX-EU-O"}  # CEF code list VATEX
_REASONS: Final = {
    "AE": ENGLISH.legal["reverse_charge"],
    "E": ENGLISH.legal["exempt"],
    "G": ENGLISH.legal["export"],
    OUTSIDE: "No VAT is charged: the seller is not registered for it.",
}
_EL: Final = {"GR": "EL"}  # how VAT ids begin where that is not the country's own code


def e_invoice(facts: InvoiceFacts, checks: frozenset[Check] = ALL_CHECKS) -> str:
    """The invoice as XML, the same text for the same facts; NotRepresentable outside of what EN 16931 can say.

    Fewer ``checks`` are for documents that were issued before there were more.
    """
    doc = _document(facts, _INVOICE, checks)
    if facts.corrects and facts.corrected_on:
        before = doc.trade.settlement.invoice_referenced_document
        before.issuer_assigned_id, before.issue_date_time = xml_text(facts.corrects), facts.corrected_on
    terms = PaymentTerms()
    terms.due = facts.due_on
    if facts.terms and facts.terms.net_days:
        terms.description = ENGLISH.net_terms.format(days=facts.terms.net_days)
    else:
        terms.description = ENGLISH.charged
    doc.trade.settlement.terms.add(terms)
    if facts.terms and facts.terms.purchase_order:
        doc.trade.agreement.buyer_order.issuer_assigned_id = xml_text(facts.terms.purchase_order)
    _sums(doc, facts, prepaid=facts.total - facts.due)
    return _text_of(doc)


def e_credit_note(facts: CreditNoteFacts, checks: frozenset[Check] = ALL_CHECKS) -> str:
    """The credit note as XML, naming the invoice that it corrects; NotRepresentable as for invoices."""
    doc = _document(facts, _CREDIT_NOTE, checks)
    before = doc.trade.settlement.invoice_referenced_document
    before.issuer_assigned_id, before.issue_date_time = xml_text(facts.corrects), facts.corrected_on
    terms = PaymentTerms()
    terms.description = f"Settled on {facts.issued_on.isoformat()}: {_ways(facts)}."
    doc.trade.settlement.terms.add(terms)
    _sums(doc, facts, prepaid=Money.zero(facts.currency))
    return _text_of(doc)


def _ways(facts: CreditNoteFacts) -> str:
    ways = (
        ("deducted from the invoice", facts.reduced),
        ("refunded", facts.refunded),
        ("kept as credit", facts.credited),
        ("settled otherwise", facts.out_of_band),
    )
    return ", ".join(f"{money.decimal} {money.currency.code} {way}" for way, money in ways if money.minor)


def _document(facts: InvoiceFacts | CreditNoteFacts, kind: str, checks: frozenset[Check]) -> Document:
    require(facts.currency.exponent <= _MINOR_DIGITS, "amounts have two digits of a currency")
    require(Place(facts.seller.country, facts.seller.region).territory().in_eu, "the seller sits in the Union")
    require(bool(facts.buyer.country), "the buyer has a country")
    _require_vat(facts)
    doc = Document()
    doc.context.guideline_parameter.id = _GUIDELINE
    doc.header.id, doc.header.type_code = xml_text(facts.number), kind
    doc.header.issue_date_time = facts.issued_on
    for text in (*(ENGLISH.legal.get(code, "") for code in facts.legal), *map(xml_text, facts.notes)):
        if text:
            note = IncludedNote()
            note.content = text
            doc.header.notes.add(note)
    found = groups(facts.lines)
    outside = any(group.category == OUTSIDE for group in found)
    require(not outside or len(found) == 1, "what lies outside of VAT stands on an invoice of its own")
    _party(doc.trade.agreement.seller, facts.seller, known=not outside, ours=True)
    _party(doc.trade.agreement.buyer, facts.buyer, known=not outside)
    _require_ids(facts, found, checks)
    for position, line in enumerate(facts.lines, 1):
        doc.trade.items.add(line_item(position, line))
    days = [line.days for line in facts.lines if line.days]
    doc.trade.delivery.event.occurrence = max((each.last for each in days), default=facts.issued_on)
    if days:
        doc.trade.settlement.period.start = min(each.first for each in days)
        doc.trade.settlement.period.end = max(each.last for each in days)
    doc.trade.settlement.currency_code = facts.currency.code
    for group in found:
        if Check.RATE in checks:
            require_rate(group)
        doc.trade.settlement.trade_tax.add(_trade_tax(group))
    return doc


def _require_vat(facts: InvoiceFacts | CreditNoteFacts) -> None:
    """Charged VAT is the Union's; another tax that a seller declares elsewhere has no place in the standard."""
    uncharged = (Treatment.REVERSE_CHARGE, Treatment.EXPORT, Treatment.UNREGISTERED)
    charged = any(tax.treatment not in uncharged for tax in facts.taxes)
    in_union = Place(facts.buyer.country, facts.buyer.region).territory().in_eu
    require(in_union or not charged, "the tax is the VAT of a member state")


def _require_ids(facts: InvoiceFacts | CreditNoteFacts, found: tuple[Group, ...], checks: frozenset[Check]) -> None:
    categories = {group.category for group in found}
    known = bool(facts.seller.tax_id) or categories == {OUTSIDE}
    require(known, "the seller names its tax number")
    require(bool(facts.seller.code) or OUTSIDE not in categories, "the seller has a name of its own for itself")
    named = _is_vat_id(facts.buyer) if Check.BUYER_ID in checks else bool(facts.buyer.tax_id)
    require("AE" not in categories or named, "a buyer who owes the tax names its VAT id")
    require("G" not in categories or _is_vat_id(facts.seller), "the seller names its VAT id")
    require("AE" not in categories or _is_vat_id(facts.seller), "the seller names its VAT id")


def _party(party: TradeParty, of: Party, *, known: bool, ours: bool = False) -> None:
    """BR-O-02 to -04: where no VAT applies, no VAT id is named; a seller then is known by its own code (BR-CO-26)."""
    party.name = xml_text(of.name)
    if ours and of.code:
        party.id = xml_text(of.code)
    if ours and of.register:
        party.legal_organization.id = xml_text(of.register)  # BT-30
    lines = [xml_text(line) for line in of.address if xml_text(line)]
    names = ("line_one", "line_two", "line_three")
    for name, line in zip(names, [*lines[:2], ", ".join(lines[2:])], strict=False):
        if line:
            setattr(party.address, name, line)
    party.address.country_id = of.country
    if of.region:
        party.address.country_subdivision = xml_text(of.region)
    if known and of.tax_id:
        scheme = "VA" if _is_vat_id(of) else "FC"
        if ours or scheme == "VA":
            party.tax_registrations.add(TaxRegistration(id=(scheme, _tax_number(of, scheme))))


def _tax_number(of: Party, scheme: str) -> str:
    number = xml_text(of.tax_id or "")
    prefix = _EL.get(of.country, of.country)
    return number if scheme == "FC" or number[:2].isalpha() else prefix + number


def _is_vat_id(of: Party) -> bool:
    return of.tax_id is not None and bool(vat.is_valid(_tax_number(of, "VA")))


def _trade_tax(group: Group) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount, tax.basis_amount = amount(group.tax), amount(group.taxable)
    tax.type_code, tax.category_code = "VAT", group.category
    if group.category in _REASONS:
        tax.exemption_reason = _REASONS[group.category]
    if group.category in _REASON_CODES:
        tax.exemption_reason_code = _REASON_CODES[group.category]
    if group.category != OUTSIDE:
        tax.rate_applicable_percent = percent(group.rate_ppm)
    return tax


def _sums(doc: Document, facts: InvoiceFacts | CreditNoteFacts, prepaid: Money) -> None:
    net = total((line.net for line in facts.lines), facts.currency)
    tax = total((each.amount for each in facts.taxes), facts.currency)
    sums = doc.trade.settlement.monetary_summation
    sums.line_total = amount(net)
    sums.charge_total = sums.allowance_total = Decimal(amount(Money.zero(facts.currency)))
    sums.tax_basis_total = amount(net)
    sums.tax_total = (amount(tax), facts.currency.code)
    sums.grand_total = amount(facts.total)
    sums.prepaid_total, sums.due_amount = amount(prepaid), amount(facts.total - prepaid)


def _text_of(doc: Document) -> str:
    xml: bytes = doc.serialize(schema="FACTUR-X_EN16931")
    return xml.decode()
