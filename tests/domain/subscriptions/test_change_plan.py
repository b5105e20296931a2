"""Changing the plan: what it costs, that it applies only if it is paid, and what may come in between."""

from datetime import datetime, timedelta

import pytest

from domain.invoices.line import Line, lines_of
from domain.ledger.balance import balance
from domain.money import Money, share
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change import PlanChanging, Timing
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.subscription import Subscription
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
from tests.world import EUR, Someone, World, fresh


async def change(world: World, of: Someone, to: str) -> PlanChanging:
    """A change of the customer's newest subscription, and all that follows from it."""
    now = await subscription_of(world, of)
    return (await world.do(of, change_plan, ChangePlan(now.id, world.prices[to]))).outcome


async def begin_change(world: World, of: Someone, to: str) -> PlanChanging:
    """A change whose payment nobody has sent yet."""
    command = ChangePlan((await subscription_of(world, of)).id, world.prices[to])
    return (await perform(world.house.db, change_plan, of.actor, of.id, command, fresh("change"))).outcome


async def refused(world: World, of: Someone, to: str) -> RefusalCode:
    """Why a change is refused."""
    with pytest.raises(Refused) as caught:
        await change(world, of, to)
    return caught.value.code


def terms(of: Subscription) -> tuple[object, ...]:
    """All that a change may change."""
    return (of.plan, of.price, of.unit_amount, of.period, of.next_price, of.pending, of.state)


async def credit_of(world: World, of: Someone) -> int:
    """What the customer has in credit."""
    return (await balance(world.house.db.primary, of.id, EUR)).credit.minor


async def lines_on(world: World, of: Someone, position: int) -> tuple[Line, ...]:
    """The lines of the customer's invoice at a place in the order of issue."""
    chosen = (await invoices_of(world, of))[position].id
    return (await lines_of(world.house.db.primary, of.id, [chosen]))[chosen]


@pytest.mark.row("D4")
@pytest.mark.row("D5")
async def test_the_lines_of_a_change_are_stored_with_what_gives_their_amounts_again(world: World) -> None:
    ada = await buyer(world)
    first = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await change(world, ada, "team")
    credit, charge = await lines_on(world, ada, -1)
    assert (credit.amount.minor, charge.amount.minor) == (-653, 1306)
    assert (credit.starts_at, credit.ends_at) == (charge.starts_at, charge.ends_at) == (day(1, 11, 18), day(2, 1))
    assert credit.credits is not None
    assert (credit.credits.invoice, credit.credits.position) == (first.invoice, 1)
    for line, price in ((credit, 1000), (charge, 2000)):
        of = line.derivation
        assert (of.price.minor, of.numerator, of.denominator) == (price, (20 * 24 + 6) * 3600, 31 * 86400)
        assert share(of.numerator, of.denominator, of.price).minor == abs(line.amount.minor)


