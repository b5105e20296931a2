"""Documents of one story for the tests: a plan with a change in the middle of January, one payment, one refund."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from domain.invoices.document_facts import (
    BillingDays,
    CreditNoteFacts,
    DocumentLine,
    InvoiceFacts,
    LineDiscount,
    LineTax,
    Party,
    PaymentMethod,
    ReceiptFacts,
    RefundLine,
    TaxSum,
    Terms,
)
from domain.money import Currency, Money, round_half_even, total

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
        taxes=(TaxSum("VAT", "standard", 190_000, whole - Money(tax, currency), Money(tax, currency)),) if tax else (),
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


def naming(text: str) -> InvoiceFacts:
    """An invoice that carries the text wherever a person may have written it."""
    party = Party(text, (text, text), text, text)
    return replace(
        invoice([replace(line, text=text) for line in STORY]),
        number=text,
        seller=party,
        buyer=party,
        taxes=(TaxSum(text, "standard", 190_000, Money(12_653, EUR), Money(2_404, EUR)),),
        method=PaymentMethod(text, text),
        notes=(text,),
    )


def taxed(
    treatment: str = "standard", ppm: int = 190_000, *, included: bool = False, currency: Currency = EUR
) -> tuple[tuple[DocumentLine, ...], TaxSum]:
    """A discounted plan, unused time and some hours of work under one tax, and that tax over all of them."""

    def line(text: str, minor: int, **given: Any) -> DocumentLine:
        tax = round_half_even(minor * ppm, 1_000_000 + (ppm if included else 0))
        of = LineTax("VAT", treatment, ppm, Money(tax, currency))
        return DocumentLine(text, Money(minor, currency), taxes=(of,), tax_included=included, **given)

    discount = LineDiscount("SPRING10", Money(1_200, currency))
    lines = (
        line(
            "Team plan", 10_800, days=BillingDays(date(2026, 2, 1), date(2026, 2, 28)), quantity=8,
            unit_price=Money(1_500, currency), discounts=(discount,),
        ),
        line("Starter plan", -653, days=JANUARY_REST, quantity=1, unit_price=Money(1_000, currency), unused=True),
        line("Onboarding", 150_000, quantity=10, unit_price=Money(15_000, currency)),
    )  # fmt: skip
    tax = total([each.amount for one in lines for each in one.taxes], currency)
    return lines, TaxSum("VAT", treatment, ppm, total([one.net for one in lines], currency), tax)


def taxed_invoice(treatment: str = "standard", ppm: int = 190_000, *, included: bool = False) -> InvoiceFacts:
    """An invoice on terms with an order number; the buyer sits in France and has a tax id."""
    lines, tax = taxed(treatment, ppm, included=included)
    whole = tax.taxable + tax.amount
    said = {"reverse_charge", "export", "exempt"} & {treatment}
    plain = invoice([replace(line, taxes=(), tax_included=False) for line in lines], tax=0, credit=500)
    return replace(
        plain, lines=lines, seller=replace(SELLER, tax_id="DE136695976", country="DE", code="nordlicht"),
        buyer=replace(BUYER, tax_id="FR40303265045", country="FR"), taxes=(tax,), total=whole,
        due=whole - Money(500, EUR), legal=tuple(said), terms=Terms(14, "PO-7781/B"),
    )  # fmt: skip


def mixed_invoice(treatment: str = "standard", ppm: int = 190_000) -> InvoiceFacts:
    """That invoice with prices that hold their tax beside prices that do not."""
    of, (gross, _) = taxed_invoice(treatment, ppm), taxed(treatment, ppm, included=True)
    lines = (gross[0], gross[1], of.lines[0], of.lines[2])
    net = total([line.net for line in lines], EUR)
    tax = total([each.amount for line in lines for each in line.taxes], EUR)
    summed, whole = TaxSum("VAT", treatment, ppm, net, tax), net + tax
    return replace(of, lines=lines, taxes=(summed,), total=whole, due=whole - of.applied_credit)


def credit_note(treatment: str = "standard", ppm: int = 190_000) -> CreditNoteFacts:
    """All of that invoice taken back: one half lowers it, the rest goes the other ways."""
    of = taxed_invoice(treatment, ppm)
    half, rest = Money(of.total.minor // 2, EUR), Money(1_000, EUR)
    return CreditNoteFacts(
        number="NL-C-2026-000012", issued_on=date(2026, 2, 20), corrects=of.number, corrected_on=of.issued_on,
        seller=of.seller, buyer=of.buyer, lines=of.lines, taxes=of.taxes, total=of.total, reduced=half, refunded=rest,
        credited=rest, out_of_band=of.total - half - rest - rest, reason="Wrong quantity", legal=of.legal,
    )  # fmt: skip
