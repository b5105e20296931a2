"""A quote binds: exactly that is charged, or nothing; and no change of any kind, at any time, breaks anything."""

import os
from datetime import timedelta
from itertools import product

import pytest

from domain.actor import Grant
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.binding import QUOTE_FOR, Binding
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.next_invoice import PreviewNextInvoice, preview_next_invoice
from domain.timeline.simulate import Simulate, simulate
from tests.catalog_kit import monthly, new_plan, new_price
from tests.dispute_kit import disputed
from tests.domain.invoices.bills import eur
from tests.lives import buy, buyer, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.subscription_lives import BY_DAY, plan_of, refusal, seats, switch, trial
from tests.webhook_desk import Desk
from tests.world import LONG_AGO, Someone, World, fresh

EVERY = int(os.environ.get("EVERY_PAIR", "5"))  # of the pairs of plans; each has another timing and instant. 1: all


async def quote(world: World, of: Someone, to: str, timing: Timing = Timing.BY_RULE) -> ChangePlan:
    """The change that a quote of this second promises."""
    command = ChangePlan((await subscription_of(world, of)).id, world.prices[to], timing=timing)
    shown = (await perform(world.house.db, change_plan, of.actor, of.id, command, "preview", preview=True)).outcome
    return bound(command, shown)


def bound(command: ChangePlan, shown: PlanChanging) -> ChangePlan:
    """The same change, by what a preview showed."""
    assert shown.worked_out_at
    assert shown.version is not None
    binding = Binding(shown.worked_out_at, shown.worked_out_at + QUOTE_FOR, shown.version, shown.digest)
    return ChangePlan(command.subscription, command.price, command.quantity, command.timing, binding)


@pytest.mark.row("X1")
async def test_a_quote_is_charged_as_it_was_given_also_some_minutes_later(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    command = await quote(world, ada, "team")
    await until(world, ada, day(1, 11, 18, 14))
    done = (await world.do(ada, change_plan, command)).outcome
    assert (done.credit.minor, done.charge.minor, done.due.minor) == (653, 1306, 653)
    assert done.digest == (command.quote.digest if command.quote else None)
    assert (await invoices_of(world, ada))[-1].paid.minor == 653


@pytest.mark.row("X1")
async def test_a_quote_that_does_not_hold_any_more_charges_nothing(world: World) -> None:
    ada = await buyer(world)
    await buy(world, ada, world.prices["starter"], 2)
    first, second = await quote(world, ada, "team"), await quote(world, ada, "yearly", Timing.PERIOD_END)
    await world.do(ada, change_plan, second)
    assert await refusal(world, ada, change_plan, first) is RefusalCode.QUOTE_STALE  # the other tab was faster
    third = await quote(world, ada, "team")
    await seats(world, ada, 3)
    assert await refusal(world, ada, change_plan, third) is RefusalCode.QUOTE_STALE
    fourth = await quote(world, ada, "team")
    assert fourth.quote is not None
    other = Binding(fourth.quote.pinned_at, fourth.quote.expires_at, fourth.quote.version, "0" * 64)
    forged = ChangePlan(fourth.subscription, fourth.price, quote=other)
    assert await refusal(world, ada, change_plan, forged) is RefusalCode.QUOTE_STALE
    await until(world, ada, fourth.quote.expires_at)
    assert await refusal(world, ada, change_plan, fourth) is RefusalCode.QUOTE_STALE
    assert len(await invoices_of(world, ada)) == 2


async def test_a_quote_of_a_period_that_is_over_charges_nothing_before_its_renewal_either(
    world: World,
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 31, 23, 55))
    month, year = await quote(world, ada, "team"), await quote(world, ada, "yearly")
    await until(world, ada, day(2, 1))
    if (await subscription_of(world, ada)).period.start == day(1, 1):  # but for one in 3600, whose second is the first
        assert await refusal(world, ada, change_plan, year) is RefusalCode.QUOTE_STALE
        assert await refusal(world, ada, change_plan, month) is RefusalCode.QUOTE_STALE
    assert len(await invoices_of(world, ada)) == 1


@pytest.mark.row("X1")
async def test_a_quote_of_a_price_that_was_taken_off_the_list_meanwhile_is_stale(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    plan, _ = await new_plan(world)
    price = await new_price(world, monthly(plan, 2000))
    command = ChangePlan((await subscription_of(world, ada)).id, price)
    shown = (await perform(world.house.db, change_plan, ada.actor, ada.id, command, "preview", preview=True)).outcome
    await new_price(world, monthly(plan, 2500, LONG_AGO + timedelta(days=1)))
    assert await refusal(world, ada, change_plan, bound(command, shown)) is RefusalCode.QUOTE_STALE
    assert await refusal(world, ada, change_plan, command) is RefusalCode.NOT_FOUND


@pytest.mark.row("D20")
async def test_of_two_tabs_that_change_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    tabs = await quote(world, ada, "team"), await quote(world, ada, "yearly")
    await perform(world.house.db, change_plan, ada.actor, ada.id, tabs[0], fresh("tab"))
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, change_plan, ada.actor, ada.id, tabs[1], fresh("tab"))
    assert refused.value.code is RefusalCode.CHANGE_PENDING
    await do_now(world.house, ada.id)
    assert (await subscription_of(world, ada)).price == world.prices["team"]


