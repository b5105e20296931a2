"""Corrections that meet each other, or the end of the invoice that they correct: nothing is corrected or paid twice."""

import asyncio

import pytest

from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.fanout.taxed_invoices import progress_of
from domain.ids import InvoiceId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.manual_line import ManualLine
from domain.ledger.account import Account
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from tests.domain.corrections.correction_kit import bought, corrected, eur, german_shop, rate_is, tax_payable
from tests.domain.corrections.test_tax_runs import begun, is_finished, worked
from tests.domain.invoices.bills import credit, now, on
from tests.interruptions import LEASE_OVER, ahead
from tests.lives import attempts_at, buyer, by_finance, tell, wrong_rows
from tests.world import Someone, World, fresh


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant whose rate is 19 %."""
    return await german_shop(house)


async def owed(shop: World, token: str) -> tuple[Someone, InvoiceId]:
    """An invoice of staff over 10.00 and 1.90, charged to the token."""
    ada = await buyer(shop, token)
    draft = await by_finance(shop, ada, create_invoice, CreateInvoice((ManualLine("Net", 1, eur(1000)),), None, None))
    return ada, (await by_finance(shop, ada, finalize_draft, FinalizeDraft(draft.draft))).invoice


async def void(shop: World, of: Someone, id: InvoiceId) -> None:
    command, actor = VoidInvoice(id, "Nobody ordered it.", False), shop.staff(Grant.LEAD)
    await perform(shop.house.db, void_invoice, actor, of.id, command, fresh("void"))


@pytest.mark.row("E6")
@pytest.mark.row("E9")
async def test_a_void_invoice_gives_back_what_was_paid_of_its_adjustment(shop: World) -> None:
    ada, id = await owed(shop, "tok_insufficient_funds_times_1")
    await rate_is(shop, 210_000)
    adjustment = (await corrected(shop, ada, id)).adjustment
    assert adjustment is not None
    assert [(await now(shop, ada, each)).state.name for each in (id, adjustment)] == ["open", "paid"]
    await void(shop, ada, id)
    assert ((await now(shop, ada, id)).state.name, await credit(shop, ada)) == ("void", 20)
    assert (await tax_payable(shop, ada), await on(shop.house.db.primary, ada.id, Account.REVENUE)) == (0, 0)
    assert (await corrected(shop, ada, id)).gross == eur(0)
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E9")
async def test_an_invoice_is_not_void_while_a_payment_of_its_adjustment_may_succeed(shop: World) -> None:
    ada, id = await owed(shop, "tok_bank")
    (first,) = await attempts_at(shop, ada, id)
    await tell(shop, ada, first.id, News.DECLINED)
    await rate_is(shop, 210_000)
    adjustment = (await corrected(shop, ada, id)).adjustment
    assert adjustment is not None
    (attempt,) = await attempts_at(shop, ada, adjustment)
    assert attempt.is_open
    with pytest.raises(Refused) as refusal:
        await void(shop, ada, id)
    assert refusal.value.code is RefusalCode.PAYMENT_IN_PROGRESS
    await tell(shop, ada, attempt.id, News.CAPTURED, captured=eur(20))
    await void(shop, ada, id)
    assert await credit(shop, ada) == 20
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_two_runs_and_staff_who_correct_one_invoice_at_once_correct_it_once(shop: World) -> None:
    ada, of = await bought(shop)
    await rate_is(shop, 160_000)
    runs = [await begun(shop), await begun(shop)]
    await worked(shop, shop.house)  # both have listed it
    await asyncio.gather(worked(shop, shop.house, ada), corrected(shop, ada, of.id), worked(shop, shop.house, ada))
    await worked(shop, ahead(shop.house, LEASE_OVER), ada)
    assert [await is_finished(shop, run) for run in runs] == [True, True]
    told = [await progress_of(shop.house.db.primary, run) for run in runs]
    assert sum(each.credited for each in told) <= 1 == (told[0].credited + told[0].nothing)
    assert len((await credit_notes_of(shop.house.db.primary, ada.id, [of.id]))[of.id]) == 1
    assert await tax_payable(shop, ada) == 160
    assert await wrong_rows(shop, ada) == []
