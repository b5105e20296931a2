"""Documents that were issued stay as they are: each version of their presentation is held by what it printed."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

import pytest

from domain.invoices.document import render_credit_note, render_invoice, render_receipt
from domain.invoices.document_facts import CreditNoteFacts, InvoiceFacts, ReceiptFacts
from domain.invoices.presentation import CURRENT, presentation
from domain.invoices.typesetting import UnknownLocale
from domain.money import Money
from tests.domain.invoices.documents import credit_note, invoice, mixed_invoice, receipt, taxed_invoice
from tests.domain.invoices.pdf_text import Pdf

Facts = TypeVar("Facts", InvoiceFacts, CreditNoteFacts, ReceiptFacts)


def plain() -> InvoiceFacts:
    """An invoice of before there were taxes, with unused time."""
    facts = invoice(tax=0)
    lines = (facts.lines[0], replace(facts.lines[1], text="Starter plan", unused=True), facts.lines[2])
    return replace(facts, lines=lines)


def paid(facts: InvoiceFacts) -> ReceiptFacts:
    """The receipt of all that the invoice asks for."""
    return replace(receipt([2500]), lines=facts.lines, taxes=facts.taxes, total=facts.total, paid=facts.due)


def back(facts: InvoiceFacts) -> CreditNoteFacts:
    """The credit note of the whole invoice while it is unpaid."""
    nothing = Money(0, facts.currency)
    return replace(
        credit_note(), lines=facts.lines, taxes=facts.taxes, total=facts.total, reduced=facts.total, refunded=nothing,
        credited=nothing, out_of_band=nothing,
    )  # fmt: skip


def registered(facts: Facts) -> Facts:
    """The same from a seller that stands in a public register."""
    return replace(facts, seller=replace(facts.seller, register="HRB 12345 B, Amtsgericht Charlottenburg"))


RENDERED: dict[tuple[int, str], Callable[[str, int], bytes]] = {
    (1, "invoice"): lambda locale, version: render_invoice(plain(), locale, version),
    (1, "receipt"): lambda locale, version: render_receipt(paid(plain()), locale, version),
    (2, "invoice"): lambda locale, version: render_invoice(taxed_invoice(), locale, version, "<e-invoice/>"),
    (2, "credit note"): lambda locale, version: render_credit_note(credit_note(), locale, version),
    (2, "receipt"): lambda locale, version: render_receipt(paid(taxed_invoice()), locale, version),
    (3, "invoice"): lambda locale, version: render_invoice(registered(taxed_invoice()), locale, version),
    (3, "credit note"): lambda locale, version: render_credit_note(registered(credit_note()), locale, version),
    (3, "receipt"): lambda locale, version: render_receipt(registered(paid(taxed_invoice())), locale, version),
    (3, "mixed"): lambda locale, version: render_invoice(mixed_invoice(), locale, version),
    (4, "invoice"): lambda locale, version: render_invoice(registered(mixed_invoice()), locale, version),
    (4, "credit note"): lambda locale, version: render_credit_note(back(mixed_invoice()), locale, version),
    (4, "receipt"): lambda locale, version: render_receipt(paid(mixed_invoice()), locale, version),
    (4, "reverse charge"): lambda locale, version: render_invoice(mixed_invoice("reverse_charge", 0), locale, version),
}


def digest(kind: str, locale: str, version: int) -> str:
    return sha256(RENDERED[version, kind](locale, version)).hexdigest()[:32]


# The first half of each SHA-256. One that differs means that an issued document would: undo it, or add a version.
FIRST = {
    ("invoice", "en"): "624c32dbf0f841b28ad5017dcdb26aed",
    ("invoice", "de"): "e8266d37115f1bc4e75b2c12f6e89629",
    ("invoice", "en_US"): "82c14888576c7cf1dee2c76602fbe2b3",
    ("receipt", "en"): "b53729d0fa4f1cbaeff74b770c88e450",
    ("receipt", "de"): "3492e72e8e7c09308397fa42a2fa4f3f",
    ("receipt", "en_US"): "d9d189d8cfe00307388a58ce04009f22",
}
SECOND = {
    ("invoice", "en"): "d869103d8a92a1d4a5e290b5b7537f09",
    ("invoice", "de"): "86e405d94264f8b38b69244f01c29597",
    ("invoice", "fr"): "07218697aa1373ad789549bb7d59ca15",
    ("invoice", "ja"): "8a7bddb08b6c8455eea765fa6d420713",
    ("invoice", "ar"): "cf53011ba08a813145e03ad0ebc1cde8",
    ("credit note", "en"): "25a4865fbb1a9b03abd61e7327b3e6b3",
    ("credit note", "de"): "ccbf3fcca2b732284cf65787943cfae7",
    ("credit note", "fr"): "c3a03468cccbc72771f8e9223f37f454",
    ("credit note", "ja"): "8e9d0cf96d3e6317ab6d024803c9640c",
    ("credit note", "ar"): "06eab904a47cda60a00fa547091cdcfe",
    ("receipt", "en"): "79525601e6efcd3982705b40c9d8cbdc",
    ("receipt", "de"): "e1ba6bac4effddc61e2c4761a1b10c20",
    ("receipt", "fr"): "f2e5f8e56ec6e3753e9335e2a34a9d69",
    ("receipt", "ja"): "aa581bae0ff4916681683359e9895324",
    ("receipt", "ar"): "46bfeac6912df578c7c3ff9077cc3b43",
}
THIRD = {
    ("mixed", "en"): "ac87c27e71c7d82cc754f6c13fb38ca3",
    ("invoice", "en"): "fce6017128bc41a034f2db59d306283b",
    ("invoice", "de"): "6e0c2ce68ebdf8a9fb8059f9c5e74bfc",
    ("invoice", "fr"): "62782e7a379eb70722bef2fe791e7167",
    ("invoice", "ja"): "73b5b21dd26e0d09b8f4bb4ae04acc2d",
    ("invoice", "ar"): "20f9db865510e1f7bb96adfee7bc4ddc",
    ("credit note", "en"): "d36df16b245abc7c5640fa92d2da1327",
    ("credit note", "de"): "af172534e0ca12fb77003febc00e7737",
    ("receipt", "en"): "d94d54676cf591d4df174a5fce2508aa",
    ("receipt", "de"): "f8db3055c662e007dc5be36a241df572",
}
FOURTH = {
    ("invoice", "en"): "122bdf05914f35850c2555375b9ee796",
    ("invoice", "de"): "8918c311fabe27663658f3eba551c532",
    ("invoice", "ja"): "87204c2b9e78a11a65cb20870c56f931",
    ("invoice", "ar"): "97e197d37293957fde5647f28576cba3",
    ("credit note", "en"): "62309d2b0971cb737a46aedd7f8024ad",
    ("credit note", "de"): "d9fd19e1f2480d7d04483923a7c096b1",
    ("credit note", "ja"): "9c40ad345a4edba6b9d4b6639f5c6f0e",
    ("credit note", "ar"): "feb0d436a600cd08a9dad8f340c94b95",
    ("receipt", "en"): "f07337cf5f09196bb93954178ff29745",
    ("receipt", "ja"): "4eb1f8e0edca1947539cf6314792fdb5",
    ("reverse charge", "en"): "40aa6c2854c1de45c506383dbce9683f",
    ("reverse charge", "de"): "ecd4940063b1a999e5cf4606602c02a1",
    ("reverse charge", "ja"): "c40fd4133321d154559c5cf8ca0e72f0",
    ("reverse charge", "ar"): "0814069a04371dd81fd7accc895cfb72",
}


@pytest.mark.row("E12")
@pytest.mark.parametrize(("kind", "locale"), FIRST)
def test_a_document_of_the_first_version_looks_as_it_was_issued(kind: str, locale: str) -> None:
    assert digest(kind, locale, 1) == FIRST[kind, locale]


@pytest.mark.row("E12")
@pytest.mark.parametrize(("kind", "locale"), SECOND)
def test_a_document_of_the_second_version_looks_as_it_was_issued(kind: str, locale: str) -> None:
    assert digest(kind, locale, 2) == SECOND[kind, locale]


@pytest.mark.row("E12")
@pytest.mark.parametrize(("kind", "locale"), THIRD)
def test_a_document_of_the_third_version_looks_as_it_was_issued(kind: str, locale: str) -> None:
    assert digest(kind, locale, 3) == THIRD[kind, locale]


@pytest.mark.row("E12")
@pytest.mark.parametrize(("kind", "locale"), FOURTH)
def test_a_document_of_the_fourth_version_looks_as_it_was_issued(kind: str, locale: str) -> None:
    assert digest(kind, locale, 4) == FOURTH[kind, locale]


def test_prices_with_and_without_their_tax_stand_on_one_document_without_it() -> None:
    said = Pdf(render_invoice(mixed_invoice(), "en", 4)).text
    assert said.count("€100.84 before discount") == said.count("SPRING10: −€10.08") == 1
    assert said.count("€120.00 before discount") == said.count("SPRING10: −€12.00") == 1
    assert "Amount excl. tax" in said and "€90.76" in said
    untaxed = Pdf(render_invoice(mixed_invoice("reverse_charge", 0), "en", 4)).text
    assert untaxed.count("€15.00") == 2  # what holds no tax is the same with it
    before = Pdf(render_invoice(mixed_invoice(), "en", 3)).text
    assert before.count("€120.00 before discount") == 2 and "excl. tax" not in before


def test_a_version_says_only_what_it_had_words_for() -> None:
    with pytest.raises(UnknownLocale):
        render_invoice(plain(), "ja", 1)
    with pytest.raises(LookupError):
        presentation(CURRENT + 1)
    assert render_invoice(plain(), "en", 1) != render_invoice(plain(), "en", 2)
    named = registered(taxed_invoice())
    assert render_invoice(named, "en", 2) == render_invoice(taxed_invoice(), "en", 2)
    assert "Registered: HRB 12345 B" in Pdf(render_invoice(named, "en", 3)).text
