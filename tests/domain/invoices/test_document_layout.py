from itertools import combinations

import pytest

from domain.invoices.document import render_invoice, render_receipt
from domain.invoices.document_facts import DocumentLine
from domain.money import Currency, Money
from tests.domain.invoices.documents import EUR, invoice, naming, receipt
from tests.domain.invoices.pdf_text import Pdf, Run

LEFT, RIGHT, BOTTOM = 62.3, 56.6, 20.0  # the page's margins in points; the footer stands in the lower one
KERN = 1.0  # points by which neighbours in one line may be drawn together

LONG_TEXTS = [
    "W" * 400,
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen " * 3,
    "https://nordlicht.example/" + "a/b?c=" * 60,
    "Ж" * 90,
    "α" * 90,
    "lorem ipsum " * 300,
    "WWWWWWWW " * 40,
]


def assert_nothing_leaves_the_page_or_covers_other_text(pdf: Pdf) -> None:
    for run in pdf.runs:
        width, height = pdf.boxes[run.page]
        assert run.x >= LEFT and run.x + run.width <= width - RIGHT + 0.5, run
        assert BOTTOM <= run.y <= height - 50, run
    for page in range(len(pdf.boxes)):
        on_page = [run for run in pdf.runs if run.page == page and run.text.strip("\u200b ")]
        for one, other in combinations(on_page, 2):
            assert not _cover(one, other), (one, other)


def _cover(one: Run, other: Run) -> bool:
    beside = one.x + one.width <= other.x + KERN or other.x + other.width <= one.x + KERN
    above = abs(one.y - other.y) >= 0.6 * min(one.size, other.size)
    return not (beside or above)


def usage(count: int) -> list[DocumentLine]:
    return [
        DocumentLine(f"Requests in region {n}", Money(100 + n, EUR), None, 1_000 * n, Money(1, EUR))
        for n in range(count)
    ]


def test_two_hundred_lines_keep_their_header_and_count_their_pages() -> None:
    pdf = Pdf(render_invoice(invoice(usage(200)), "en"))
    text = pdf.text
    pages = len(pdf.boxes)
    assert pages > 3
    assert text.count("Description Qty Unit price Amount") == pages
    assert all(f"Page {page} of {pages}" in text for page in range(1, pages + 1))
    assert all(f"Requests in region {n} " in text for n in range(200))
    assert_nothing_leaves_the_page_or_covers_other_text(pdf)


def test_the_sums_are_never_torn_apart_by_a_page() -> None:
    for count in range(15, 35):
        pdf = Pdf(render_invoice(invoice(usage(count)), "en"))
        sums = [run.page for run in pdf.runs if run.text in ("Subtotal", "Credit applied", "Amount due")]
        assert len(sums) == 3 and len(set(sums)) == 1


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_long_words_and_texts_stay_in_their_column(text: str) -> None:
    assert_nothing_leaves_the_page_or_covers_other_text(Pdf(render_invoice(naming(text), "en")))


@pytest.mark.parametrize("locale", ["en", "de", "en_US", "de_CH", "fr", "ja", "ar"])
@pytest.mark.parametrize("code", ["EUR", "JPY", "CLF", "KWD"])
def test_the_largest_amounts_stay_in_their_column(code: str, locale: str) -> None:
    currency = Currency(code)
    line = DocumentLine(LONG_TEXTS[1], Money(10**14, currency), None, 10**12, Money(-(10**15), currency))
    assert_nothing_leaves_the_page_or_covers_other_text(Pdf(render_invoice(invoice([line] * 8), locale)))


def test_an_ordinary_word_is_never_broken() -> None:
    text = "Verbrauchsabrechnung Rechenzentrumsleistungen billing-department@nordlicht.example"
    printed = Pdf(render_invoice(naming(text), "en")).text
    assert all(word in printed for word in text.split())


def test_the_paper_is_that_of_the_readers_country() -> None:
    assert Pdf(render_receipt(receipt(), "en_US")).boxes == [[612.0, 792.0]]
    assert Pdf(render_receipt(receipt(), "en_GB")).boxes == [[595.2756, 841.8898]]
    assert Pdf(render_receipt(receipt(), "en")).boxes == [[595.2756, 841.8898]]
