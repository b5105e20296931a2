import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.currencies import EXPONENTS
from domain.invoices.document import render_invoice, render_receipt
from domain.invoices.document_facts import BillingDays, InconsistentFacts
from domain.invoices.presentation import CURRENT, presentation
from domain.invoices.typesetting import Print, UnknownLocale, printable
from domain.money import MAX_MINOR, Currency, Money
from domain.period import Period
from tests.domain.invoices.documents import EUR, SELLER, STORY, invoice, naming, receipt
from tests.domain.invoices.pdf_text import Pdf

ROOT = Path(__file__).parents[3]


def lines_of(pdf: bytes) -> list[str]:
    return Pdf(pdf).text.replace("\u00a0", " ").replace("\u2009", " ").split("\n")


def test_an_invoice_says_who_owes_what_to_whom_and_why() -> None:
    lines = lines_of(render_invoice(invoice(), "en"))
    for line in (
        "Nordlicht Software GmbH Invoice",
        "Invoice number NL-2026-000417",
        "€145.57 due February 14, 2026",
        "Description Qty Unit price Amount",
        "Team plan 8 €15.00 €120.00",
        "Feb 1 – 28, 2026",
        "Unused time on Starter plan −€6.53",
        "Jan 11 – 31, 2026",
        "Subtotal €126.53",
        "VAT 19% on €126.53 €24.04",
        "Total €150.57",
        "Credit applied −€5.00",
        "Amount due €145.57",
        "Please quote the invoice number.",
    ):
        assert line in lines
    text = "\n".join(lines)
    for word in ("Ælfgifu Papadopoulou", "Παπαδοπούλου", "ул. Ленина 5", "Łódź", "DE299111222", "Speicherstraße 14"):
        assert word in text


def test_a_german_invoice_is_german_in_words_dates_and_amounts() -> None:
    lines = lines_of(render_invoice(invoice(), "de"))
    assert "145,57 € fällig am 14. Februar 2026" in lines
    assert "Team plan 8 15,00 € 120,00 €" in lines
    assert "Verrechnetes Guthaben −5,00 €" in lines
    assert any(line.endswith("Seite 1 von 1") for line in lines)


def test_a_paid_invoice_says_so_and_with_which_card() -> None:
    lines = lines_of(render_invoice(invoice(paid=14_557), "en"))
    assert "Settled, nothing to pay" in lines
    assert "Paid −€145.57" in lines
    assert "Visa ending in 4242" in lines
    assert "Amount due €0.00" in lines


def test_a_receipt_says_what_was_paid_when_and_what_went_back() -> None:
    lines = lines_of(render_receipt(receipt(refunds=[2_500, 500]), "en"))
    assert "€145.57 paid on February 2, 2026" in lines
    assert "Amount paid €145.57" in lines
    assert "Visa ending in 4242" in lines
    assert "Refunded on Feb 20, 2026 −€25.00" in lines
    assert "Paid after refunds €115.57" in lines
    assert "Paid after refunds" not in "\n".join(lines_of(render_receipt(receipt(), "en")))


def test_the_same_facts_give_the_same_bytes_also_in_another_process() -> None:
    script = (
        "import hashlib, sys; from domain.invoices.document import render_invoice;"
        "from tests.domain.invoices.documents import invoice;"
        "sys.stdout.write(hashlib.sha256(render_invoice(invoice(), 'de')).hexdigest())"
    )
    first = render_invoice(invoice(), "de")
    assert render_invoice(invoice(), "de") == first
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True, text=True, env={"TZ": zone}
        ).stdout
        for zone in ("UTC", "Pacific/Apia")
    }
    assert digests == {hashlib.sha256(first).hexdigest()}


