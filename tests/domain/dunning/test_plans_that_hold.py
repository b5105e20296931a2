"""Plans of parts that something crosses: another case's last day, news that nobody hears, a transfer in between."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from domain import dead_letter, outbox
from domain.actor import Grant
from domain.dunning.case import Case, cases
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.money import Money
from domain.payments.debt_policy import DebtPolicy
from domain.payments.installments import plans_of
from domain.payments.order_methods import RemoveMethod, remove_method
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.dunning_kit import case_now, owing
from tests.families import billed, block, own_policy
from tests.lives import attempts_at, buy, day, invoices_of, publish, tell, until, wrong_rows
from tests.tax_kit import move
from tests.world import EUR, Someone, World, fresh, make_world

ONCE, HELD = "tok_insufficient_funds_times_1", "tok_bank_held"
DAY = timedelta(days=1)
NOBODY = UUID(int=0)  # who holds no lease


@pytest.fixture(scope="module")
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose customers pay in parts for up to two months."""
    world = await make_world(house, shard_keys=8)
    await world.recover_by(RecoveryPolicy(split_days=60))
    yield world


async def stands(world: World, of: Someone, case: Case) -> tuple[str, str, str]:
    """The states of the plan, of the case and of the invoice."""
    found = next(each for each in await cases(world.house.db.primary, of.id) if each.id == case.id)
    billed = next(each for each in await invoices_of(world, of) if each.id == case.invoice)
    plan = (await plans_of(world.house.db.primary, of.id, case.invoice))[-1]
    return plan.state.name, found.state.name, billed.state.name


async def newest(world: World, of: Someone, case: Case, news: News, *, hard: bool = False, follow: bool = True) -> None:
    """What the provider says of the newest attempt at the case's invoice."""
    (*_, last) = await attempts_at(world, of, case.invoice)
    await tell(world, of, last.id, news, hard=hard, follow=follow)


async def bury_events(world: World, of: Someone) -> list[str]:
    """Takes away every event that waits, as if each had failed too often; their kinds."""
    db, buried = world.house.db, []
    now = db.clock.now()
    while event := await outbox.next_event(db.primary, of.id, now):
        await dead_letter.bury(db, event, "it failed too often", fresh("error"))
        await outbox.finish(db.marks, event, NOBODY, now, now)
        buried.append(event.kind)
    return buried


async def on_held(world: World, parts: int, days: int) -> tuple[Someone, Case]:
    """Somebody who splits an invoice, with the first part waiting at the bank."""
    ada, case = await owing(world, ONCE)
    await world.card(ada, HELD)
    await newest(world, ada, case, News.DECLINED)
    await world.do(ada, split_invoice, SplitInvoice(case.invoice, parts, days))
    return ada, case


async def owing_two_weeks(shop: World) -> tuple[Someone, Case, Case]:
    """Somebody whose bank declined two renewals of one subscription, and their cases in order."""
    ada = await shop.customer()
    paid = await shop.card(ada)
    await buy(shop, ada, await publish(shop, Money(300, EUR), Unit.WEEK))
    await shop.card(ada, HELD)
    await shop.do(ada, remove_method, RemoveMethod(paid))
    await until(shop, ada, day(1, 16))
    for renewal in (await invoices_of(shop, ada))[1:]:
        (held,) = await attempts_at(shop, ada, renewal.id)
        await tell(shop, ada, held.id, News.DECLINED)
    earlier, later = await cases(shop.house.db.primary, ada.id)
    return ada, earlier, later


async def test_a_case_on_its_last_day_waits_for_another_of_its_subscription_that_is_paid_in_parts(shop: World) -> None:
    ada, other, split = await owing_two_weeks(shop)
    await shop.do(ada, split_invoice, SplitInvoice(split.invoice, 2, 45))
    await newest(shop, ada, split, News.CAPTURED)
    await until(shop, ada, split.opened_at + 3 * DAY)
    await newest(shop, ada, other, News.DECLINED, hard=True)
    await until(shop, ada, other.give_up_at + 3 * DAY)
    assert await stands(shop, ada, split) == ("active", "retrying", "open")
    await until(shop, ada, split.opened_at + 47 * DAY)
    assert {each.state.name for each in await cases(shop.house.db.primary, ada.id)} == {"given_up"}
    assert await wrong_rows(shop, ada) == []