@pytest.mark.row("Y1")
@pytest.mark.row("D17")
async def test_every_plan_pair_timing_and_instant_does_what_its_preview_showed(world: World) -> None:
    kinds = [
        world.prices["starter"], world.prices["team"], world.prices["yearly"],
        await plan_of(world, 1700, BY_DAY), await plan_of(world, 0, BY_DAY), await plan_of(world, 1200, trial(3)),
        await plan_of(world, 400, BY_DAY, Unit.WEEK),
    ]  # fmt: skip
    instants = (timedelta(0), timedelta(days=3, hours=5, seconds=7), timedelta(days=27, hours=23, minutes=59))
    sue, db, done = world.staff(Grant.SUPPORT), world.house.db, 0
    pairs = list(enumerate((a, b) for a, b in product(kinds, kinds) if a != b))
    for index, (one, other) in pairs[::EVERY]:
        timing = list(Timing)[index % 4]
        ada = await buyer(world, clock_at=day(1, 31))
        begun = await buy(world, ada, one)
        if later := instants[index % 3]:
            await until(world, ada, day(1, 31) + later)
        command = ChangePlan(begun.subscription, other, timing=timing)
        try:
            shown = (await perform(db, change_plan, sue, ada.id, command, "preview", preview=True)).outcome
        except Refused as refused:  # a period that is not issued yet takes no change that is billed now
            assert refused.code is RefusalCode.STATE_CONFLICT
            continue
        made = (await perform(db, change_plan, sue, ada.id, bound(command, shown), fresh("key"))).outcome
        assert (made.digest, made.due, made.total) == (shown.digest, shown.due, shown.total)
        await do_now(world.house, ada.id)
        await until(world, ada, day(4, 2))
        now = await subscription_of(world, ada)
        assert other in (now.price, now.planned.price)  # a year is not over yet
        assert (now.price == other) or (one == world.prices["yearly"] and made.mode == "period_end")
        assert await wrong_rows(world, ada) == []
        done += 1
    assert done * 2 > len(pairs[::EVERY])


@pytest.mark.row("Y1")
@pytest.mark.parametrize(("taken", "pays"), [(600, True), (700, False), (1000, False)])
async def test_a_quote_counts_on_no_unused_time_whose_money_a_dispute_has_taken(
    world: World, desk: Desk, taken: int, pays: bool
) -> None:
    of = await disputed(world, desk, taken)
    await of.told()
    await world.card(of.who, "tok_mastercard")
    command = ChangePlan((await subscription_of(world, of.who)).id, await plan_of(world, 400, BY_DAY, Unit.WEEK))
    ask = perform(world.house.db, change_plan, of.who.actor, of.who.id, command, "preview", preview=True)
    if pays:
        shown = (await ask).outcome
        made = (await world.do(of.who, change_plan, bound(command, shown))).outcome
        assert (made.mode, made.due.minor, made.digest) == ("new_cycle", 0, shown.digest)
        assert (made.given_back, shown.given_back) == (eur(1000), eur(1000))
    else:
        with pytest.raises(Refused, match="What is unused does not pay for what begins") as refused:
            await ask
        assert refused.value.code is RefusalCode.STATE_CONFLICT
        assert await refusal(world, of.who, change_plan, command) is RefusalCode.STATE_CONFLICT
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("Y1")
async def test_what_comes_next_is_not_known_while_a_change_waits_for_its_payment(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await world.card(ada, "tok_bank_held")
    await switch(world, ada, world.prices["team"])
    db, of, why = world.house.db, begun.subscription, "what comes next depends on that"
    with pytest.raises(Refused, match=why) as shown:
        await perform(db, preview_next_invoice, ada.actor, ada.id, PreviewNextInvoice(of), "preview", preview=True)
    with pytest.raises(Refused, match=why) as foreseen:
        await perform(db, simulate, ada.actor, ada.id, Simulate(of), "preview", preview=True)
    assert (shown.value.code, foreseen.value.code) == (RefusalCode.CHANGE_PENDING,) * 2


@pytest.mark.row("Y1")
@pytest.mark.parametrize("begin", ["starter", "trial"])
async def test_the_next_invoice_is_the_one_that_was_shown(world: World, begin: str) -> None:
    ada = await buyer(world)
    price = world.prices["starter"] if begin == "starter" else await plan_of(world, 900, trial(10))
    begun = await buy(world, ada, price, 3)
    if begin == "starter":
        await seats(world, ada, 2)
        await switch(world, ada, await plan_of(world, 800, BY_DAY))
    command = PreviewNextInvoice(begun.subscription)
    shown = (
        await perform(world.house.db, preview_next_invoice, ada.actor, ada.id, command, "preview", preview=True)
    ).outcome
    await until(world, ada, shown.issued_at)
    issued = (await invoices_of(world, ada))[-1]
    assert (issued.period_start, issued.period_end) == (shown.period_start, shown.period_end)
    assert (issued.issued_at, issued.total) == (shown.issued_at, shown.total)
