"""A run over many customers: each invoice is corrected once, whatever dies on the way, and none is left out."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from pypdf import PdfReader

from domain.actor import Grant
from domain.corrections.tax_run import StartTaxRun, TaxScope, start_tax_run, tax_run
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.db import observers
from domain.fanout.tax_preview import tax_preview
from domain.fanout.taxed_invoices import Progress, invoices_taxed_in, progress_of, tax_by_rate
from domain.ids import TaxRateId, TaxRunId
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.invoice_document import invoice_pdf
from domain.ledger.period_close import ClosePeriod, close_period
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.domain.corrections.correction_kit import bought, corrected, eur, german_shop, rate_is, tax_payable
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, buyer, day, invoices_of, start, tell, until, wrong_rows
from tests.tax_kit import move, publish_rate, register, show_tax_id, vat
from tests.world import LONG_AGO, Someone, World, fresh, make_world

ALL_OF_GERMANY = TaxScope("DE", LONG_AGO, None)


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant whose rate is 19 %."""
    return await german_shop(house)


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


async def begun(shop: World, rate: TaxRateId | None = None) -> TaxRunId:
    """A run of finance over Germany, or over a rate's span."""
    country, since = ("DE", LONG_AGO) if rate is None else (None, None)
    command = StartTaxRun(rate, country, since, None, False, True, "The rate was wrong.")
    home, actor = shop.tenant.live_house, shop.staff(Grant.FINANCE)
    return (await perform(shop.house.db, start_tax_run, actor, home, command, fresh("run"))).outcome.run


async def worked(shop: World, house: House, *who: Someone) -> None:
    """All work that is due of the house and of these customers."""
    for customer in (shop.tenant.live_house, *(each.id for each in who)):
        await do_now(house, customer)


async def is_finished(shop: World, run: TaxRunId) -> bool:
    """Whether all is listed and nothing waits."""
    db = shop.house.db.primary
    return (await tax_run(db, shop.tenant.live_house, run)).listed_all and (await progress_of(db, run)).waiting == 0


@pytest.mark.row("E6")
@pytest.mark.parametrize("passes", range(0, 12, 2))
async def test_a_run_that_dies_anywhere_is_gone_on_with_and_corrects_each_invoice_once(
    shop: World, passes: int
) -> None:
    ada, one = await bought(shop)
    ben, two = await bought(shop)
    await rate_is(shop, 160_000)
    run = await begun(shop)
    with pytest.raises(Killed):
        async with killed_at("perform.committed" if passes % 4 else "perform.recorded", passes // 2):
            await worked(shop, shop.house, ada, ben)
    later = ahead(shop.house, LEASE_OVER)
    await worked(shop, later, ada, ben)
    assert await is_finished(shop, run)
    assert await progress_of(shop.house.db.primary, run) == Progress(0, 0, 2, 0, 0)
    for who, of in ((ada, one), (ben, two)):
        assert len((await credit_notes_of(shop.house.db.primary, who.id, [of.id]))[of.id]) == 1
        assert await tax_payable(shop, who) == 160
    assert await wrong_rows(shop, ada) == []


async def test_a_run_takes_only_the_span_of_its_rate(shop: World) -> None:
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, day(3, 2))
    wrong = await publish_rate(shop, vat("DE", 160_000, effective_from=day(2, 1)))
    await publish_rate(shop, vat("DE", 190_000, effective_from=day(3, 1)))
    run = await begun(shop, wrong.rate)
    await worked(shop, shop.house, ada)
    assert await progress_of(shop.house.db.primary, run) == Progress(0, 0, 1, 0, 0)
    assert await tax_payable(shop, ada) == 190 + 160 + 190