def test_a_document_is_archivable_and_dated_by_its_facts() -> None:
    pdf = render_invoice(invoice(), "en")
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert b"/CreationDate(D:20260131" in pdf
    assert b"/Lang(en)" in pdf


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x")',
        "#{1+1} #sys.inputs",
        "$x^2$ *b* _c_ `x`",
        "\\u{41} \\ @ref <a>",
        "= Heading // note /* note",
        '#import "@preview/x:1.0.0"',
        '"}, {"a": "',
    ],
)
def test_markup_in_a_name_is_printed_and_not_obeyed(text: str) -> None:
    lines = lines_of(render_invoice(naming(text), "en"))
    assert f"{text} Invoice" in lines
    assert f"{text} −€6.53" in lines


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\x00b\tc\r\nd\u2028e", "a b c d e"),
        ("pay \u202efdp.exe", "pay fdp.exe"),
        ("so\u00adft\u200b\ufeff", "soft"),
        ("e\u0301", "é"),
        ("\ud800!", "\ufffd!"),
        ("\ue000", "\ufffd"),
        ("𒀀山田 €5 شركة", "\ufffd山田 €5 شركة"),
        ("  ", ""),
    ],
)
def test_what_cannot_be_printed_is_replaced_and_what_misleads_is_left_out(text: str, printed: str) -> None:
    assert printable(text, presentation(CURRENT).printable) == printed
    assert render_invoice(naming(text), "en").startswith(b"%PDF")


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_no_text_makes_a_document_fail(text: str) -> None:
    assert render_invoice(naming(text), "en").startswith(b"%PDF")


def test_every_printable_character_has_a_glyph_in_every_weight() -> None:
    for version in (1, CURRENT):
        everything = sorted(presentation(version).printable)
        for at in range(0, len(everything), 500):  # a page of all of them would take a minute
            text = " ".join(everything[at : at + 500])
            once_in_each = replace(invoice(), seller=replace(SELLER, name=text), notes=(text,))
            assert render_invoice(once_in_each, "en", version).startswith(b"%PDF")


@pytest.mark.parametrize("locale", ["en", "de", "en_GB", "de-AT", "de_CH", "en_IN", "fr", "fr-CH", "ja", "ar", "ar-KW"])
def test_every_currency_is_printed_with_all_its_digits(locale: str) -> None:
    out = Print.for_locale(locale)
    for code, exponent in EXPONENTS.items():
        for minor in (0, 5, -123_456, MAX_MINOR):
            amount = Money(minor, Currency(code))
            text = out.money(amount)
            digits = "".join(char for char in text if char.isdigit())
            assert digits.lstrip("0") == str(abs(minor)).lstrip("0") and len(digits) > exponent
            assert ("−" in text) == (minor < 0)
            assert Decimal(amount.decimal).as_tuple().exponent == -exponent


def test_a_code_stands_apart_from_its_digits_and_a_symbol_does_not() -> None:
    out = Print.for_locale("en")
    assert out.money(Money(1_234, Currency("ALL"))) == "ALL\u00a012.34"
    assert out.money(Money(-1_234, Currency("JPY"))) == "−¥1,234"


@pytest.mark.parametrize("locale", ["", "es", "xx", "zz_ZZ", "../en", "en\0", "a" * 5000, "\ud800", "C"])
def test_a_language_without_texts_is_refused(locale: str) -> None:
    with pytest.raises(UnknownLocale):
        render_invoice(invoice(), locale)


def test_a_document_that_does_not_add_up_is_refused() -> None:
    good, paid = invoice(), receipt()
    for wrong in (
        lambda: replace(good, total=good.total + Money(1, EUR)),
        lambda: replace(good, due=good.due - Money(1, EUR)),
        lambda: invoice(paid=20_000),
        lambda: replace(good, lines=good.lines[1:]),
        lambda: receipt(refunds=[14_557, 1]),
        lambda: replace(paid, paid=Money(1, Currency("USD"))),
        lambda: invoice([*STORY, replace(STORY[0], amount=Money(1, Currency("USD")))]),
        lambda: replace(good, lines=(replace(STORY[0], unit_price=Money(1, Currency("USD"))), *STORY[1:])),
    ):
        with pytest.raises((InconsistentFacts, TypeError)):
            wrong()


def test_the_days_of_a_period_are_those_of_the_customers_calendar() -> None:
    period = Period(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC))
    assert BillingDays.of(period, "Europe/Berlin") == BillingDays(date(2026, 1, 1), date(2026, 1, 31))
