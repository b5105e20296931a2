"""Corrections of tax whose document is void: as if they had never been, so that the tax can be corrected again."""

import pytest

from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.fanout.taxed_invoices import tax_by_rate
from domain.ids import CreditNoteId, InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.invoice import Invoice
from domain.invoices.line import lines_of
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.reactions.house import House
from tests.domain.corrections.correction_kit import corrected, eur, german_shop, rate_is
from tests.lives import buyer, by_finance, day, invoices_of, start, wrong_rows
from tests.tax_kit import publish_rate, register, vat
from tests.world import Someone, World, make_world

Report = list[tuple[int, int, int]]


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant, registered for VAT at home, whose rate is 19 %."""
    return await german_shop(house)


async def on_account(shop: World) -> tuple[Someone, Invoice]:
    """A customer that pays by invoice, and its first one of 10.00 without tax."""
    ada = await buyer(shop)
    await by_finance(shop, ada, set_billing_terms, SetBillingTerms(30, None))
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    return ada, of


async def report(shop: World) -> Report:
    """What is to be declared: of each rate how much it is on and how much it is."""
    ever = day(1, 1, year=2020), day(1, 1, year=2040)
    found = await tax_by_rate(shop.house.db.primary, shop.tenant.tenant, *ever, sandbox=True)
    return sorted((each.rate_ppm, each.taxable.minor, each.amount.minor) for each in found)


async def take_back(shop: World, of: Someone, document: InvoiceId | CreditNoteId | None) -> None:
    """The document of a correction is void."""
    assert document is not None
    if isinstance(document, InvoiceId):
        await by_finance(shop, of, void_invoice, VoidInvoice(document, "By mistake.", replace=False))
    else:
        await by_finance(shop, of, void_credit_note, VoidCreditNote(document))
    assert await wrong_rows(shop, of) == []


@pytest.mark.row("E6")
@pytest.mark.parametrize("ppm", [210_000, 160_000])
async def test_a_correction_that_was_void_is_made_again_as_it_was(shop: World, ppm: int) -> None:
    ada, of = await on_account(shop)
    before = await report(shop)
    await rate_is(shop, ppm)
    first = await corrected(shop, ada, of.id)
    right = await report(shop)
    assert right == [(ppm, 1000, ppm // 1000)]
    assert first.gross.minor == (ppm - 190_000) // 1000
    await take_back(shop, ada, first.adjustment or first.credit_note)
    assert await report(shop) == before
    again = await corrected(shop, ada, of.id)
    assert (again.tax, again.gross) == (first.tax, first.gross)
    assert await report(shop) == right
    if again.adjustment:
        (line,) = (await lines_of(shop.house.db.primary, ada.id, [again.adjustment]))[again.adjustment]
        assert [part.amount.minor for part in line.components] == [-190, ppm // 1000]
    assert (await corrected(shop, ada, of.id)).number is None
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_what_bore_no_tax_at_first_is_corrected_again_after_its_adjustment_was_void(house: House) -> None:
    shop = await make_world(house)
    await publish_rate(shop, vat("DE", 190_000))
    ada, of = await on_account(shop)
    assert of.tax == eur(0)
    await register(shop, "DE")
    first = await corrected(shop, ada, of.id)
    right = await report(shop)
    assert first.gross == eur(190)
    await take_back(shop, ada, first.adjustment)
    again = await corrected(shop, ada, of.id)
    assert (again.gross, await report(shop)) == (eur(190), right)
    assert (await corrected(shop, ada, of.id)).number is None


@pytest.mark.row("E6")
async def test_a_rate_that_changed_between_leaves_nothing_of_the_void_one(shop: World) -> None:
    ada, of = await on_account(shop)
    await rate_is(shop, 210_000)
    await take_back(shop, ada, (await corrected(shop, ada, of.id)).adjustment)
    await rate_is(shop, 250_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(60)
    assert await report(shop) == [(250_000, 1000, 250)]


@pytest.mark.row("E6")
async def test_under_a_void_correction_the_one_before_stands(shop: World) -> None:
    ada, of = await on_account(shop)
    await rate_is(shop, 210_000)
    await corrected(shop, ada, of.id)
    stands = await report(shop)
    await rate_is(shop, 250_000)
    second = await corrected(shop, ada, of.id)
    await take_back(shop, ada, second.adjustment)
    assert await report(shop) == stands
    await rate_is(shop, 210_000)
    assert (await corrected(shop, ada, of.id)).number is None
    await rate_is(shop, 230_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(20)
    assert [row for row in await report(shop) if row[1] or row[2]] == [(230_000, 1000, 230)]
