"""The tax of an issued invoice corrected: exactly the difference, once, whatever happened to the invoice before."""

import asyncio

import pytest

from domain.invoices.credit_note import credit_notes_of
from domain.invoices.invoice import invoice
from domain.reactions.house import House
from tests.domain.corrections.correction_kit import (
    bought,
    corrected,
    credited,
    eur,
    german_shop,
    rate_is,
    tax_payable,
)
from tests.lives import day, wrong_rows
from tests.tax_kit import register
from tests.world import World, fresh


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant, registered for VAT at home, whose rate is 19 %."""
    return await german_shop(house)


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


async def test_a_new_tax_number_is_no_reason_to_give_back_what_was_owed_under_the_old_one(shop: World) -> None:
    ada, of = await bought(shop)
    await register(shop, "DE", since=day(2, 1))
    done = await corrected(shop, ada, of.id)
    assert (done.credit_note, done.adjustment, done.tax) == (None, None, eur(0))
    assert await tax_payable(shop, ada) == 190
