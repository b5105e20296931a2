"""Tax through the life of an invoice: posted apart from revenue, given back together with it, exactly."""

import pytest

from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.invoices.line import Line, lines_of
from domain.invoices.reductions import taxes_of
from domain.invoices.taxing import decisions_of
from domain.ledger.account import Account
from domain.payments.note_parts import NoteLine
from domain.payments.payment import payments_of
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.reconciliation.verify import verify_shard
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.tax.decide import decide
from tests.catalog_kit import by_admin, half_off
from tests.domain.invoices.bills import credit, eur, note, now, on
from tests.lives import buyer, day, give_back, invoices_of, start, subscription_of, tell, until, wrong_rows
from tests.tax_kit import move, publish_rate, register, show_tax_id, vat
from tests.world import Someone, World, fresh, make_world


@pytest.fixture(scope="module")
async def taxed(house: House) -> World:
    """A tenant registered in Germany and in Austria: 19 % and 20 %."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await publish_rate(own, vat("AT", 200_000))
    await register(own, "DE")
    await register(own, "AT")
    return own


async def accounts(world: World, of: Someone) -> list[int]:
    """Receivable, revenue and tax, each on its normal side."""
    db = world.house.db.primary
    return [await on(db, of.id, each) for each in (Account.RECEIVABLE, Account.REVENUE, Account.TAX_PAYABLE)]


async def lines(world: World, of: Someone) -> list[Line]:
    """All lines of the customer's invoices, oldest first."""
    found = await lines_of(world.house.db.primary, of.id, [each.id for each in await invoices_of(world, of)])
    return [line for own in found.values() for line in own]


@pytest.mark.row("E1")
@pytest.mark.row("E3")
async def test_tax_is_charged_on_top_and_posted_apart_from_revenue(taxed: World) -> None:
    ada = await buyer(taxed)
    started = await start(taxed, ada)
    billed = await now(taxed, ada, started.invoice)
    assert (billed.subtotal, billed.tax, billed.total, billed.state.name) == (eur(1000), eur(190), eur(1190), "paid")
    assert await accounts(taxed, ada) == [0, 1000, 190]
    (sum_of,) = (await taxes_of(taxed.house.db.primary, ada.id, [billed.id]))[billed.id]
    assert (sum_of.rate_ppm, sum_of.taxable, sum_of.amount) == (190_000, eur(1000), eur(190))
    assert await wrong_rows(taxed, ada) == []


