"""What a reader of each language finds in a document, read back by a library that did not write it."""

import io
import re
import unicodedata
from dataclasses import replace

import pytest
from pypdf import PdfReader

from domain.invoices.document import render_credit_note, render_invoice, render_receipt
from domain.money import Currency, Money
from tests.domain.invoices.documents import credit_note, invoice, receipt, taxed, taxed_invoice
from tests.domain.invoices.pdf_text import Pdf

LANGUAGES = ("en", "de", "fr", "ja", "ar")
UNSEEN = {"Cf"}  # marks of direction


def words(pdf: bytes) -> list[str]:
    """The text in reading order, without marks that are not seen."""
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    shown = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) not in UNSEEN)
    return shown.split()


def said(pdf: bytes) -> str:
    return " ".join(words(pdf))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", ["Invoice", "Purchase order PO-7781/B", "Subtotal €1,601.47", "VAT 19% on €1,601.47 €304.28",
                "Total €1,905.75", "Amount due €1,900.75", "Unused time: Starter plan", "€120.00 before discount",
                "SPRING10: −€12.00", "Payable within 14 days"]),
        ("de", ["Rechnung", "Bestellnummer PO-7781/B", "Zwischensumme 1.601,47 €", "USt. 19 % auf 1.601,47 € 304,28 €",
                "Gesamtbetrag 1.905,75 €", "1.900,75 € fällig am 14. Februar 2026", "Nicht genutzte Zeit: Starter plan",
                "120,00 € vor Rabatt", "Zahlbar innerhalb von 14 Tagen"]),
        ("fr", ["Facture", "Bon de commande PO-7781/B", "Total hors taxes 1 601,47 €", "TVA 19 % sur 1 601,47 €",
                "1 900,75 € à payer au plus tard le 14 février 2026", "Période non utilisée : Starter plan",
                "Payable sous 14 jours"]),
        ("ja", ["請求書", "発注番号 PO-7781/B", "小計(税抜) €1,601.47", "VAT 19%(対象額 €1,601.47) €304.28",
                "合計 €1,905.75", "お支払期限 2026年2月14日", "未使用期間:Starter plan", "14日以内"]),
    ],
)  # fmt: skip
def test_an_invoice_is_written_in_the_language_of_its_buyer(locale: str, expected: list[str]) -> None:
    text = said(render_invoice(taxed_invoice(), locale))
    for phrase in expected:
        assert phrase in text, (phrase, text)


def test_an_arabic_invoice_is_written_from_right_to_left() -> None:
    pdf = render_invoice(taxed_invoice(), "ar")
    found = words(pdf)
    for word in ("فاتورة", "المستحق", "الإجمالي", "الضريبة", "المضافة", "فبراير", "NL-2026-000417"):
        assert any(word in each for each in found), word
    assert b"/Direction/R2L" in pdf
    runs = Pdf(pdf).runs
    width = Pdf(pdf).boxes[0][0]
    at = {run.text.strip(): run for run in runs}
    # The description stands at the right margin, the amounts at the left one.
    assert at["Onboarding"].x + at["Onboarding"].width > width - 70
    assert at["1,500.00"].x < 120
    # Of a word, the first letter is the rightmost; the symbol of a currency follows its number, so it is left of it.
    symbol = next(run for run in runs if "€" in run.text and abs(run.y - at["1,500.00"].y) < 1 and run.x < 70)
    assert symbol.x < at["1,500.00"].x
    minus = next(run for run in runs if "−" in run.text and "6.53" in run.text)
    assert minus.text.strip("\u200e ").startswith("−")


def test_arabic_letters_are_joined() -> None:
    """Isolated letters would be as many glyphs of other shapes: the same letter takes several forms in one word."""
    pdf = PdfReader(io.BytesIO(render_invoice(taxed_invoice(), "ar")))
    fonts = [font.get_object() for font in pdf.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]  # any object of a PDF may be none
    maps = [font["/ToUnicode"].get_object().get_data().decode() for font in fonts if "Amiri" in str(font["/BaseFont"])]
    lams = [line for each in maps for line in each.splitlines() if re.fullmatch(r"<[0-9A-F]{4}> <0644>", line)]
    assert len(lams) >= 3


