"""Contracts: cancelled before their time with what is owed of the commitment, and renewed without a gap."""

import asyncio
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.catalog.plan import price
from domain.catalog.publish import PublishPrice, publish_price
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import ContractId
from domain.invoices.billing_terms import billing_terms
from domain.invoices.contract import Contract, billed_toward, contracts
from domain.invoices.line import lines_of
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments.cancel_contract import CancelContract, ContractCanceled, Owed, cancel_contract
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import SubscriptionStarted
from tests.domain.corrections.correction_kit import corrected, german_shop, rate_is
from tests.domain.invoices.bills import eur, note, now
from tests.interruptions import Killed, killed_at
from tests.lives import buy, buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.world import Someone, World, fresh

COMMITTED = 12_000  # in a year of 365 days


async def committed(world: World) -> tuple[Someone, ContractId, SubscriptionStarted]:
    """A customer at 10.00 a month that committed to 120.00 for a year."""
    ada = await buyer(world)
    signed = SignContract(world.prices["starter"], eur(COMMITTED), day(1, 1), day(1, 1, year=2028), 0, "PO 1")
    id = (await by_finance(world, ada, sign_contract, signed)).contract
    return ada, id, await start(world, ada)


async def cancel(
    world: World, of: Someone, id: ContractId, owed: Owed, key: str | None = None, *, preview: bool = False
) -> ContractCanceled:
    """Finance cancels it, or looks at what that would come to."""
    command, actor = CancelContract(id, owed, "They asked."), world.staff(Grant.FINANCE)
    done = await perform(
        world.house.db, cancel_contract, actor, of.id, command, key or fresh("cancel"), preview=preview
    )
    await do_now(world.house, of.id)
    return done.outcome


async def held(world: World, of: Someone) -> list[Contract]:
    """The customer's contracts, the newest first."""
    return await contracts(world.house.db.primary, of.id)


async def refused(world: World, of: Someone, command: SignContract) -> tuple[RefusalCode, tuple[str, ...]]:
    """Why it was not signed."""
    with pytest.raises(Refused) as refusal:
        await by_finance(world, of, sign_contract, command)
    return refusal.value.code, refusal.value.path


@pytest.mark.row("I13")
@pytest.mark.parametrize(
    ("owed", "whole", "until_then"),
    [(Owed.FULL, 12_000, day(1, 1, year=2028)), (Owed.PRO_RATA, 4_800, day(5, 27))],
    ids=["full", "pro rata"],
)
async def test_who_leaves_a_contract_owes_what_was_not_billed_of_it(
    world: World, owed: Owed, whole: int, until_then: object
) -> None:
    ada, id, _ = await committed(world)
    await note(world, ada, (await invoices_of(world, ada))[0].id, 400, credit=400)  # given back, so not billed
    await until(world, ada, day(5, 27))  # 146 days, two fifths; five months were billed
    shown = await cancel(world, ada, id, owed, preview=True)
    assert [each.state.name for each in await held(world, ada)] == ["active"]
    done = await cancel(world, ada, id, owed)
    left = max(0, whole - 4_600)
    assert (done.committed, done.total, done.canceled_at) == (eur(whole), eur(left), day(5, 27))
    assert (shown.committed, shown.total, shown.true_up) == (done.committed, done.total, None)
    (contract,) = await held(world, ada)
    assert (contract.state.name, contract.until, contract.true_up) == ("canceled", day(5, 27), done.true_up)
    assert done.true_up is not None
    (line,) = (await lines_of(world.house.db.primary, ada.id, [done.true_up]))[done.true_up]
    assert (line.amount, line.starts_at, line.ends_at) == (eur(left), day(1, 1), until_then)
    assert (await now(world, ada, done.true_up)).state.name == "paid"
    await until(world, ada, day(1, 5, year=2028))
    assert len([each for each in await invoices_of(world, ada) if each.reason == "true_up"]) == 1
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("I13")
async def test_what_lies_on_a_draft_for_the_term_is_not_billed_as_a_true_up_too(world: World) -> None:
    ada, bob = await buyer(world), await buyer(world)
    for each, ends_at in ((ada, day(2, 1) + timedelta(seconds=1)), (bob, day(2, 1, 3))):
        signed = SignContract(world.prices["starter"], eur(3000), day(1, 1), ends_at, 0, None)
        id = (await by_finance(world, each, sign_contract, signed)).contract
        await start(world, each)
        if each is bob:  # a renewal is drafted within its first hour, and issued an hour later
            await until(world, bob, day(2, 1, 0, 59) + timedelta(seconds=59))
            assert (await cancel(world, bob, id, Owed.FULL, preview=True)).total == eur(1000)
            assert (await cancel(world, bob, id, Owed.FULL)).total == eur(1000)
        await until(world, each, day(2, 1, 3))
        billed = sorted((of.reason, of.total.minor) for of in await invoices_of(world, each))
        assert billed == [("renewal", 1000), ("start", 1000), ("true_up", 1000)]
        assert await billed_toward(world.house.db.primary, each.id) == {id: eur(2000)}
        assert await wrong_rows(world, each) == []


