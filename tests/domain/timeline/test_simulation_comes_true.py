"""What is foreseen for a whole customer is what a test clock then makes true: every invoice, line, tax and total."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from domain.catalog.coupon import Duration, Scope
from domain.catalog.plan import TrialEnd
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.publish_version import PlanTerms
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.ids import PriceId
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.line import Line, lines_of
from domain.invoices.manual_line import ManualLine
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.change import Timing
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from domain.timeline.simulate import WIDEST, Simulate, Simulated, simulate
from domain.timeline.virtual_run import Card
from tests.catalog_kit import by_admin, half_off, monthly, new_plan, new_price
from tests.domain.invoices.bills import eur, note
from tests.draft_stage import to_replace_a_change
from tests.lives import buy, buyer, by_finance, day, invoices_of, publish, start, until
from tests.subscription_lives import cancel, plan_of, seats, switch, trial
from tests.tax_kit import publish_rate, register, vat
from tests.whole_database import fingerprints
from tests.world import Someone, World, make_world

Bill = tuple[Any, ...]


@pytest.fixture(scope="module")
async def germany(house: House) -> World:
    """A tenant that charges 19 %, and 16 % from July on."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await publish_rate(own, vat("DE", 160_000, effective_from=day(7, 1)))
    await register(own, "DE")
    return own


async def foresee(world: World, of: Someone, command: Simulate) -> Simulated:
    """What would come."""
    return (await perform(world.house.db, simulate, of.actor, of.id, command, "preview", preview=True)).outcome


def told(of: Simulated) -> list[Bill]:
    """All that is foreseen of each invoice."""
    return [
        (each.subscription, each.period_start, each.period_end, each.issued_at, each.subtotal, each.tax, each.total,
         each.credited, each.due, said(each.lines))
        for each in of.invoices
    ]  # fmt: skip


