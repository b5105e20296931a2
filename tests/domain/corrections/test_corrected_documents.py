"""Documents that correct tax: a person reads both rates, and a machine finds nothing to complain about."""

import io

import pytest
from pypdf import PdfReader

from domain.invoices.credit_note_document import credit_note_pdf, credit_note_xml
from domain.invoices.explanation import TaxFormula, explain, explains
from domain.invoices.invoice_document import invoice_pdf, invoice_xml
from domain.invoices.line import lines_of
from domain.reactions.house import House
from tests.domain.corrections.correction_kit import bought, corrected, eur, german_shop, rate_is
from tests.domain.invoices.schematron import findings
from tests.tax_kit import TAX_IDS
from tests.world import World


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant with a VAT id of its own."""
    return await german_shop(house, TAX_IDS["DE"])


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.row("E6")
async def test_a_credit_note_of_tax_takes_the_old_rate_back_and_says_the_right_one(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    done = await corrected(shop, ada, of.id)
    assert done.credit_note is not None
    xml = (await credit_note_xml(shop.house.db, ada.id, done.credit_note)).decode()
    assert findings(xml) == []
    assert "<ram:GrandTotalAmount>0.30<" in xml
    said = text(await credit_note_pdf(shop.house.db, ada.id, done.credit_note))
    for phrase in ("VAT 19%", "VAT 16%", of.number, "The rate was wrong.", "€0.30"):
        assert phrase in said


@pytest.mark.row("E6")
async def test_an_adjustment_invoice_names_the_invoice_and_why(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 210_000)
    done = await corrected(shop, ada, of.id)
    assert done.adjustment is not None
    xml = (await invoice_xml(shop.house.db, ada.id, done.adjustment)).decode()
    assert findings(xml) == []
    assert f"<ram:IssuerAssignedID>{of.number}<" in xml
    said = text(await invoice_pdf(shop.house.db, ada.id, done.adjustment))
    for phrase in ("VAT 19%", "VAT 21%", of.number, "The rate was wrong.", "Total €0.20"):
        assert phrase in said
    (lines,) = (await lines_of(shop.house.db.primary, ada.id, [done.adjustment])).values()
    assert explains(lines)
    (only,) = explain(lines)
    assert [(step.formula, step.rate_ppm, step.evaluate()) for step in only.taxes] == [
        (TaxFormula.CORRECTED, 190_000, eur(-190)), (TaxFormula.CORRECTED, 210_000, eur(210)),
    ]  # fmt: skip