async def test_a_period_that_begins_as_the_contract_ends_is_not_billed_toward_it(world: World) -> None:
    ada = await buyer(world)
    signed = SignContract(world.prices["starter"], eur(3000), day(1, 1), day(2, 1), 0, None)
    id = (await by_finance(world, ada, sign_contract, signed)).contract
    await start(world, ada)
    await until(world, ada, day(2, 1, 3))
    billed = sorted((of.reason, of.total.minor) for of in await invoices_of(world, ada))
    assert billed == [("renewal", 1000), ("start", 1000), ("true_up", 2000)]
    assert await billed_toward(world.house.db.primary, ada.id) == {id: eur(1000)}


async def test_a_void_invoice_is_not_billed_toward_a_commitment(world: World) -> None:
    ada, id, _ = await committed(world)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    assert await billed_toward(world.house.db.primary, ada.id) == {id: eur(2000)}
    wrong = VoidInvoice((await invoices_of(world, ada))[-1].id, "It was wrong.", False)
    await perform(world.house.db, void_invoice, world.staff(Grant.LEAD), ada.id, wrong, fresh("void"))
    assert await billed_toward(world.house.db.primary, ada.id) == {id: eur(1000)}
    assert (await cancel(world, ada, id, Owed.FULL, preview=True)).total == eur(COMMITTED - 1000)


@pytest.mark.row("I13")
async def test_a_corrected_tax_moves_what_an_inclusive_price_counts_toward_a_commitment(house: House) -> None:
    shop = await german_shop(house)
    ada, plan = await buyer(shop), (await price(house.db.primary, shop.tenant.tenant, shop.prices["starter"])).plan
    gross = PublishPrice(plan, eur(1190), Unit.MONTH, 1, day(1, 1), tax_inclusive=True, private=True)
    command = house.db, publish_price, house.actor, shop.tenant.live_house, gross, fresh("price")
    own = (await perform(*command)).outcome.price
    signed = SignContract(own, eur(COMMITTED), day(1, 1), day(1, 1, year=2028), 0, None)
    id = (await by_finance(shop, ada, sign_contract, signed)).contract
    await buy(shop, ada, own)
    (of,) = await invoices_of(shop, ada)

    async def counted() -> int:
        return (await billed_toward(house.db.primary, ada.id))[id].minor

    assert await counted() == 1000
    for ppm, net in ((160_000, 1026), (210_000, 983)):  # 11.90 less 1.64, and less 2.07
        await rate_is(shop, ppm)
        await corrected(shop, ada, of.id)
        assert await counted() == net
    await note(shop, ada, of.id, 595, credit=595)
    assert await counted() == 983 - (595 - 104)  # with half of 2.07, rounded to even


async def test_who_was_billed_more_than_its_part_owes_nothing_more(world: World) -> None:
    ada, id, _ = await committed(world)
    await until(world, ada, day(1, 20))
    done = await cancel(world, ada, id, Owed.PRO_RATA)
    assert (done.total, done.true_up, done.committed < eur(1000)) == (eur(0), None, True)
    assert len(await invoices_of(world, ada)) == 1


async def test_a_contract_that_has_not_begun_owes_nothing_pro_rata_and_all_in_full(world: World) -> None:
    for owed, total in ((Owed.PRO_RATA, 0), (Owed.FULL, COMMITTED)):
        ada = await buyer(world)
        later = SignContract(world.prices["starter"], eur(COMMITTED), day(6, 1), day(7, 1), 0, None)
        id = (await by_finance(world, ada, sign_contract, later)).contract
        assert (await cancel(world, ada, id, owed)).total == eur(total)
        assert await wrong_rows(world, ada) == []


async def test_two_who_cancel_at_once_bill_one_true_up_and_a_retry_finds_it(world: World) -> None:
    ada, id, _ = await committed(world)
    keys = [fresh("cancel") for _ in range(4)]
    answers = await asyncio.gather(*(cancel(world, ada, id, Owed.FULL, key) for key in keys), return_exceptions=True)
    (done,) = [each for each in answers if isinstance(each, ContractCanceled)]
    assert {each.code for each in answers if isinstance(each, Refused)} == {RefusalCode.STATE_CONFLICT}
    assert await cancel(world, ada, id, Owed.FULL, keys[answers.index(done)]) == done
    assert [each.reason for each in await invoices_of(world, ada)] == ["start", "true_up"]