async def test_two_invoices_that_are_paid_in_parts_have_each_a_plan_that_only_its_own_parts_end(shop: World) -> None:
    ada, kept, broken = await owing_two_weeks(shop)
    for case in (kept, broken):
        await shop.do(ada, split_invoice, SplitInvoice(case.invoice, 2, 3))
    for case in (kept, broken):
        (plan,) = await plans_of(shop.house.db.primary, ada.id, case.invoice)
        begun = (await attempts_at(shop, ada, case.invoice))[-1].id
        assert [(part.amount.minor, part.payment) for part in plan.parts] == [(150, begun), (150, None)]
    await newest(shop, ada, broken, News.DECLINED)
    assert [(await stands(shop, ada, case))[0] for case in (kept, broken)] == ["active", "broken"]
    await newest(shop, ada, kept, News.CAPTURED)
    await until(shop, ada, day(1, 20))
    await newest(shop, ada, kept, News.CAPTURED)
    assert await stands(shop, ada, kept) == ("completed", "recovered", "paid")
    assert (await stands(shop, ada, broken))[::2] == ("broken", "open")
    assert await wrong_rows(shop, ada) == []


async def test_what_is_paid_in_parts_blocks_nobody_while_its_plan_holds_and_what_is_owed_beside_it_does(
    shop: World,
) -> None:
    ada, case = await owing(shop)
    await move(shop, ada, "US")  # where no law gives more days
    await own_policy(shop, ada, DebtPolicy(1))
    await shop.card(ada, HELD)
    await newest(shop, ada, case, News.DECLINED)  # what was charged on that card at once
    await until(shop, ada, day(2, 3, 12))
    await newest(shop, ada, case, News.DECLINED)  # and the first retry
    await until(shop, ada, day(2, 3, 14))
    before = await block(shop, ada, day(2, 3, 13))
    assert before is not None and before.owed == Money(1000, EUR)
    await shop.do(ada, split_invoice, SplitInvoice(case.invoice, 2, 20))
    await newest(shop, ada, case, News.CAPTURED)
    beside = await billed(shop, ada)
    assert [await block(shop, ada, day(2, 3, hour)) for hour in (13, 14)] == [before, None]
    await until(shop, ada, day(2, 19))
    meanwhile = await block(shop, ada, day(2, 19))
    assert meanwhile is not None and [each.invoice for each in meanwhile.invoices] == [beside]
    await until(shop, ada, day(2, 24))
    await newest(shop, ada, case, News.DECLINED)
    assert (await stands(shop, ada, case))[0] == "broken"
    after = await block(shop, ada, day(2, 24))
    assert after is not None and after.owed == Money(10_500, EUR)
    assert await block(shop, ada, day(2, 19)) == meanwhile
    assert await wrong_rows(shop, ada) == []


async def test_a_part_that_fails_while_nobody_hears_of_it_breaks_the_plan_a_day_later(shop: World) -> None:
    ada, case = await on_held(shop, 2, 45)
    await newest(shop, ada, case, News.DECLINED, follow=False)
    assert "payment.failed" in await bury_events(shop, ada)
    await until(shop, ada, case.opened_at + 2 * DAY)
    assert (await stands(shop, ada, case))[:2] == ("broken", "retrying")
    now = await case_now(shop, ada)
    assert (now.waiting_since, now.next_retry_at) == (None, case.opened_at + 3 * DAY)
    assert await wrong_rows(shop, ada) == []


async def test_a_part_that_was_taken_while_nobody_heard_of_it_is_followed_by_the_next_on_its_day(shop: World) -> None:
    ada, case = await on_held(shop, 2, 10)
    await newest(shop, ada, case, News.CAPTURED, follow=False)
    assert "payment.short" in await bury_events(shop, ada)
    await until(shop, ada, case.opened_at + 11 * DAY)
    assert [each.amount.minor for each in await attempts_at(shop, ada, case.invoice)][2:] == [500, 500]
    await newest(shop, ada, case, News.CAPTURED)
    assert await stands(shop, ada, case) == ("completed", "recovered", "paid")
    assert await wrong_rows(shop, ada) == []


async def test_a_transfer_that_comes_before_a_part_is_sent_lowers_the_part_and_the_plan_holds(
    shop: World,
) -> None:
    ada, case = await owing(shop, ONCE)
    command = SplitInvoice(case.invoice, 2, 10)
    await perform(shop.house.db, split_invoice, ada.actor, ada.id, command, fresh("split"))
    transfer = RecordOfflinePayment(case.invoice, Means.TRANSFER, fresh("transfer"), Money(600, EUR))
    await perform(shop.house.db, record_offline, shop.staff(Grant.FINANCE), ada.id, transfer, fresh("transfer"))
    await do_now(shop.house, ada.id)
    await until(shop, ada, case.opened_at + DAY)
    tries = [(each.amount.minor, each.state.name) for each in await attempts_at(shop, ada, case.invoice)]
    assert tries == [(1000, "failed"), (500, "voided"), (600, "succeeded"), (200, "captured")]
    await do_now(shop.house, ada.id)
    await until(shop, ada, case.opened_at + 11 * DAY)
    assert await stands(shop, ada, case) == ("completed", "recovered", "paid")
    assert (await attempts_at(shop, ada, case.invoice))[-1].amount.minor == 200
    assert await wrong_rows(shop, ada) == []
