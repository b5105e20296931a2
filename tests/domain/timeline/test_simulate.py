"""What if: what is foreseen is what comes, and asking leaves nothing behind."""

from datetime import timedelta

import asyncpg
import pytest

from domain.catalog.coupon import Duration
from domain.catalog.publish_coupon import publish_coupon
from domain.catalog.redeem import RedeemCoupon, redeem_coupon
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.dunning.case import cases
from domain.ids import PriceId
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.change import Timing
from domain.timeline.simulate import MOST, Simulate, Simulated, simulate
from domain.timeline.virtual_run import Card
from tests.catalog_kit import by_admin, half_off
from tests.domain.dunning.test_debts_of_a_pause import owing
from tests.domain.invoices.bills import note
from tests.draft_stage import to_replace_a_change
from tests.lives import buy, buyer, by_finance, day, invoices_of, start, subscription_of, until
from tests.subscription_lives import cancel, plan_of, seats, switch, trial
from tests.tax_kit import publish_rate, register, vat
from tests.whole_database import fingerprints
from tests.world import Someone, World, make_world

Bill = tuple[object, ...]


async def foresee(
    world: World, of: Someone, invoices: int = 12, card: Card = Card.PAYS, price: PriceId | None = None,
    quantity: int | None = None,
) -> Simulated:  # fmt: skip
    """What would come for the customer's newest subscription."""
    command = Simulate((await subscription_of(world, of)).id, invoices, card, price, quantity)
    return (await perform(world.house.db, simulate, of.actor, of.id, command, "preview", preview=True)).outcome


def foreseen(of: Simulated) -> list[Bill]:
    """Periods, instants and amounts of what would come."""
    return [
        (each.period_start, each.period_end, each.issued_at, each.subtotal, each.tax, each.total, each.credited)
        for each in of.invoices
    ]


async def came(world: World, of: Someone, since: int) -> list[Bill]:
    """The same of what came, without the first so many invoices."""
    return [
        (each.period_start, each.period_end, each.issued_at, each.subtotal, each.tax, each.total, each.credited)
        for each in (await invoices_of(world, of))[since:]
    ]


async def holds(world: World, of: Someone, told: Simulated) -> None:
    """What was foreseen comes, invoice by invoice, to the second and the minor unit."""
    known = len(await invoices_of(world, of))
    await until(world, of, told.invoices[-1].issued_at + timedelta(minutes=1))
    assert await came(world, of, known) == foreseen(told)