@pytest.mark.parametrize(
    ("at", "credit", "charge"),
    [
        (day(1, 1), 1000, 2000),  # at the very start: the whole period is on the new plan
        (day(1, 16, 12), 500, 1000),  # half of it
        (day(1, 31, 23, 59) + timedelta(seconds=59), 0, 0),  # its last second
        (day(1, 31), 32, 65),  # 1000 / 31 = 32.26 and 2000 / 31 = 64.52
    ],
)
async def test_an_upgrade_costs_the_share_of_the_period_that_is_left(
    world: World, at: datetime, credit: int, charge: int
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    if at > day(1, 1):
        await until(world, ada, at)
    changing = await change(world, ada, "team")
    assert (changing.credit.minor, changing.charge.minor, changing.due.minor) == (credit, charge, charge - credit)
    assert (await subscription_of(world, ada)).unit_amount.minor == 2000
    assert await wrong_rows(world, ada) == []


async def test_a_chain_of_upgrades_costs_the_sum_of_its_constant_stretches(world: World) -> None:
    ada = await buyer(world)
    middle, high = await publish(world, Money(1500, EUR)), await publish(world, Money(4000, EUR))
    begun = await start(world, ada)
    for at, prices in ((day(1, 9), (middle, world.prices["team"])), (day(1, 20, 7), (high,))):
        await until(world, ada, at)
        for price in prices:
            await world.do(ada, change_plan, ChangePlan(begun.subscription, price))
    whole, paid = 31 * 86400, sum(invoice.paid.minor for invoice in await invoices_of(world, ada))
    seconds = (8 * 86400, 11 * 86400 + 7 * 3600, 11 * 86400 + 17 * 3600)
    exact = sum(price * length for price, length in zip((1000, 2000, 4000), seconds, strict=True)) / whole
    assert abs(paid - exact) <= 1.5  # half a minor unit for each line that was rounded and stays
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("Y2")
@pytest.mark.parametrize("token", ["tok_insufficient_funds", "tok_stolen_card"])
async def test_a_change_whose_payment_is_declined_is_void_and_leaves_the_subscription_as_it_was(
    world: World, token: str
) -> None:
    ada = await buyer(world)
    await start(world, ada, "team")
    await change(world, ada, "starter")  # planned for the next term
    high = await publish(world, Money(9000, EUR))
    before = await subscription_of(world, ada)
    await world.card(ada, token)
    await world.do(ada, change_plan, ChangePlan(before.id, high))
    assert terms(await subscription_of(world, ada)) == terms(before)
    assert before.next_price == world.prices["starter"]
    declined = (await invoices_of(world, ada))[-1]
    assert (declined.state.name, declined.due.minor, declined.paid.minor) == ("void", 0, 0)
    owed = await balance(world.house.db.primary, ada.id, EUR)
    assert (owed.receivable.minor, owed.credit.minor) == (0, 0)
    await until(world, ada, day(2, 2))
    assert (await subscription_of(world, ada)).price == world.prices["starter"]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D20")
async def test_while_a_change_waits_for_its_payment_every_other_change_is_refused(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    high = await publish(world, Money(9000, EUR))
    changing = await begin_change(world, ada, "team")
    before = await subscription_of(world, ada)
    for price in (world.prices["team"], high, world.prices["starter"]):
        with pytest.raises(Refused) as caught:
            await perform(world.house.db, change_plan, ada.actor, ada.id, ChangePlan(before.id, price), fresh("key"))
        assert caught.value.code is RefusalCode.CHANGE_PENDING
    assert terms(await subscription_of(world, ada)) == terms(before)
    assert changing.invoice is not None
    assert len(await attempts_at(world, ada, changing.invoice)) == 1


async def test_a_change_applies_only_when_its_payment_is_captured(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_bank_held")
    changing = await change(world, ada, "team")
    assert (await subscription_of(world, ada)).unit_amount.minor == 1000
    await tell(world, ada, changing.payment, News.CAPTURED)
    now = await subscription_of(world, ada)
    assert (now.unit_amount.minor, now.pending_invoice, now.next_price) == (2000, None, None)


@pytest.mark.row("D7")
async def test_a_change_that_is_paid_after_its_period_is_over_becomes_credit_for_the_next_invoice(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    changing = await change(world, ada, "team")
    await world.card(ada)
    await until(world, ada, day(2, 2))
    assert (await subscription_of(world, ada)).unit_amount.minor == 1000
    await tell(world, ada, changing.payment, News.CAPTURED)
    now = await subscription_of(world, ada)
    assert (now.unit_amount.minor, now.pending_invoice) == (1000, None)
    assert await credit_of(world, ada) == 653
    await until(world, ada, day(3, 2))
    renewed = (await invoices_of(world, ada))[-1]
    assert (renewed.total.minor, renewed.credited.minor, renewed.paid.minor) == (1000, 653, 347)
    assert await credit_of(world, ada) == 0
    assert await wrong_rows(world, ada) == []


async def test_a_change_that_is_paid_after_its_shorter_cycle_is_over_becomes_credit_as_well(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    weekly = await publish(world, Money(3000, EUR), Unit.WEEK)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, "tok_bank_held")
    command = ChangePlan((await subscription_of(world, ada)).id, weekly)
    changing = (await world.do(ada, change_plan, command)).outcome
    assert (changing.due.minor, changing.mode) == (3000 - 653, "new_cycle")
    await until(world, ada, day(1, 20))
    await tell(world, ada, changing.payment, News.CAPTURED)
    now = await subscription_of(world, ada)
    assert (now.unit_amount.minor, now.period.start, now.pending_invoice) == (1000, day(1, 1), None)
    assert await credit_of(world, ada) == 3000 - 653
    assert len(await invoices_of(world, ada)) == 2  # no week that nobody had is billed
    assert await wrong_rows(world, ada) == []


async def test_a_dearer_plan_is_not_credited_with_a_period_that_is_not_paid(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(2, 1, 0, 59) + timedelta(seconds=59))
    assert (await subscription_of(world, ada)).period.start == day(2, 1)
    assert await refused(world, ada, "team") is RefusalCode.STATE_CONFLICT  # the invoice is still a draft
    await until(world, ada, day(2, 3))
    assert await refused(world, ada, "team") is RefusalCode.STATE_CONFLICT  # the bank has not paid it yet
    (attempt,) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    await tell(world, ada, attempt.id, News.CAPTURED)
    await world.card(ada)
    await change(world, ada, "team")
    assert (await subscription_of(world, ada)).unit_amount.minor == 2000


async def test_a_cheaper_plan_begins_with_the_next_term_and_costs_nothing_before(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada, "team")
    await until(world, ada, day(1, 11, 18))
    changing = await change(world, ada, "starter")
    assert (changing.due.minor, changing.invoice, changing.effective_at) == (0, None, day(2, 1))
    assert (await subscription_of(world, ada)).unit_amount.minor == 2000
    await until(world, ada, day(2, 2))
    assert [invoice.total.minor for invoice in await invoices_of(world, ada)] == [2000, 1000]


async def test_another_interval_begins_with_the_next_term_where_that_is_asked_for(world: World) -> None:
    ada = await buyer(world, clock_at=day(1, 31))
    await start(world, ada)
    weekly = await publish(world, Money(300, EUR), Unit.WEEK)
    now = await subscription_of(world, ada)
    await world.do(ada, change_plan, ChangePlan(now.id, weekly, timing=Timing.PERIOD_END))
    await until(world, ada, day(3, 8))
    assert [(one.period_start, one.period_end, one.total.minor) for one in await invoices_of(world, ada)] == [
        (day(1, 31), day(2, 28), 1000),
        (day(2, 28), day(3, 7), 300),
        (day(3, 7), day(3, 14), 300),
    ]


@pytest.mark.row("Y1")
async def test_a_preview_shows_the_very_amounts_and_changes_nothing(world: World) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    before = (await subscription_of(world, ada), await invoices_of(world, ada))
    command, db = ChangePlan(begun.subscription, world.prices["team"]), world.house.db
    shown = (await perform(db, change_plan, ada.actor, ada.id, command, fresh("key"), preview=True)).outcome
    assert (await subscription_of(world, ada), await invoices_of(world, ada)) == before
    done = await change(world, ada, "team")
    assert (shown.credit, shown.charge, shown.due, shown.effective_at) == (
        done.credit,
        done.charge,
        done.due,
        done.effective_at,
    )
    assert shown.payment is None


@pytest.mark.parametrize("to", ["starter", "usd"])
async def test_a_change_that_makes_no_sense_is_refused_and_leaves_nothing(world: World, to: str) -> None:
    ada = await buyer(world)
    await start(world, ada)
    before = await subscription_of(world, ada)
    expected = {"starter": RefusalCode.STATE_CONFLICT, "usd": RefusalCode.CURRENCY_MISMATCH}[to]
    assert await refused(world, ada, to) is expected
    assert terms(await subscription_of(world, ada)) == terms(before)


async def test_a_free_plan_can_be_taken_and_left_for_one_that_costs(world: World) -> None:
    ada = await buyer(world)
    free = await publish(world, Money(0, EUR))
    begun = await buy(world, ada, free)
    assert (await subscription_of(world, ada)).state.name == "active"
    await until(world, ada, day(1, 16, 12))
    changed = await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["starter"]))
    assert (changed.outcome.credit.minor, changed.outcome.charge.minor) == (0, 500)
    assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["paid", "paid"]
    await until(world, ada, day(2, 2))
    assert (await invoices_of(world, ada))[-1].paid.minor == 1000
    assert await wrong_rows(world, ada) == []