@pytest.mark.row("E6")
async def test_an_invoice_without_any_rate_is_found_when_one_should_have_applied(shop: World) -> None:
    ada = await buyer(shop)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")  # a business abroad accounts for the tax itself, so that no rate stood there
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    assert of.tax == eur(0)
    db, tenant = shop.house.db, shop.tenant.tenant
    assert (await tax_preview(db.primary, db.vault, tenant, ALL_OF_GERMANY, None, 100)).found == ()
    place = StateTaxPlace("DE", "", None, LONG_AGO, None)
    await perform(db, state_tax_place, shop.staff(Grant.FINANCE), ada.id, place, fresh("place"))
    (found,) = (await tax_preview(db.primary, db.vault, tenant, ALL_OF_GERMANY, None, 100)).found
    assert found.examined is not None
    assert (found.examined.charged, found.examined.should_be) == (eur(0), eur(190))
    run = await begun(shop)
    await worked(shop, shop.house, ada)
    assert await progress_of(db.primary, run) == Progress(0, 0, 0, 1, 0)
    report = await tax_by_rate(db.primary, tenant, LONG_AGO, day(12, 31), sandbox=True)
    assert [(each.treatment, each.rate_ppm, each.taxable, each.amount) for each in report] == [
        ("standard", 190_000, eur(1000), eur(190))
    ]
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_a_registration_that_is_found_to_have_held_earlier_taxes_what_went_out_without(house: House) -> None:
    shop = await make_world(house)
    await publish_rate(shop, vat("DE", 190_000))
    ada = await buyer(shop)
    await start(shop, ada)
    await register(shop, "DE")
    run = await begun(shop)
    await worked(shop, house, ada)
    assert await progress_of(house.db.primary, run) == Progress(0, 0, 0, 1, 0)
    assert await tax_payable(shop, ada) == 190
    (of, extra) = await invoices_of(shop, ada)
    assert "Total €1.90" in text(await invoice_pdf(house.db, ada.id, extra.id))
    assert (await corrected(shop, ada, of.id)).gross == eur(0)
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_what_cannot_be_corrected_is_told_and_holds_up_nothing_else(shop: World) -> None:
    march = datetime(2020, 3, 1, tzinfo=UTC)
    ada, ben = await buyer(shop, clock_at=march), await buyer(shop, clock_at=march)
    for who in (ada, ben):
        await start(shop, who)
    await until(shop, ben, datetime(2020, 4, 2, tzinfo=UTC))
    await rate_is(shop, 160_000)
    home, actor = shop.tenant.sandbox_house, shop.staff(Grant.FINANCE)
    await perform(shop.house.db, close_period, actor, home, ClosePeriod(march.date()), fresh("close"))
    run = await begun(shop)
    await worked(shop, shop.house, ada, ben)
    assert await progress_of(shop.house.db.primary, run) == Progress(0, 0, 2, 0, 1)
    assert await is_finished(shop, run)
    assert (await tax_payable(shop, ada), await tax_payable(shop, ben)) == (190, 320)


async def test_an_invoice_whose_payment_is_under_way_waits_for_its_outcome(shop: World) -> None:
    ada = await buyer(shop, "tok_bank")
    await start(shop, ada)
    (of,) = await invoices_of(shop, ada)
    await rate_is(shop, 160_000)
    run = await begun(shop)
    await worked(shop, shop.house, ada)
    assert await progress_of(shop.house.db.primary, run) == Progress(1, 0, 0, 0, 0)
    (attempt,) = await attempts_at(shop, ada, of.id)
    await tell(shop, ada, attempt.id, News.CAPTURED, captured=eur(1190))
    await worked(shop, ahead(shop.house, timedelta(hours=2)), ada)
    assert await progress_of(shop.house.db.primary, run) == Progress(0, 0, 1, 0, 0)
    assert await wrong_rows(shop, ada) == []


async def test_the_list_is_read_by_indexes_however_many_invoices_there_are(shop: World, owner_url: str) -> None:
    said: list[tuple[str, Sequence[object]]] = []

    def listen(sql: str, args: Sequence[object], _: object) -> None:
        said.append((sql, args))

    observers.append(listen)
    try:
        await invoices_taxed_in(shop.house.db.primary, shop.tenant.tenant, "DE", LONG_AGO, None, None, 100)
        await tax_by_rate(shop.house.db.primary, shop.tenant.tenant, day(1, 1), day(2, 1), sandbox=False)
    finally:
        observers.remove(listen)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("SET enable_seqscan = off")  # the tables of a test are too small for an index to pay
        plans = ["\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}", *args)) for sql, args in said]
    finally:
        await connection.close()
    listed, declared = plans
    assert "invoice_issued_idx" in listed and "invoice_issued_idx" in declared
    assert "credit_note_issued_idx" in declared
    assert "Seq Scan" not in listed + declared