@pytest.fixture(scope="module")
async def germany(house: House) -> World:
    """A tenant that charges 19 %."""
    own = await make_world(house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    return own


@pytest.mark.row("X9")
async def test_a_year_with_coupon_credit_and_tax_comes_as_it_was_foreseen(germany: World) -> None:
    ada, coupon = await buyer(germany), half_off(duration=Duration.PERIODS, periods=3)
    await by_admin(germany, publish_coupon, coupon)
    await germany.do(ada, redeem_coupon, RedeemCoupon(coupon.code, None))
    await start(germany, ada)
    (first,) = await invoices_of(germany, ada)
    await note(germany, ada, first.id, 500, credit=500)
    await until(germany, ada, day(1, 20))
    told = await foresee(germany, ada)
    assert len(told.invoices) == 12
    assert [each.total.minor for each in told.invoices[:4]] == [595, 595, 1190, 1190]
    assert told.invoices[0].credited.minor == 500
    await holds(germany, ada, told)


@pytest.mark.row("X9")
async def test_a_change_that_is_supposed_comes_as_it_was_foreseen(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada, "team")
    told = await foresee(world, ada, 3, price=world.prices["starter"], quantity=1)
    assert [each.total.minor for each in told.invoices] == [1000, 1000, 1000]
    await switch(world, ada, world.prices["starter"], Timing.PERIOD_END)
    await holds(world, ada, told)


async def test_seats_that_are_supposed_come_as_they_were_foreseen(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    told = await foresee(world, ada, 2, quantity=4)
    assert [each.total.minor for each in told.invoices] == [4000, 4000]
    await seats(world, ada, 4, Timing.PERIOD_END)
    await holds(world, ada, told)


async def test_a_trial_is_foreseen_into_its_first_periods(world: World) -> None:
    ada, price = await buyer(world), await plan_of(world, 3000, trial())
    await buy(world, ada, price)
    await holds(world, ada, await foresee(world, ada, 3))


@pytest.mark.row("X9")
async def test_a_failing_card_shows_the_days_that_really_come(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    told = await foresee(world, ada, card=Card.FAILS)
    assert len(told.invoices) == 1
    (trouble,), (ending,) = told.troubles, told.endings
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 1, 3))
    (case,) = await cases(world.house.db.primary, ada.id)
    assert (case.suspend_at, case.give_up_at) == (trouble.access_until, trouble.gives_up_at)
    assert case.next_retry_at == trouble.retries[0]
    await until(world, ada, trouble.access_until - timedelta(seconds=1))
    assert (await subscription_of(world, ada)).state.name in ("past_due", "grace")
    await until(world, ada, trouble.access_until)
    assert (await subscription_of(world, ada)).state.name == "suspended"
    await until(world, ada, ending.at)
    assert (await subscription_of(world, ada)).state.name == "canceled"


async def test_a_cancelled_subscription_has_no_next_invoice_and_says_when_it_ends(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await cancel(world, ada, CancelAt.PERIOD_END)
    told = await foresee(world, ada)
    assert (told.invoices, [each.at for each in told.endings]) == ((), [day(2, 1)])


@pytest.mark.row("X9")
async def test_nothing_is_left_behind(world: World, owner_url: str) -> None:
    ada = await buyer(world)
    await start(world, ada)
    connection = await asyncpg.connect(owner_url)
    try:
        prints = await fingerprints(connection)
        before = await prints.now()
        await foresee(world, ada, card=Card.FAILS)
        await foresee(world, ada, price=world.prices["team"])
        assert await prints.now() == before
    finally:
        await connection.close()


async def refused(world: World, of: Someone, invoices: int = 12) -> RefusalCode:
    """Why nothing is foreseen."""
    with pytest.raises(Refused) as found:
        await foresee(world, of, invoices)
    return found.value.code


@pytest.mark.row("X9")
async def test_of_two_drafts_that_give_the_same_back_only_the_first_is_foreseen_as_issued(world: World) -> None:
    ada = await buyer(world)
    _, one = await to_replace_a_change(world, ada)
    wrong = (await switch(world, ada, world.prices["team"], Timing.NOW, 2)).invoice
    assert wrong
    done = await by_finance(world, ada, void_invoice, VoidInvoice(wrong, "Wrong again.", replace=True))
    other, of = done.replacement, (await subscription_of(world, ada)).id
    assert other
    command = Simulate(of, 1, drafts=True)
    told = (await perform(world.house.db, simulate, ada.actor, ada.id, command, "preview", preview=True)).outcome
    assert [(each.draft, each.code) for each in told.refused] == [(other, RefusalCode.EXCEEDS_INVOICED)]
    issued = await by_finance(world, ada, finalize_draft, FinalizeDraft(one))
    assert [each.total for each in told.invoices] == [issued.total]
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, finalize_draft, FinalizeDraft(other))
    assert refused.value.code is RefusalCode.EXCEEDS_INVOICED


async def test_what_cannot_be_foreseen_is_refused(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    assert await refused(world, ada, 0) is RefusalCode.INVALID_INPUT
    assert await refused(world, ada, MOST + 1) is RefusalCode.INVALID_INPUT
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 3))
    assert await refused(world, ada) is RefusalCode.STATE_CONFLICT


async def test_a_pause_whose_next_depends_on_a_payment_is_not_foreseen(world: World) -> None:
    ada, _ = await owing(world, day(3, 1))
    assert await refused(world, ada) is RefusalCode.STATE_CONFLICT
    await cancel(world, ada, CancelAt.PERIOD_END)
    assert await refused(world, ada) is RefusalCode.STATE_CONFLICT
    await world.card(ada)
    known = await foresee(world, ada)
    assert (known.invoices, [each.at for each in known.endings]) == ((), [day(2, 1)])