@pytest.mark.parametrize("point", ["perform.done", "perform.recorded", "perform.committed"])
async def test_a_process_that_dies_while_it_cancels_bills_the_true_up_once(world: World, point: str) -> None:
    ada, id, _ = await committed(world)
    key = fresh("cancel")
    async with killed_at(point):
        with pytest.raises(Killed):
            await cancel(world, ada, id, Owed.FULL, key)
    await cancel(world, ada, id, Owed.FULL, key)
    assert [(each.reason, each.state.name) for each in await invoices_of(world, ada)] == [
        ("start", "paid"),
        ("true_up", "paid"),
    ]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("I13")
async def test_a_renewal_begins_where_its_contract_ends_with_its_own_commitment_and_terms(world: World) -> None:
    ada = await buyer(world)
    first = SignContract(world.prices["starter"], eur(3000), day(1, 1), day(3, 1), 0, "PO 1")
    one = (await by_finance(world, ada, sign_contract, first)).contract
    await start(world, ada)
    second = SignContract(world.prices["starter"], eur(1500), None, day(5, 1), 14, "PO 2", one)
    two = (await by_finance(world, ada, sign_contract, second)).contract
    assert (await billing_terms(world.house.db.primary, ada.id)).net_days == 0  # until the first has ended
    await until(world, ada, day(3, 1, 3))
    new, old = await held(world, ada)
    assert ((old.state.name, new.state.name), new.starts_at, new.renews) == (("ended", "active"), old.until, one)
    assert (await billing_terms(world.house.db.primary, ada.id)).purchase_order == "PO 2"
    assert await billed_toward(world.house.db.primary, ada.id) == {one: eur(2000), two: eur(1000)}
    totals = sorted((each.reason, each.total.minor, each.collection) for each in await invoices_of(world, ada))
    assert totals == [
        ("renewal", 1000, "charge"), ("renewal", 1000, "invoice"), ("start", 1000, "charge"),
        ("true_up", 1000, "charge"),
    ]  # fmt: skip
    assert await wrong_rows(world, ada) == []


async def test_a_contract_is_renewed_once_for_its_plan_and_without_a_gap(world: World) -> None:
    ada, id, _ = await committed(world)
    end, later = day(1, 1, year=2028), day(1, 1, year=2029)
    starter, team = world.prices["starter"], world.prices["team"]
    good = SignContract(starter, eur(0), None, later, 0, None, id)
    assert await refused(world, ada, SignContract(team, eur(0), None, later, 0, None, id)) == (
        RefusalCode.INVALID_INPUT, ("priceId",),
    )  # fmt: skip
    gap = SignContract(starter, eur(0), day(1, 2, year=2028), later, 0, None, id)
    assert await refused(world, ada, gap) == (RefusalCode.INVALID_INPUT, ("startsAt",))
    renewal = (await by_finance(world, ada, sign_contract, good)).contract
    assert await refused(world, ada, good) == (RefusalCode.ALREADY_EXISTS, ("startsAt",))
    with pytest.raises(Refused) as refusal:
        await cancel(world, ada, id, Owed.PRO_RATA)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
    await cancel(world, ada, renewal, Owed.PRO_RATA)
    await by_finance(world, ada, sign_contract, SignContract(starter, eur(0), end, later, 0, None, id))
    assert [each.state.name for each in await held(world, ada)].count("canceled") == 1


async def test_what_is_over_is_not_renewed_or_cancelled_and_its_time_can_be_sold_again(world: World) -> None:
    ada, id, _ = await committed(world)
    await until(world, ada, day(2, 10))
    await cancel(world, ada, id, Owed.PRO_RATA)
    again = SignContract(world.prices["starter"], eur(0), None, day(9, 1), 0, None, id)
    assert (await refused(world, ada, again))[0] is RefusalCode.NOT_FOUND
    with pytest.raises(Refused) as refusal:
        await cancel(world, ada, id, Owed.FULL)
    assert refusal.value.code is RefusalCode.STATE_CONFLICT
    await by_finance(
        world, ada, sign_contract, SignContract(world.prices["starter"], eur(0), day(2, 10), day(9, 1), 0, None)
    )
    assert [each.is_living for each in await held(world, ada)] == [True, False]


async def test_support_and_customers_cancel_no_contract(world: World) -> None:
    ada, id, _ = await committed(world)
    for actor in (ada.actor, world.staff(Grant.SUPPORT), world.staff(Grant.LEAD)):
        with pytest.raises(Refused) as refusal:
            command = CancelContract(id, Owed.FULL, "No.")
            await perform(world.house.db, cancel_contract, actor, ada.id, command, fresh("cancel"))
        assert refusal.value.code is RefusalCode.FORBIDDEN
