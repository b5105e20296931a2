"""Documents of one story for the tests: a plan with a change in the middle of January, one payment, one refund."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.invoices.document_facts import (
    BillingDays,
    DocumentLine,
    InvoiceFacts,
    Party,
    PaymentMethod,
    ReceiptFacts,
    RefundLine,
    StatementFacts,
    StatementLine,
    TaxLine,
)
from domain.money import Currency, Money, total

EUR = Currency("EUR")
SELLER = Party(
    "Nordlicht Software GmbH", ("Speicherstraße 14", "20457 Hamburg"), "DE812345678", "billing@nordlicht.example"
)
BUYER = Party("Ælfgifu Papadopoulou", ("z. Hd. Παπαδοπούλου", "ул. Ленина 5", "Łódź"), "DE299111222")
JANUARY_REST = BillingDays(date(2026, 1, 11), date(2026, 1, 31))
STORY = (
    DocumentLine(
        "Team plan", Money(12_000, EUR), BillingDays(date(2026, 2, 1), date(2026, 2, 28)), 8, Money(1_500, EUR)
    ),
    DocumentLine("Unused time on Starter plan", Money(-653, EUR), JANUARY_REST),
    DocumentLine("Rest of the month on Team plan", Money(1_306, EUR), JANUARY_REST),
)


def invoice(lines: Sequence[DocumentLine] = STORY, tax: int = 2_404, credit: int = 500, paid: int = 0) -> InvoiceFacts:
    currency = lines[0].amount.currency
    whole = total([line.amount for line in lines], currency) + Money(tax, currency)
    return InvoiceFacts(
        number="NL-2026-000417",
        issued_on=date(2026, 1, 31),
        due_on=date(2026, 2, 14),
        seller=SELLER,
        buyer=BUYER,
        lines=tuple(lines),
        taxes=(TaxLine("VAT 19 %", Money(tax, currency)),) if tax else (),
        total=whole,
        applied_credit=Money(credit, currency),
        paid=Money(paid, currency),
        due=whole - Money(credit + paid, currency),
        method=PaymentMethod("Visa", "4242"),
        notes=("Please quote the invoice number.",),
    )


def receipt(refunds: Sequence[int] = ()) -> ReceiptFacts:
    billed = invoice()
    return ReceiptFacts(
        number="NL-R-2026-000088",
        invoice_number=billed.number,
        paid_on=date(2026, 2, 2),
        issued_on=date(2026, 2, 2),
        seller=SELLER,
        buyer=BUYER,
        lines=billed.lines,
        taxes=billed.taxes,
        total=billed.total,
        applied_credit=billed.applied_credit,
        paid=billed.due,
        method=PaymentMethod("Visa", "4242"),
        refunds=tuple(RefundLine(date(2026, 2, 20), Money(minor, EUR)) for minor in refunds),
    )


def statement(
    amounts: Sequence[int] = (15_057, -500, -14_557), opening: int = 0, currency: Currency = EUR
) -> StatementFacts:
    return StatementFacts(
        issued_on=date(2026, 3, 1),
        days=BillingDays(date(2026, 1, 1), date(2026, 2, 28)),
        seller=SELLER,
        buyer=BUYER,
        opening=Money(opening, currency),
        lines=tuple(
            StatementLine(date(2026, 1, 31), "Movement", f"REF-{n}", Money(minor, currency))
            for n, minor in enumerate(amounts)
        ),
        closing=Money(opening + sum(amounts), currency),
    )


def naming(text: str) -> InvoiceFacts:
    """An invoice that carries the text wherever a person may have written it."""
    party = Party(text, (text, text), text, text)
    return replace(
        invoice([replace(line, text=text) for line in STORY]),
        number=text,
        seller=party,
        buyer=party,
        taxes=(TaxLine(text, Money(2_404, EUR)),),
        method=PaymentMethod(text, text),
        notes=(text,),
    )
