"""Starting: what is refused, what expires after 23 hours, and what belongs to somebody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.actor import Grant, partner
from domain.catalog.publish import PublishPlan, PublishPrice, publish_plan, publish_price
from domain.ids import PriceId, SubscriptionId
from domain.ledger.balance import balance
from domain.money import Currency, Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.sagas.saga import living_sagas
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.offer import MAX_QUANTITY
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import (
    attempts_at,
    buy,
    buyer,
    day,
    invoices_of,
    publish,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.world import EUR, JPY, Someone, World, fresh, make_world


async def refusal(world: World, of: Someone, price: PriceId, quantity: int = 1) -> RefusalCode:
    """Why it cannot be started; nothing is left behind."""
    with pytest.raises(Refused) as refused:
        await buy(world, of, price, quantity)
    assert await invoices_of(world, of) == []
    return refused.value.code


@pytest.mark.row("D16")
async def test_a_first_invoice_that_is_not_paid_within_23_hours_is_void_and_the_subscription_expires(
    world: World,
) -> None:
    ada = await buyer(world, "tok_insufficient_funds")
    begun = await start(world, ada)
    await until(world, ada, day(1, 1, 23) - timedelta(seconds=1))
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    await until(world, ada, day(1, 1, 23))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.ended_at) == ("incomplete_expired", day(1, 1, 23))
    (invoice,) = await invoices_of(world, ada)
    assert (invoice.state.name, invoice.due.minor) == ("void", 0)
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 0
    with pytest.raises(Refused) as refused:
        await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    assert refused.value.code is RefusalCode.NOTHING_DUE
    await world.card(ada)
    again = await start(world, ada)
    assert again.subscription != begun.subscription
    assert await wrong_rows(world, ada) == []


async def test_who_pays_in_the_last_second_of_the_23_hours_has_a_subscription(world: World) -> None:
    ada = await buyer(world, "tok_insufficient_funds_times_1")
    begun = await start(world, ada)
    await until(world, ada, day(1, 1, 23) - timedelta(seconds=1))
    await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    await until(world, ada, day(1, 3))
    now = await subscription_of(world, ada)
    assert (now.state.name, now.period.start, now.period.end) == ("active", day(1, 1), day(2, 1))


async def test_a_first_charge_that_waits_for_its_customer_in_vain_expires_once_it_is_voided(world: World) -> None:
    ada = await buyer(world, "tok_3ds")
    begun = await start(world, ada)
    await until(world, ada, day(1, 2, 12))
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    await tell(world, ada, begun.payment, News.VOIDED)
    await until(world, ada, day(1, 2, 14))
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["void"]


async def test_a_first_payment_that_comes_when_its_period_is_over_is_credit_and_bills_nothing_since(
    world: World,
) -> None:
    ada, bob = await buyer(world, "tok_bank_held"), await buyer(world, "tok_bank_held")
    begun = {each.id: await start(world, each) for each in (ada, bob)}
    await until(world, ada, day(2, 1) - timedelta(seconds=1))
    await until(world, bob, day(4, 10))
    for each in (ada, bob):
        assert await tell(world, each, begun[each.id].payment, News.CAPTURED) == "succeeded"
        assert [of.state.name for of in await invoices_of(world, each)] == ["paid"]
        assert (await subscription_of(world, each)).state.name == ("active" if each is ada else "incomplete_expired")
        kept = (await balance(world.house.db.primary, each.id, EUR)).credit.minor
        assert kept == (0 if each is ada else 1000)
        assert await living_sagas(world.house.db.primary, each.id) == []
    await until(world, bob, day(5, 10))
    again = await start(world, bob)
    assert (again.due.minor, (await subscription_of(world, bob)).state.name) == (0, "active")
    assert len(await invoices_of(world, bob)) == 2
    assert await wrong_rows(world, bob) == []


@pytest.mark.parametrize(
    "quantity", [0, -1, MAX_QUANTITY + 1, 2**31, 2**63, 10**5000], ids=["0", "-1", "max", "int4", "int8", "5000"]
)
async def test_a_quantity_out_of_bounds_is_refused(world: World, quantity: int) -> None:
    ada = await buyer(world)
    assert await refusal(world, ada, world.prices["starter"], quantity) is RefusalCode.INVALID_INPUT


async def test_prices_that_are_not_on_offer_are_all_answered_alike(world: World, house: House) -> None:
    ada, other = await buyer(world), await make_world(house)
    future = await publish(world, Money(100, EUR), since=day(6, 1))
    nothing = PriceId(type(future.uuid)(int=9))
    for price in (other.prices["starter"], future, nothing):
        assert await refusal(world, ada, price) is RefusalCode.NOT_FOUND


async def test_a_customer_is_billed_in_its_own_currency_alone(world: World) -> None:
    ada = await buyer(world)
    assert await refusal(world, ada, world.prices["usd"]) is RefusalCode.CURRENCY_MISMATCH


@pytest.mark.row("A1")
@pytest.mark.parametrize(("code", "minor"), [("JPY", 1200), ("KWD", 1250), ("CLF", 10001), ("EUR", 10**11)])
async def test_every_currency_is_charged_in_its_own_minor_units(world: World, code: str, minor: int) -> None:
    currency = Currency(code)
    ada = await world.customer(currency=currency)
    await world.card(ada)
    await buy(world, ada, await publish(world, Money(minor, currency)))
    (invoice,) = await invoices_of(world, ada)
    assert (invoice.paid, invoice.state.name) == (Money(minor, currency), "paid")
    assert await wrong_rows(world, ada) == []


async def test_seats_in_yen_are_prorated_to_whole_yen(world: World) -> None:
    ada = await world.customer(currency=JPY)
    await world.card(ada)
    low, high = await publish(world, Money(1000, JPY)), await publish(world, Money(2000, JPY))
    begun = await buy(world, ada, low, quantity=3)
    await until(world, ada, day(1, 11, 18))
    changed = (await world.do(ada, change_plan, ChangePlan(begun.subscription, high))).outcome
    # 3000 x 1749600 / 2678400 = 1959.68 and twice that, each rounded once.
    assert (changed.credit.minor, changed.charge.minor, changed.due.minor) == (1960, 3919, 1959)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("F1")
async def test_the_same_key_in_other_hands_is_another_key(world: World) -> None:
    ada, eve = await buyer(world), await buyer(world)
    key, command = fresh("key"), StartSubscription(world.prices["starter"], 1)
    support = world.staff(Grant.SUPPORT)
    client = partner(world.tenant.tenant, world.tenant.live_house, "shop", fresh("request"))
    db = world.house.db
    first = await perform(db, start_subscription, ada.actor, ada.id, command, key)
    other = await perform(db, start_subscription, eve.actor, eve.id, command, key)
    assert not other.replayed
    for actor in (support, client):  # a key of their own: the plan is what is taken
        with pytest.raises(Refused) as refused:
            await perform(db, start_subscription, actor, ada.id, command, key)
        assert refused.value.code is RefusalCode.ALREADY_EXISTS
    colleague = replace(ada.actor, subject="colleague")
    again = await perform(db, start_subscription, colleague, ada.id, command, key)
    assert (again.replayed, again.outcome) == (True, first.outcome)


async def test_nothing_of_another_customer_or_tenant_can_be_reached_with_its_id(world: World, house: House) -> None:
    ada, eve = await buyer(world), await buyer(world)
    of_eve = await start(world, eve)
    elsewhere = await make_world(house)
    mallory = await buyer(elsewhere)
    of_mallory = await start(elsewhere, mallory)
    for id in (
        of_eve.subscription,
        of_mallory.subscription,
        SubscriptionId(ada.id.shard, of_mallory.subscription.uuid),
    ):
        with pytest.raises(Refused) as refused:
            await world.do(ada, change_plan, ChangePlan(id, world.prices["team"]))
        assert refused.value.code is RefusalCode.NOT_FOUND
    for invoice in (of_eve.invoice, of_mallory.invoice):
        with pytest.raises(Refused) as refused:
            await world.do(ada, pay_invoice, PayInvoice(invoice, None))
        assert refused.value.code is RefusalCode.NOT_FOUND
    for actor in (world.staff(Grant.ADMIN), partner(world.tenant.tenant, world.tenant.live_house, "shop", "r")):
        with pytest.raises(Refused) as refused:
            command = StartSubscription(world.prices["starter"], 1)
            await perform(world.house.db, start_subscription, actor, mallory.id, command, fresh("key"))
        assert refused.value.code is RefusalCode.NOT_FOUND


async def test_another_customers_card_cannot_pay(world: World) -> None:
    ada, eve = await buyer(world, "tok_insufficient_funds"), await world.customer()
    card = await world.card(eve)
    begun = await start(world, ada)
    with pytest.raises(Refused) as refused:
        await world.do(ada, pay_invoice, PayInvoice(begun.invoice, card))
    assert refused.value.code is RefusalCode.NOT_FOUND
    assert len(await attempts_at(world, ada, begun.invoice)) == 1


async def test_the_catalog_is_not_for_customers(world: World) -> None:
    ada = await world.customer()
    for actor in (ada.actor, world.staff(Grant.SUPPORT), world.staff(Grant.FINANCE)):
        with pytest.raises(Refused) as refused:
            command = PublishPlan(fresh("plan"), "Free", "for me", 1)
            await perform(world.house.db, publish_plan, actor, world.tenant.live_house, command, fresh("key"))
        assert refused.value.code in (RefusalCode.FORBIDDEN, RefusalCode.NOT_FOUND)


@pytest.mark.row("D17")
async def test_a_price_that_rises_is_for_those_who_come_after_it(world: World) -> None:
    ada, eve = await buyer(world), await buyer(world)
    old = await publish(world, Money(1000, EUR))
    await buy(world, ada, old)
    dearer = PublishPrice((await subscription_of(world, ada)).plan, Money(1900, EUR), Unit.MONTH, 1, day(1, 1))
    home = world.tenant.live_house
    new = await perform(world.house.db, publish_price, world.house.actor, home, dearer, fresh("price"))
    assert await refusal(world, eve, old) is RefusalCode.NOT_FOUND
    await buy(world, eve, new.outcome.price)
    for each in (ada, eve):
        await until(world, each, day(3, 2))
    totals = [[invoice.total.minor for invoice in await invoices_of(world, each)] for each in (ada, eve)]
    assert totals == [[1000] * 3, [1900] * 3]


@pytest.mark.row("I8")
async def test_days_are_those_of_the_customers_own_zone(world: World) -> None:
    # 23:30 UTC on 30 January is half past midnight on the 31st in Berlin; the clocks go forward on 28 March.
    ada = await world.customer(clock_at=day(1, 30, 23, 30), time_zone="Europe/Berlin")
    await world.card(ada)
    await start(world, ada)
    await until(world, ada, day(4, 2))
    assert [invoice.period_start for invoice in await invoices_of(world, ada)] == [
        day(1, 30, 23, 30),
        day(2, 27, 23, 30),  # 28 February, 00:30
        day(3, 30, 22, 30),  # 31 March, 00:30 in summer
    ]
