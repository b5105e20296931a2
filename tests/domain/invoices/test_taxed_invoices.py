"""Invoices with tax, from the purchase to the last cent that goes back: what was decided stays with the document."""

import msgspec
import pytest

from domain.catalog.publish import UNIT_AMOUNT_MAX
from domain.ids import InvoiceId
from domain.invoices.invoice import Invoice
from domain.invoices.line import lines_of
from domain.ledger.account import Account
from domain.money import Money
from domain.payments.payment import payments_of
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.offer import MAX_QUANTITY
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.tax.decide import decide
from domain.tax.decision import Rounding, TaxDecision, TaxQuestion
from domain.tax.register import SetSellerTax, set_seller_tax
from domain.wire import from_json
from tests.catalog_kit import monthly, new_plan, new_price
from tests.domain.invoices.bills import now, on
from tests.lives import buyer, day, give_back, invoices_of, start, subscription_of, until, wrong_rows
from tests.tax_kit import move, publish_rate, register, show_tax_id, vat
from tests.world import EUR, Someone, World, fresh, make_world

DAY_11_AT_18 = day(1, 11, 18)


@pytest.fixture
async def shop(house: House) -> World:
    """A German tenant, registered for VAT at home."""
    made = await make_world(house)
    for rate in (vat("DE", 190_000), vat("FR", 200_000)):
        await publish_rate(made, rate)
    await register(made, "DE")
    return made


async def taxes(shop: World, of: Someone, id: InvoiceId) -> list[tuple[str, str, int, int]]:
    """Name, treatment, taxable amount and tax of each component of each line."""
    lines = (await lines_of(shop.house.db.primary, of.id, [id]))[id]
    return [
        (part.name, part.treatment, part.taxable.minor, part.amount.minor) for line in lines for part in line.components
    ]


async def change(shop: World, of: Someone, to: str) -> Invoice:
    """A change of plan, and the invoice of it."""
    command = ChangePlan((await subscription_of(shop, of)).id, shop.prices[to])
    await shop.do(of, change_plan, command)
    return (await invoices_of(shop, of))[-1]


async def test_what_no_amount_can_hold_with_its_tax_is_not_sold(shop: World) -> None:
    ada = await buyer(shop)
    plan, _ = await new_plan(shop)
    dear = await new_price(shop, monthly(plan, UNIT_AMOUNT_MAX))
    with pytest.raises(Refused) as refused:
        await shop.do(ada, start_subscription, StartSubscription(dear, MAX_QUANTITY))
    assert refused.value.code is RefusalCode.INVALID_AMOUNT
    assert await invoices_of(shop, ada) == []


