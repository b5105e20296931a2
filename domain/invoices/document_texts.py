"""The words of the documents, one entry per language; mypy refuses a language that lacks a word."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The fixed words of all documents in one language; braces hold what is filled in."""

    invoice: str
    receipt: str
    statement: str
    billed_to: str
    account_of: str
    seller: str
    invoice_number: str
    receipt_number: str
    issued: str
    due: str
    paid_date: str
    statement_period: str
    currency: str
    tax_id: str
    description: str
    quantity: str
    unit_price: str
    amount: str
    date: str
    charge: str
    payment: str
    balance: str
    subtotal: str
    total: str
    invoice_total: str
    applied_credit: str
    paid: str
    amount_due: str
    amount_paid: str
    refunded: str
    kept: str
    opening: str
    closing: str
    due_headline: str
    settled_headline: str
    paid_headline: str
    owed_headline: str
    in_favour_headline: str
    even_headline: str
    method: str
    page: str


ENGLISH: Final = Texts(
    invoice="Invoice",
    receipt="Receipt",
    statement="Statement",
    billed_to="Billed to",
    account_of="Account of",
    seller="From",
    invoice_number="Invoice number",
    receipt_number="Receipt number",
    issued="Issued",
    due="Due",
    paid_date="Paid",
    statement_period="Period",
    currency="Currency",
    tax_id="Tax ID",
    description="Description",
    quantity="Qty",
    unit_price="Unit price",
    amount="Amount",
    date="Date",
    charge="Charge",
    payment="Payment, credit",
    balance="Balance",
    subtotal="Subtotal",
    total="Total",
    invoice_total="Invoice total",
    applied_credit="Credit applied",
    paid="Paid",
    amount_due="Amount due",
    amount_paid="Amount paid",
    refunded="Refunded on {date}",
    kept="Paid after refunds",
    opening="Opening balance",
    closing="Closing balance",
    due_headline="{amount} due {date}",
    settled_headline="Settled, nothing to pay",
    paid_headline="{amount} paid on {date}",
    owed_headline="{amount} owed on {date}",
    in_favour_headline="{amount} in your favour on {date}",
    even_headline="Nothing owed on {date}",
    method="{brand} ending in {last4}",
    page="Page {page} of {pages}",
)

GERMAN: Final = Texts(
    invoice="Rechnung",
    receipt="Zahlungsbeleg",
    statement="Kontoauszug",
    billed_to="Rechnung an",
    account_of="Konto von",
    seller="Von",
    invoice_number="Rechnungsnummer",
    receipt_number="Belegnummer",
    issued="Ausgestellt",
    due="Fällig",
    paid_date="Bezahlt",
    statement_period="Zeitraum",
    currency="Währung",
    tax_id="USt-IdNr.",
    description="Leistung",
    quantity="Menge",
    unit_price="Einzelpreis",
    amount="Betrag",
    date="Datum",
    charge="Belastung",
    payment="Zahlung, Gutschrift",
    balance="Saldo",
    subtotal="Zwischensumme",
    total="Gesamtbetrag",
    invoice_total="Rechnungsbetrag",
    applied_credit="Verrechnetes Guthaben",
    paid="Bezahlt",
    amount_due="Offener Betrag",
    amount_paid="Gezahlter Betrag",
    refunded="Erstattet am {date}",
    kept="Gezahlt nach Erstattungen",
    opening="Anfangssaldo",
    closing="Endsaldo",
    due_headline="{amount} fällig am {date}",
    settled_headline="Beglichen, nichts zu zahlen",
    paid_headline="{amount} bezahlt am {date}",
    owed_headline="{amount} offen am {date}",
    in_favour_headline="{amount} Guthaben am {date}",
    even_headline="Ausgeglichen am {date}",
    method="{brand}, Endziffern {last4}",
    page="Seite {page} von {pages}",
)

TEXTS: Final = MappingProxyType({"en": ENGLISH, "de": GERMAN})
"""Language -> words; another language is one more entry."""