def said(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """What lines say when they are issued: nothing of them was given back yet."""
    return tuple(replace(line, given_back=eur(0)) for line in lines)


async def came(world: World, of: Someone, since: int) -> list[Bill]:
    """The same of the invoices that came, without the first so many."""
    issued = (await invoices_of(world, of))[since:]
    lines = await lines_of(world.house.db.primary, of.id, [each.id for each in issued])
    return [
        (each.subscription, each.period_start, each.period_end, each.issued_at, each.subtotal, each.tax, each.total,
         each.credited, each.total - each.credited, said(lines[each.id]))
        for each in issued
    ]  # fmt: skip


async def comes_true(world: World, of: Someone, to: datetime, *, pays: bool = False) -> list[Bill]:
    """Foresees all that is billed until then, lets the clock run, and compares; with ``pays``, by hand what is open."""
    known = len(await invoices_of(world, of))
    foreseen = await foresee(world, of, Simulate(None, 48, until=to))
    living = {each.id for each in await subscriptions(world.house.db.primary, of.id) if each.ended_at is None}
    if pays:
        await pay_open(world, of)
        for each in foreseen.invoices:
            await until(world, of, each.issued_at + timedelta(minutes=1))
            await pay_open(world, of)
    await until(world, of, to)
    assert await came(world, of, known) == told(foreseen)
    ended = {each.id: each.ended_at for each in await subscriptions(world.house.db.primary, of.id) if each.ended_at}
    assert {each.subscription: each.at for each in foreseen.endings} == {
        id: at for id, at in ended.items() if id in living
    }
    return told(foreseen)


async def pay_open(world: World, of: Someone) -> None:
    """The customer pays what it has time to pay."""
    for each in await invoices_of(world, of):
        if each.state.name == "open":
            await world.do(of, pay_invoice, PayInvoice(each.id, None))


async def coupon(world: World, of: Someone, **terms: object) -> None:
    """A coupon that the customer redeems."""
    made = half_off(**terms)
    await by_admin(world, publish_coupon, made)
    await world.do(of, redeem_coupon, RedeemCoupon(made.code, None))


@pytest.mark.row("X9")
async def test_several_subscriptions_share_a_credit_and_a_coupon_that_runs_out(germany: World) -> None:
    ada = await buyer(germany)
    await coupon(germany, ada, duration=Duration.PERIODS, periods=3)
    await start(germany, ada)
    await buy(germany, ada, await plan_of(germany, 2700, PlanTerms(), Unit.MONTH, 3))
    await buy(germany, ada, await plan_of(germany, 333, PlanTerms(), Unit.WEEK))
    first = (await invoices_of(germany, ada))[0]
    await note(germany, ada, first.id, 595, credit=595)
    bills = await comes_true(germany, ada, day(4, 20))
    assert len(bills) == 3 + 1 + 15
    assert {each[0] for each in bills} == {each.id for each in await subscriptions(germany.house.db.primary, ada.id)}


@pytest.mark.row("X9")
@pytest.mark.row("I13")
@pytest.mark.parametrize("begins", [1, 3])
async def test_a_contract_and_its_true_up_come_as_foreseen(germany: World, begins: int) -> None:
    ada = await buyer(germany)
    agreed = replace(monthly((await new_plan(germany))[0], 700), private=begins == 1)  # none has it before its contract
    price = await new_price(germany, agreed)
    contract = SignContract(price, eur(5000), day(begins, 1), day(4, 1), 30, "PO 12")
    await by_finance(germany, ada, sign_contract, contract)
    await buy(germany, ada, price)
    await buy(germany, ada, germany.prices["starter"])
    bills = await comes_true(germany, ada, day(5, 10), pays=True)
    (true_up,) = [each for each in bills if each[0] is None]
    assert true_up[4] == eur(5000 - (4 - begins) * 700)


@pytest.mark.row("X9")
@pytest.mark.row("D15")
async def test_scheduled_changes_and_a_dearer_price_come_as_foreseen(germany: World) -> None:
    ada, (plan, _) = await buyer(germany), await new_plan(germany)
    seated = monthly(plan, 900)
    await buy(germany, ada, await new_price(germany, seated))
    await start(germany, ada, "team")
    await switch(germany, ada, germany.prices["starter"], Timing.PERIOD_END)
    await new_price(germany, replace(seated, unit_amount=eur(1200), effective_from=day(2, 10)), existing=day(3, 1))
    await until(germany, ada, day(1, 9))
    bills = await comes_true(germany, ada, day(5, 20))
    assert sorted({each[4].minor for each in bills}) == [900, 1000, 1200]


@pytest.mark.row("X9")
async def test_seats_that_are_planned_and_a_lower_tax_come_as_foreseen(germany: World) -> None:
    ada = await buyer(germany)
    await start(germany, ada, quantity=5)
    await until(germany, ada, day(5, 11))
    await seats(germany, ada, 2, Timing.PERIOD_END)
    bills = await comes_true(germany, ada, day(8, 10))
    assert [each[5].minor for each in bills] == [380, 320, 320]


@pytest.mark.row("X9")
async def test_trials_end_as_foreseen_with_and_without_a_card(germany: World) -> None:
    eve, ada = await germany.customer(), await buyer(germany)
    for who in (eve, ada):
        for end in TrialEnd:
            await germany.do(who, start_subscription, StartSubscription(await trial_price(germany, end), 1))
    assert len(await comes_true(germany, ada, day(3, 20))) == 3 * 3
    known = await foresee(germany, eve, Simulate(None, 48, until=day(2, 1)))
    assert (len(known.invoices), len(known.endings)) == (1, 1)  # one invoices, one ends, one pauses
    await until(germany, eve, day(1, 15, 3))
    assert await came(germany, eve, 0) == told(known)


async def trial_price(world: World, end: TrialEnd) -> PriceId:
    """A plan of its own that is tried for two weeks."""
    return await plan_of(world, 3000, trial(14, end=end))


@pytest.mark.row("X9")
@pytest.mark.row("D13")
async def test_pauses_with_a_day_to_come_back_come_as_foreseen(germany: World) -> None:
    ada = await buyer(germany)
    soon, late, never = [
        await buy(germany, ada, await plan_of(germany, minor, PlanTerms())) for minor in (1100, 1300, 9)
    ]
    await until(germany, ada, day(1, 11))
    for begun, back in ((soon, day(1, 25)), (late, day(3, 10, 9)), (never, None)):
        await germany.do(ada, pause_subscription, PauseSubscription(begun.subscription, back))
    bills = await comes_true(germany, ada, day(5, 1))
    assert {each[0] for each in bills} == {soon.subscription, late.subscription}


@pytest.mark.row("X9")
async def test_an_end_and_a_year_ahead_come_as_foreseen_in_a_price_that_holds_its_tax(germany: World) -> None:
    ada, (plan, _) = await buyer(germany), await new_plan(germany)
    await buy(germany, ada, await new_price(germany, replace(monthly(plan, 1999), tax_inclusive=True)))
    await buy(germany, ada, await plan_of(germany, 10_000, PlanTerms(), Unit.YEAR))
    await coupon(germany, ada, percent_ppm=None, amount=eur(501), duration=Duration.ONCE, scope=Scope.SUBSCRIPTION)
    await start(germany, ada)
    await cancel(germany, ada, CancelAt.PERIOD_END)
    bills = await comes_true(germany, ada, day(1, 3, year=2028))
    assert len(bills) == 12 + 1


@pytest.mark.row("X9")
async def test_drafts_of_staff_are_foreseen_as_issued_where_that_is_supposed(germany: World, owner_url: str) -> None:
    ada = await buyer(germany)
    await start(germany, ada)
    await note(germany, ada, (await invoices_of(germany, ada))[0].id, 1190, credit=1190)
    lines = (ManualLine("Set-up", 2, eur(250)), ManualLine("Training", 1, eur(123)))
    made = await by_finance(germany, ada, create_invoice, CreateInvoice(lines, None, None))
    connection = await asyncpg.connect(owner_url)
    try:
        prints = await fingerprints(connection)
        before = await prints.now()
        plain = await foresee(germany, ada, Simulate(None, 2))
        issued = await foresee(germany, ada, Simulate(None, 3, drafts=True))
        await foresee(germany, ada, Simulate(None, 5, Card.FAILS, drafts=True))
        assert await prints.now() == before
    finally:
        await connection.close()
    assert [each.credited.minor for each in plain.invoices] == [1190, 0]
    assert [each.credited.minor for each in issued.invoices] == [741, 449, 0]
    await by_finance(germany, ada, finalize_draft, FinalizeDraft(made.draft))
    await until(germany, ada, day(3, 2))
    assert await came(germany, ada, 1) == told(issued)


@pytest.mark.row("X9")
async def test_what_replaces_the_void_invoice_of_a_subscription_is_foreseen_as_issued(germany: World) -> None:
    ada = await buyer(germany)
    _, draft = await to_replace_a_change(germany, ada)
    before = len(await invoices_of(germany, ada))
    foreseen = await foresee(germany, ada, Simulate(None, 2, drafts=True))
    await by_finance(germany, ada, finalize_draft, FinalizeDraft(draft))
    await pay_open(germany, ada)
    await until(germany, ada, day(2, 2))
    assert await came(germany, ada, before) == told(foreseen)


@pytest.mark.row("X9")
async def test_a_card_that_fails_stops_each_subscription_for_itself(germany: World) -> None:
    ada = await buyer(germany)
    await start(germany, ada)
    await buy(germany, ada, await plan_of(germany, 2700, PlanTerms(), Unit.MONTH, 2))
    foreseen = await foresee(germany, ada, Simulate(None, 48, Card.FAILS))
    await germany.card(ada, "tok_insufficient_funds")
    await until(germany, ada, day(6, 1))
    assert await came(germany, ada, 2) == told(foreseen)
    ends = {each.id: each.ended_at for each in await subscriptions(germany.house.db.primary, ada.id)}
    assert {each.subscription: each.at for each in foreseen.endings} == ends
    assert len(foreseen.troubles) == 2


@pytest.mark.row("X9")
async def test_what_a_contract_lacks_is_foreseen_for_when_nobody_is_behind_any_more(germany: World) -> None:
    ada = await buyer(germany)
    weekly = await publish(germany, eur(1000), Unit.WEEK)
    await by_finance(germany, ada, sign_contract, SignContract(weekly, eur(50000), day(1, 1), day(3, 10), 0, None))
    await buy(germany, ada, weekly)
    await until(germany, ada, day(2, 15))
    known = len(await invoices_of(germany, ada))
    foreseen = await foresee(germany, ada, Simulate(None, 48, Card.FAILS))
    assert day(3, 10) < foreseen.troubles[0].gives_up_at <= foreseen.invoices[-1].issued_at
    await germany.card(ada, "tok_insufficient_funds")
    await until(germany, ada, day(6, 1))
    assert await came(germany, ada, known) == told(foreseen)


async def test_more_than_can_be_looked_at_together_is_refused(germany: World) -> None:
    ada = await buyer(germany)
    for _ in range(WIDEST + 1):
        await buy(germany, ada, await plan_of(germany, 100, trial(30)))
    with pytest.raises(Refused) as wide:
        await foresee(germany, ada, Simulate(None, 1))
    assert (wide.value.code, wide.value.path) == (RefusalCode.INVALID_INPUT, ("subscriptionId",))
    newest = (await subscriptions(germany.house.db.primary, ada.id))[0].id
    assert len((await foresee(germany, ada, Simulate(newest, 1))).invoices) == 1