@pytest.mark.row("E4")
async def test_the_decision_is_kept_with_all_it_was_made_from_and_can_be_made_again(taxed: World) -> None:
    ada = await buyer(taxed)
    started = await start(taxed, ada)
    kept = (await decisions_of(taxed.house.db.primary, ada.id, [started.invoice]))[started.invoice]
    assert decide(kept.question) == kept.decision
    assert kept.decision.summary[0].amount == eur(190)
    stored = await taxed.house.db.primary.fetchval(
        "SELECT question::text FROM tax_decision WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    assert "Name of" not in stored and "Test Street" not in stored and str(ada.id) not in stored


async def test_a_business_abroad_accounts_for_the_tax_itself(taxed: World) -> None:
    ada = await buyer(taxed)
    await move(taxed, ada, "FR")
    await show_tax_id(taxed, ada, "FR")
    started = await start(taxed, ada)
    assert started.total == eur(1000)
    (line,) = await lines(taxed, ada)
    assert [(part.treatment, part.amount.minor) for part in line.components] == [("reverse_charge", 0)]
    kept = (await decisions_of(taxed.house.db.primary, ada.id, [started.invoice]))[started.invoice]
    assert "reverse_charge" in kept.decision.notes


async def test_a_coupon_reduces_what_is_taxed(taxed: World) -> None:
    ada, coupon = await buyer(taxed), half_off()
    await by_admin(taxed, publish_coupon, coupon)
    await taxed.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    assert (await start(taxed, ada)).total == eur(595)
    assert await accounts(taxed, ada) == [0, 500, 95]


@pytest.mark.row("J7")
async def test_refunds_in_parts_give_back_exactly_the_tax_that_was_charged(taxed: World) -> None:
    ada = await buyer(taxed)
    started = await start(taxed, ada)
    (payment,) = await payments_of(taxed.house.db.primary, ada.id, started.invoice)
    for part in (1, 397, 333, 459):
        await give_back(taxed, ada, payment.id, eur(part))
        assert await wrong_rows(taxed, ada) == []
    assert await accounts(taxed, ada) == [0, 0, 0]


async def test_a_late_failed_refund_leaves_the_tax_given_back_and_the_money_as_credit(taxed: World) -> None:
    ada = await buyer(taxed, "tok_refund_refused")
    started = await start(taxed, ada)
    (payment,) = await payments_of(taxed.house.db.primary, ada.id, started.invoice)
    await give_back(taxed, ada, payment.id, eur(1190))
    assert (await accounts(taxed, ada), await credit(taxed, ada)) == ([0, 0, 0], 1190)
    assert await wrong_rows(taxed, ada) == []


@pytest.mark.row("E6")
async def test_a_change_after_a_move_gives_the_old_tax_back_and_charges_the_new_one(taxed: World) -> None:
    ada = await buyer(taxed)
    await start(taxed, ada)
    await until(taxed, ada, day(1, 11, 18))
    await move(taxed, ada, "AT")
    of = await subscription_of(taxed, ada)
    await taxed.do(ada, change_plan, ChangePlan(of.id, taxed.prices["team"]))
    first, unused, charge = await lines(taxed, ada)
    assert (unused.amount, unused.tax, unused.components[0].rate_ppm) == (eur(-653), eur(-124), 190_000)
    assert (charge.amount, charge.tax, charge.components[0].rate_ppm) == (eur(1306), eur(261), 200_000)
    assert (first.given_back, first.components[0].given_back) == (eur(653), eur(124))
    assert await wrong_rows(taxed, ada) == []


async def test_a_discarded_change_leaves_the_old_charge_whole(taxed: World) -> None:
    ada = await buyer(taxed)
    await start(taxed, ada)
    await taxed.card(ada, "tok_insufficient_funds")
    await until(taxed, ada, day(1, 11, 18))
    of = await subscription_of(taxed, ada)
    await taxed.do(ada, change_plan, ChangePlan(of.id, taxed.prices["team"]))
    first, *_ = await lines(taxed, ada)
    assert (first.given_back, first.components[0].given_back) == (eur(0), eur(0))
    assert await accounts(taxed, ada) == [0, 1000, 190]
    assert await wrong_rows(taxed, ada) == []


async def test_a_change_that_is_paid_too_late_is_credited_with_its_tax_and_counts_as_never_made(taxed: World) -> None:
    ada = await buyer(taxed)
    await start(taxed, ada)
    await taxed.card(ada, "tok_bank_held")
    await until(taxed, ada, day(1, 11, 18))
    of = await subscription_of(taxed, ada)
    changing = (await taxed.do(ada, change_plan, ChangePlan(of.id, taxed.prices["team"]))).outcome
    await until(taxed, ada, day(2, 1, 3))
    await tell(taxed, ada, changing.payment, News.CAPTURED, captured=changing.due)
    first, *_ = await lines(taxed, ada)
    assert (first.given_back, first.components[0].given_back) == (eur(0), eur(0))
    assert await credit(taxed, ada) in (changing.due.minor, 0)  # or the renewal has used it up
    assert await wrong_rows(taxed, ada) == []


async def test_a_credit_note_over_a_taxed_line_counts_before_tax(taxed: World) -> None:
    ada = await buyer(taxed)
    started = await start(taxed, ada)
    issued = await note(taxed, ada, started.invoice, lines=(NoteLine(1, eur(500)),), credit=595)
    assert (issued.total, issued.tax) == (eur(595), eur(95))
    assert await accounts(taxed, ada) == [0, 500, 95]


async def test_a_preview_says_the_tax_that_is_charged(taxed: World) -> None:
    ada, command = await buyer(taxed), StartSubscription(taxed.prices["starter"], 3)
    db = taxed.house.db
    shown = await perform(db, start_subscription, ada.actor, ada.id, command, fresh("look"), preview=True)
    done = await perform(db, start_subscription, ada.actor, ada.id, command, fresh("buy"))
    assert shown.outcome.total == done.outcome.total == eur(3570)


async def test_all_books_of_the_taxed_tenant_hold(taxed: World) -> None:
    assert await verify_shard(taxed.house.db.primary, taxed.tenant.live_house.shard) == []
