"""The tax of an issued invoice corrected: exactly the difference, once, whatever happened to the invoice before."""

import asyncio
import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.customers.keep_tax_identity import WithdrawTaxIdentity, withdraw_tax_identity
from domain.customers.tax_identity import tax_identities
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.invoice import invoice
from domain.invoices.invoice_document import invoice_pdf, invoice_xml
from domain.invoices.manual_line import ManualLine
from domain.ledger.account import Account
from domain.payments.void_credit_note import VoidCreditNote, void_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.tax.decision import Rounding
from domain.tax.register import SetSellerTax, set_seller_tax
from tests.domain.corrections.correction_kit import (
    bought,
    corrected,
    credited,
    eur,
    german_shop,
    rate_is,
    tax_payable,
)
from tests.domain.invoices.bills import on
from tests.domain.invoices.schematron import findings
from tests.lives import buyer, by_finance, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.tax_kit import TAX_IDS, move, publish_rate, register, show_tax_id, vat
from tests.world import World, fresh

INCLUSIVE = ManualLine("Gross", 1, eur(1190), tax_inclusive=True)
EXCLUSIVE = ManualLine("Net", 1, eur(1000))


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant, registered for VAT at home, whose rate is 19 %."""
    return await german_shop(house, TAX_IDS["DE"])


@pytest.mark.row("E6")
async def test_too_much_tax_comes_back_as_a_credit_note_of_tax_and_only_once(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    done = await corrected(shop, ada, of.id)
    assert (done.tax, done.gross, done.adjustment) == (eur(-30), eur(-30), None)
    (note,) = (await credit_notes_of(shop.house.db.primary, ada.id, [of.id]))[of.id]
    assert (note.subtotal, note.tax, note.total, note.credited) == (eur(0), eur(30), eur(30), eur(30))
    assert await tax_payable(shop, ada) == 160
    again = await corrected(shop, ada, of.id)
    assert (again.credit_note, again.adjustment, again.gross) == (None, None, eur(0))
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_too_little_tax_is_charged_by_an_adjustment_invoice_that_is_collected(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 210_000)
    done = await corrected(shop, ada, of.id)
    assert done.adjustment is not None
    extra = await invoice(shop.house.db.primary, ada.id, done.adjustment)
    assert (extra.total, extra.tax, extra.state.name, extra.paid) == (eur(20), eur(20), "paid", eur(20))
    assert await tax_payable(shop, ada) == 210
    assert (await corrected(shop, ada, of.id)).adjustment is None
    assert await wrong_rows(shop, ada) == []


async def test_too_little_tax_that_the_seller_bears_is_recorded_and_asked_of_nobody(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 210_000)
    done = await corrected(shop, ada, of.id, collect=False)
    assert done.adjustment is not None
    extra = await invoice(shop.house.db.primary, ada.id, done.adjustment)
    assert (extra.state.name, extra.written_off, done.payment) == ("uncollectible", eur(20), None)
    assert await tax_payable(shop, ada) == 210
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_a_correction_is_corrected_by_the_next_version(shop: World) -> None:
    ada, of = await bought(shop)
    for ppm, gross in ((160_000, -30), (210_000, 50), (70_000, -140), (190_000, 120)):
        await rate_is(shop, ppm)
        assert (await corrected(shop, ada, of.id)).gross == eur(gross)
        assert await tax_payable(shop, ada) == ppm // 1000
        assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_only_what_credit_notes_left_of_a_charge_is_corrected_and_later_ones_take_the_right_tax(
    shop: World,
) -> None:
    ada, of = await bought(shop)
    await credited(shop, ada, of.id, 595)
    await rate_is(shop, 160_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(-15)
    assert await tax_payable(shop, ada) == 80
    await credited(shop, ada, of.id, 580)
    assert await tax_payable(shop, ada) == 0
    assert (await corrected(shop, ada, of.id)).gross == eur(0)
    await rate_is(shop, 210_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(0)
    assert await wrong_rows(shop, ada) == []


async def test_an_open_invoice_is_lowered_first_and_what_was_paid_can_be_refunded(shop: World) -> None:
    ada, owed = await bought(shop, "tok_insufficient_funds")
    ben, paid = await bought(shop)
    await rate_is(shop, 160_000)
    await corrected(shop, ada, owed.id, refund=True)
    of = await invoice(shop.house.db.primary, ada.id, owed.id)
    assert (of.due, of.noted, of.state.name) == (eur(1160), eur(30), "open")
    done = await corrected(shop, ben, paid.id, refund=True)
    assert len(done.refunds) == 1
    (note,) = (await credit_notes_of(shop.house.db.primary, ben.id, [paid.id]))[paid.id]
    assert (note.refunded, note.credited) == (eur(30), eur(0))
    assert await wrong_rows(shop, ben) == []


async def test_what_was_credited_in_full_has_no_tax_to_correct(shop: World) -> None:
    ada, of = await bought(shop)
    await credited(shop, ada, of.id, 1190)
    await rate_is(shop, 160_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(0)
    assert await tax_payable(shop, ada) == 0


@pytest.mark.row("E6")
async def test_twice_under_one_key_under_two_and_at_once_it_has_one_effect(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    key = fresh("fix")
    every = await asyncio.gather(*(corrected(shop, ada, of.id, key=each) for each in (key, key, fresh("fix"), None)))
    assert sorted(each.gross.minor for each in every) in ([-30, -30, 0, 0], [-30, 0, 0, 0])
    assert len((await credit_notes_of(shop.house.db.primary, ada.id, [of.id]))[of.id]) == 1
    assert await tax_payable(shop, ada) == 160
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_of_a_price_that_held_its_tax_the_gross_stays_and_the_net_moves(shop: World) -> None:
    ada = await buyer(shop)
    draft = await by_finance(shop, ada, create_invoice, CreateInvoice((INCLUSIVE, EXCLUSIVE), None, None))
    billed = await by_finance(shop, ada, finalize_draft, FinalizeDraft(draft.draft))
    assert (billed.total, await tax_payable(shop, ada)) == (eur(2380), 380)
    db, owed = shop.house.db.primary, 2380
    for ppm, gross, payable in ((160_000, -30, 164 + 160), (210_000, 50, 207 + 210)):
        await rate_is(shop, ppm)
        done = await corrected(shop, ada, billed.invoice)
        assert (done.gross, await tax_payable(shop, ada)) == (eur(gross), payable)
        owed += gross
        assert await on(db, ada.id, Account.REVENUE) == owed - payable
        assert await wrong_rows(shop, ada) == []
    await credited(shop, ada, billed.invoice, 2400)
    assert await tax_payable(shop, ada) == 0
    assert await on(db, ada.id, Account.REVENUE) == 0
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_where_only_inclusive_prices_are_wrong_a_document_of_nothing_says_so(shop: World) -> None:
    ada = await buyer(shop)
    draft = await by_finance(shop, ada, create_invoice, CreateInvoice((INCLUSIVE,), None, None))
    billed = await by_finance(shop, ada, finalize_draft, FinalizeDraft(draft.draft))
    await rate_is(shop, 160_000)
    done = await corrected(shop, ada, billed.invoice)
    assert done.adjustment is not None
    extra = await invoice(shop.house.db.primary, ada.id, done.adjustment)
    assert (extra.total, extra.tax, extra.subtotal, extra.state.name) == (eur(0), eur(-26), eur(26), "paid")
    assert await tax_payable(shop, ada) == 164
    assert findings((await invoice_xml(shop.house.db, ada.id, extra.id)).decode()) == []
    assert (await corrected(shop, ada, billed.invoice)).adjustment is None
    assert await wrong_rows(shop, ada) == []


async def test_by_invoice_the_tax_is_rounded_once_as_it_should_have_been(shop: World) -> None:
    command = SetSellerTax("", Rounding.INVOICE)
    actor, home = shop.staff(Grant.FINANCE), shop.tenant.sandbox_house
    await perform(shop.house.db, set_seller_tax, actor, home, command, fresh("seller"))
    ada = await buyer(shop)
    lines = tuple(replace(EXCLUSIVE, unit_amount=eur(103)) for _ in range(3))
    draft = await by_finance(shop, ada, create_invoice, CreateInvoice(lines, None, None))
    billed = await by_finance(shop, ada, finalize_draft, FinalizeDraft(draft.draft))
    assert await tax_payable(shop, ada) == 59
    await rate_is(shop, 160_000)
    assert (await corrected(shop, ada, billed.invoice)).gross == eur(49 - 59)
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_who_moved_in_the_middle_of_a_cycle_is_taxed_where_it_was_from_then_on(shop: World) -> None:
    await publish_rate(shop, vat("AT", 200_000))
    await register(shop, "AT")
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, day(2, 2))
    january, february = await invoices_of(shop, ada)
    place = StateTaxPlace("AT", "", None, day(1, 15), None)
    await perform(shop.house.db, state_tax_place, shop.staff(Grant.FINANCE), ada.id, place, fresh("place"))
    assert (await corrected(shop, ada, january.id)).gross == eur(0)
    done = await corrected(shop, ada, february.id)
    assert (done.gross, done.adjustment is not None) == (eur(10), True)
    assert await tax_payable(shop, ada) == 190 + 200
    assert await wrong_rows(shop, ada) == []


async def test_an_invoice_that_is_void_takes_its_adjustments_with_it(shop: World) -> None:
    ada, of = await bought(shop, "tok_insufficient_funds")
    await rate_is(shop, 210_000)
    done = await corrected(shop, ada, of.id)
    assert done.adjustment is not None
    await rate_is(shop, 160_000)
    assert (await corrected(shop, ada, of.id)).gross == eur(-50)
    await until(shop, ada, day(1, 3))  # a first invoice that nobody pays is void after 23 hours
    db = shop.house.db.primary
    assert [(await invoice(db, ada.id, id)).state.name for id in (of.id, done.adjustment)] == ["void", "void"]
    assert await tax_payable(shop, ada) == 0
    assert (await corrected(shop, ada, of.id)).gross == eur(0)
    assert await wrong_rows(shop, ada) == []


async def test_a_correction_that_is_taken_back_is_due_again(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    done = await corrected(shop, ada, of.id)
    assert done.credit_note is not None
    await by_finance(shop, ada, void_credit_note, VoidCreditNote(done.credit_note))
    assert await tax_payable(shop, ada) == 190
    assert await wrong_rows(shop, ada) == []
    assert (await corrected(shop, ada, of.id)).gross == eur(-30)
    assert await tax_payable(shop, ada) == 160
    assert await wrong_rows(shop, ada) == []


async def test_a_change_of_plan_gives_back_the_corrected_tax(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    await corrected(shop, ada, of.id)
    await until(shop, ada, day(1, 11, 18))
    own = await subscription_of(shop, ada)
    await shop.do(ada, change_plan, ChangePlan(own.id, shop.prices["team"]))
    _, change = await invoices_of(shop, ada)
    assert (change.subtotal, change.tax) == (eur(1306 - 653), eur(209 - 104))
    assert await tax_payable(shop, ada) == 160 + 209 - 104
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E7")
async def test_a_document_says_the_tax_id_of_its_day_whatever_became_of_it_since(shop: World) -> None:
    ada = await buyer(shop)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    (own,) = await tax_identities(shop.house.db.primary, ada.id)
    await shop.do(ada, withdraw_tax_identity, WithdrawTaxIdentity(own.id))
    await move(shop, ada, "DE")
    xml = (await invoice_xml(shop.house.db, ada.id, of.id)).decode()
    assert TAX_IDS["FR"] in xml
    assert "VATEX-EU-AE" in xml
    said = " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(await invoice_pdf(shop.house.db, ada.id, of.id))).pages
    )
    assert TAX_IDS["FR"] in said
    assert "Reverse charge" in said


async def test_a_new_tax_number_is_no_reason_to_give_back_what_was_owed_under_the_old_one(shop: World) -> None:
    ada, of = await bought(shop)
    await register(shop, "DE", since=day(2, 1))
    done = await corrected(shop, ada, of.id)
    assert (done.credit_note, done.adjustment, done.tax) == (None, None, eur(0))
    assert await tax_payable(shop, ada) == 190