@pytest.mark.row("E3")
async def test_a_purchase_is_charged_with_its_tax_and_posted_apart_from_the_revenue(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    (bill,) = await invoices_of(shop, ada)
    assert (bill.total.minor, bill.tax.minor, bill.state.name) == (1190, 190, "paid")
    assert await taxes(shop, ada, bought.invoice) == [("VAT", "standard", 1000, 190)]
    db = shop.house.db.primary
    assert (await on(db, ada.id, Account.REVENUE), await on(db, ada.id, Account.TAX_PAYABLE)) == (1000, 190)
    (paid,) = await payments_of(db, ada.id, bill.id)
    assert paid.captured.minor == 1190
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E4")
async def test_the_decision_is_kept_with_what_it_was_made_from_and_can_be_made_again(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    await publish_rate(shop, vat("DE", 70_000))
    row = await shop.house.db.primary.fetchrow(
        "SELECT question, decision FROM tax_decision WHERE shard_key = $1 AND customer_id = $2 AND subject = $3",
        ada.id.shard, ada.id.uuid, bought.invoice.uuid,
    )  # fmt: skip
    assert row is not None
    question = from_json(TaxQuestion, msgspec.json.decode(row["question"]))
    decision = from_json(TaxDecision, msgspec.json.decode(row["decision"]))
    assert decide(question) == decision
    (rate,) = question.rates
    assert [(each.rate_id, each.amount.minor) for each in decision.summary] == [(rate.id, 190)]
    assert (rate.rate_ppm, rate.version) == (190_000, 1)


@pytest.mark.row("D5")
async def test_a_plan_change_takes_the_tax_of_the_unused_time_back_and_taxes_the_new_one(shop: World) -> None:
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, DAY_11_AT_18)
    bill = await change(shop, ada, "team")
    assert await taxes(shop, ada, bill.id) == [("VAT", "standard", -653, -124), ("VAT", "standard", 1306, 248)]
    assert (bill.total.minor, bill.tax.minor) == (653 + 124, 124)
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E6")
async def test_who_moves_in_the_middle_of_a_period_gets_the_old_tax_back_and_is_taxed_anew(shop: World) -> None:
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, DAY_11_AT_18)
    await move(shop, ada, "FR")
    await show_tax_id(shop, ada, "FR")
    bill = await change(shop, ada, "team")
    assert await taxes(shop, ada, bill.id) == [("VAT", "standard", -653, -124), ("VAT", "reverse_charge", 1306, 0)]
    assert (bill.total.minor, bill.tax.minor) == (653 - 124, -124)
    db = shop.house.db.primary
    assert await on(db, ada.id, Account.TAX_PAYABLE) == 190 - 124
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("E5")
async def test_a_renewal_is_taxed_at_the_rate_of_its_own_day(shop: World) -> None:
    await publish_rate(shop, vat("DE", 160_000, effective_from=day(2, 1)))
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, day(2, 2))
    assert [bill.tax.minor for bill in await invoices_of(shop, ada)] == [190, 160]
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("J7")
async def test_refunds_give_back_exactly_the_tax_that_was_charged(shop: World) -> None:
    ada = await buyer(shop)
    bought = await start(shop, ada)
    db = shop.house.db.primary
    (paid,) = await payments_of(db, ada.id, bought.invoice)
    for minor in (1, 333, 856):
        await give_back(shop, ada, paid.id, Money(minor, EUR))
    assert (await on(db, ada.id, Account.REVENUE), await on(db, ada.id, Account.TAX_PAYABLE)) == (0, 0)
    assert await wrong_rows(shop, ada) == []


async def test_a_preview_says_what_is_charged(shop: World) -> None:
    ada = await buyer(shop)
    command = StartSubscription(shop.prices["starter"], 3)
    preview = await perform(
        shop.house.db, start_subscription, ada.actor, ada.id, command, fresh("preview"), preview=True
    )
    await shop.do(ada, start_subscription, command)
    (bill,) = await invoices_of(shop, ada)
    assert preview.outcome.due == bill.total
    assert bill.total.minor == 3570


async def test_a_seller_that_rounds_by_invoice_says_so_in_its_decisions(shop: World) -> None:
    command = SetSellerTax("", Rounding.INVOICE)
    home = shop.tenant.sandbox_house
    await perform(shop.house.db, set_seller_tax, shop.house.actor, home, command, fresh("rounding"))
    ada = await buyer(shop)
    bought = await start(shop, ada)
    question = await shop.house.db.primary.fetchval(
        "SELECT question FROM tax_decision WHERE shard_key = $1 AND customer_id = $2 AND subject = $3",
        ada.id.shard, ada.id.uuid, bought.invoice.uuid,
    )  # fmt: skip
    assert from_json(TaxQuestion, msgspec.json.decode(question)).rounding is Rounding.INVOICE
    assert (await now(shop, ada, bought.invoice)).tax.minor == 190


async def test_a_seller_registered_nowhere_issues_invoices_without_any_tax(world: World) -> None:
    ada = await buyer(world)
    bought = await start(world, ada)
    # A rate that others of the tenant are registered for may be named, as one that nothing was taken by.
    assert {(treatment, amount) for _, treatment, _, amount in await taxes(world, ada, bought.invoice)} <= {
        ("unregistered", 0)
    }
    assert (await now(world, ada, bought.invoice)).tax.minor == 0