@pytest.mark.parametrize(
    ("locale", "title", "phrases"),
    [
        ("en", "Credit note", ["Corrects invoice NL-2026-000417", "Deducted from the invoice €952.87",
                               "Refunded to the payment method €10.00", "Total credited €1,905.75"]),
        ("de", "Rechnungskorrektur", ["Zu Rechnung NL-2026-000417", "Korrekturbetrag 1.905,75 €"]),
        ("fr", "Avoir", ["Rectifie la facture NL-2026-000417", "Total de l’avoir 1 905,75 €"]),
        ("ja", "クレジットノート", ["対象の請求書 NL-2026-000417", "減額合計 €1,905.75"]),
    ],
)  # fmt: skip
def test_a_credit_note_names_the_invoice_and_where_its_amount_went(locale: str, title: str, phrases: list[str]) -> None:
    text = said(render_credit_note(credit_note(), locale))
    for phrase in (title, *phrases):
        assert phrase in text, (phrase, text)


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Reverse charge: the customer is liable for the VAT (Directive 2006/112/EC, art. 196"),
        ("de", "Steuerschuldnerschaft des Leistungsempfängers (Richtlinie 2006/112/EG, Art. 196"),
        ("fr", "Autoliquidation : la TVA est due par le preneur (directive 2006/112/CE, articles 196"),
        ("ja", "リバースチャージ(Reverse charge)"),
        ("ar", "Reverse charge"),
    ],
)
def test_a_reverse_charge_is_said_in_the_words_of_the_law(locale: str, sentence: str) -> None:
    assert sentence in said(render_invoice(taxed_invoice("reverse_charge", 0), locale))
    assert sentence in said(render_credit_note(credit_note("reverse_charge", 0), locale))
    assert sentence not in said(render_invoice(taxed_invoice(), locale))


def test_the_directive_is_named_only_within_the_union() -> None:
    facts = taxed_invoice("reverse_charge", 0)
    outside = replace(facts, buyer=replace(facts.buyer, country="AU"))
    text = said(render_invoice(outside, "en"))
    assert "Reverse charge: the customer is liable for the tax." in text
    assert "Directive" not in text


def test_prices_that_hold_their_tax_are_shown_with_it_and_add_up_to_the_total() -> None:
    text = said(render_invoice(taxed_invoice(included=True), "en"))
    for phrase in ("Amount incl. tax", "Onboarding 10 €150.00 19% €1,500.00", "Subtotal €1,345.77",
                   "VAT 19% on €1,345.77 €255.70", "Total €1,601.47"):  # fmt: skip
        assert phrase in text, text


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(("code", "digits"), [("JPY", "150,000"), ("KWD", "150.000"), ("EUR", "1,500.00")])
def test_amounts_have_the_digits_of_their_currency(locale: str, code: str, digits: str) -> None:
    currency = Currency(code)
    lines, tax = taxed(currency=currency)
    plain = invoice([replace(line, taxes=()) for line in lines], tax=0, credit=0)
    whole = tax.taxable + tax.amount
    facts = replace(plain, lines=lines, taxes=(tax,), total=whole, due=whole)
    spelled = {"de": digits.translate(str.maketrans(",.", ".,")), "fr": digits.translate(str.maketrans(",.", " ,"))}
    assert spelled.get(locale, digits) in said(render_invoice(facts, locale))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_document_exists_in_every_language(locale: str) -> None:
    titles = set()
    for pdf in (
        render_invoice(taxed_invoice(), locale), render_credit_note(credit_note(), locale),
        render_receipt(receipt([500]), locale),
    ):  # fmt: skip
        reader = PdfReader(io.BytesIO(pdf))
        assert reader.metadata is not None
        titles.add(reader.metadata.title)
        assert f"/Lang({locale})".encode() in pdf
        assert "{" not in said(pdf)
    assert len(titles) == 3


def test_a_name_in_another_script_is_printed_in_any_language() -> None:
    facts = taxed_invoice()
    for name in ("株式会社山田商店", "شركة النور للتجارة", "Ελένη Παπαδοπούλου"):
        text = said(render_invoice(replace(facts, buyer=replace(facts.buyer, name=name)), "en"))
        assert all(word in text for word in name.split())


def test_money_in_an_amount_of_nothing_is_still_money() -> None:
    assert "€0.00" in said(render_invoice(taxed_invoice("export", 0), "en"))
    assert Money(0, Currency("EUR")) == taxed("export", 0)[1].amount
