"""An overdue invoice in parts: each part is charged once, never more than is due, and a part that fails breaks it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import due
from domain.actor import Grant
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.dunning.case import PART, Case
from domain.dunning.parts import ChargePart, charge_part
from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.split_invoice import InvoiceSplit, SplitInvoice, split_invoice
from domain.money import Money
from domain.payments.grace_rule import PublishGraceRule, publish_grace_rule
from domain.payments.installments import Plan, plans_of
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do, do_now
from domain.refusals import RefusalCode, Refused
from domain.tax.rate import CustomerKind
from tests.catalog_kit import by_admin
from tests.domain.invoices.bills import note
from tests.dunning_kit import case_now, owing, told
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import attempts_at, by_house, invoices_of, is_entitled, subscription_of, tell, until, wrong_rows
from tests.world import EUR, Someone, World, fresh, make_world

ONCE = "tok_insufficient_funds_times_1"
DAY = timedelta(days=1)


async def split(world: World, of: Someone, case: Case, parts: int = 3, days: int = 10) -> InvoiceSplit:
    """The customer's own plan, and all that follows from it."""
    return (await world.do(of, split_invoice, SplitInvoice(case.invoice, parts, days))).outcome


async def refused(world: World, of: Someone, case: Case, parts: int = 2, days: int = 10) -> RefusalCode:
    """Why it cannot be split so."""
    with pytest.raises(Refused) as error:
        await split(world, of, case, parts, days)
    return error.value.code


async def plan_of(world: World, of: Someone, case: Case) -> Plan:
    """The newest plan of the case's invoice."""
    return (await plans_of(world.house.db.primary, of.id, case.invoice))[-1]


async def paid(world: World, of: Someone, case: Case) -> list[tuple[int, str]]:
    """How much each attempt asked for, and what came of it."""
    return [(each.amount.minor, each.state.name) for each in await attempts_at(world, of, case.invoice)]


async def stands(world: World, of: Someone, case: Case) -> tuple[str, str, bool]:
    """The states of the plan and of the case, and whether there is access."""
    return (
        (await plan_of(world, of, case)).state.name,
        (await case_now(world, of)).state.name,
        await is_entitled(world, of),
    )


@pytest.mark.row("X6")
async def test_a_plan_that_is_kept_is_paid_part_by_part_while_the_case_waits_and_access_stays(shop: World) -> None:
    ada, case = await owing(shop, ONCE)
    made = await split(shop, ada, case)
    assert await paid(shop, ada, case) == [(1000, "failed"), (334, "captured")]
    assert (await attempts_at(shop, ada, case.invoice))[1].id == made.payment
    await until(shop, ada, case.suspend_at + 2 * DAY)
    assert (await paid(shop, ada, case))[2:] == [(333, "captured")]
    assert await stands(shop, ada, case) == ("active", "retrying", True)
    assert await told(shop, ada, case) == []
    await until(shop, ada, (await plan_of(shop, ada, case)).parts[2].due_at)
    assert (await paid(shop, ada, case))[3:] == [(333, "captured")]
    assert await stands(shop, ada, case) == ("completed", "recovered", True)
    assert ((await subscription_of(shop, ada)).state.name, (await invoices_of(shop, ada))[-1].due.minor) == (
        "active",
        0,
    )
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("X6")
async def test_a_part_that_fails_breaks_the_plan_and_the_timeline_goes_on_where_it_stopped(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1", "tok_insufficient_funds_after_1")
    await until(shop, ada, case.opened_at + DAY)
    await split(shop, ada, case, 2, 10)
    await shop.card(ada, "tok_do_not_honor")
    await until(shop, ada, case.opened_at + 11 * DAY)
    assert await paid(shop, ada, case) == [(1000, "failed"), (500, "captured"), (500, "failed")]
    assert await stands(shop, ada, case) == ("broken", "retrying", True)
    now = await case_now(shop, ada)
    assert (now.suspend_at - case.suspend_at, now.next_retry_at) == (10 * DAY, case.opened_at + 12 * DAY)
    assert await refused(shop, ada, case) is RefusalCode.STATE_CONFLICT  # one plan for a case
    await until(shop, ada, case.opened_at + 12 * DAY)
    assert (await paid(shop, ada, case))[3:] == [(500, "failed"), (500, "captured")]  # the retry, and its backup
    assert await stands(shop, ada, case) == ("broken", "recovered", True)
    assert await wrong_rows(shop, ada) == []


async def test_who_pays_the_rest_early_or_owes_less_by_a_note_or_nothing_by_a_void_pays_no_more(shop: World) -> None:
    ada, case = await owing(shop, ONCE)
    await split(shop, ada, case, 2, 10)
    await shop.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    assert await stands(shop, ada, case) == ("completed", "recovered", True)
    eve, hers = await owing(shop, ONCE)
    await split(shop, eve, hers)
    await note(shop, eve, hers.invoice, 300)
    due_now = (await invoices_of(shop, eve))[-1].due
    assert [each.minor for _, each in (await plan_of(shop, eve, hers)).still_to_pay(due_now)] == [183, 183]
    await until(shop, eve, hers.opened_at + 21 * DAY)
    assert [amount for amount, _ in await paid(shop, eve, hers)] == [1000, 334, 183, 183]
    assert await stands(shop, eve, hers) == ("completed", "recovered", True)
    ida, other = await owing(shop, ONCE)
    await split(shop, ida, other)
    await note(shop, ida, other.invoice, 666)
    assert await stands(shop, ida, other) == ("completed", "stopped", True)
    await until(shop, ida, other.opened_at + 21 * DAY)
    assert len(await paid(shop, ida, other)) == 2
    for each in (ada, eve, ida):
        assert await wrong_rows(shop, each) == []


async def test_a_plan_is_cancelled_with_an_invoice_that_is_taken_back(shop: World) -> None:
    ada, case = await owing(shop, ONCE)
    await shop.card(ada, "tok_bank_held")
    (*_, waiting) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, waiting.id, News.DECLINED)
    await split(shop, ada, case)
    (*_, first) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, first.id, News.DECLINED)
    assert (await stands(shop, ada, case))[:2] == ("broken", "retrying")
    eve, hers = await owing(shop, ONCE)
    await split(shop, eve, hers)
    command = VoidInvoice(hers.invoice, "It was wrong.", False)
    await perform(shop.house.db, void_invoice, shop.staff(Grant.LEAD), eve.id, command, fresh("void"))
    await do_now(shop.house, eve.id)
    assert await stands(shop, eve, hers) == ("cancelled", "stopped", True)
    await until(shop, eve, hers.opened_at + 21 * DAY)
    assert len(await paid(shop, eve, hers)) == 2


@pytest.mark.row("X5")
async def test_a_part_whose_outcome_is_open_is_waited_for_and_nothing_else_is_charged(shop: World) -> None:
    ada, case = await owing(shop, ONCE, "tok_visa")
    await split(shop, ada, case, 3, 1)
    await shop.card(ada, "tok_bank_held")
    await until(shop, ada, case.opened_at + 30 * DAY)
    assert [state for _, state in await paid(shop, ada, case)] == ["failed", "captured", "processing"]
    assert await stands(shop, ada, case) == ("active", "retrying", True)
    with pytest.raises(Refused) as error:
        await shop.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    assert error.value.code is RefusalCode.PAYMENT_IN_PROGRESS
    (*_, part) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, part.id, News.CAPTURED)
    assert [state for _, state in await paid(shop, ada, case)][2:] == ["succeeded", "processing"]
    (*_, last) = await attempts_at(shop, ada, case.invoice)
    await tell(shop, ada, last.id, News.CAPTURED)
    assert await stands(shop, ada, case) == ("completed", "recovered", True)
    assert await wrong_rows(shop, ada) == []


async def test_two_tabs_that_split_make_one_plan_and_two_workers_charge_a_part_once(shop: World) -> None:
    ada, case = await owing(shop, ONCE)
    db = shop.house.db
    tabs = (
        perform(db, split_invoice, ada.actor, ada.id, SplitInvoice(case.invoice, parts, 5), fresh("tab"))
        for parts in (2, 3)
    )
    answers = await asyncio.gather(*tabs, return_exceptions=True)
    (lost,) = [each for each in answers if isinstance(each, BaseException)]
    assert isinstance(lost, Refused) and lost.code is RefusalCode.PAYMENT_IN_PROGRESS
    await do_now(shop.house, ada.id)
    assert len(await plans_of(db.primary, ada.id, case.invoice)) == 1
    first, second = (await plan_of(shop, ada, case)).parts[:2]
    await until(shop, ada, second.due_at - timedelta(seconds=1))
    await by_house(shop, ada, charge_part, ChargePart(case.id), follow=False)
    work = await due.find(db.primary, ada.id, PART, case.id.uuid)
    assert (work is not None, first.payment is not None) == (True, True)
    await until(shop, ada, second.due_at)
    both = (by_house(shop, ada, charge_part, ChargePart(case.id), follow=False) for _ in range(2))
    await asyncio.gather(*both)
    await do_now(shop.house, ada.id)
    plan = await plan_of(shop, ada, case)
    charged = [part.payment for part in plan.parts if part.payment]
    assert (len(charged), len(await paid(shop, ada, case))) == (2, 3)
    assert len(set(charged)) == 2


@pytest.mark.parametrize("point", ["perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed"])
async def test_a_process_that_dies_over_a_part_leaves_it_to_the_next_one(shop: World, point: str) -> None:
    ada, case = await owing(shop, ONCE)
    command = SplitInvoice(case.invoice, 2, 5)
    await perform(shop.house.db, split_invoice, ada.actor, ada.id, command, fresh("split"))
    async with killed_at(point):
        with pytest.raises(Killed):
            await do_now(shop.house, ada.id)
    await do_now(ahead(shop.house, LEASE_OVER), ada.id)
    await do_now(ahead(shop.house, 3 * LEASE_OVER), ada.id)
    assert [amount for amount, _ in await paid(shop, ada, case)] == [1000, 500]
    second = (await plan_of(shop, ada, case)).parts[1]
    await until(shop, ada, second.due_at - timedelta(seconds=1))
    work = await due.find(shop.house.db.primary, ada.id, PART, case.id.uuid)
    assert work is not None and (work.due_at == second.due_at)
    await until(shop, ada, second.due_at)
    assert await stands(shop, ada, case) == ("completed", "recovered", True)
    assert await wrong_rows(shop, ada) == []
    assert not await do(shop.house, work)


async def test_parts_that_are_too_many_too_far_apart_or_too_small_are_refused_and_law_can_lengthen_it(
    house: House,
) -> None:
    world = await make_world(house)
    rules = RecoveryPolicy(split_parts=4, split_days=9, least=(Money(300, EUR),))
    await world.recover_by(rules)
    ada, case = await owing(world)
    for parts, days, code in (
        (1, 1, RefusalCode.INVALID_INPUT), (5, 1, RefusalCode.INVALID_INPUT), (2, 0, RefusalCode.INVALID_INPUT),
        (2, 15, RefusalCode.INVALID_INPUT), (3, 8, RefusalCode.INVALID_INPUT), (4, 1, RefusalCode.INVALID_AMOUNT),
    ):  # fmt: skip
        assert await refused(world, ada, case, parts, days) is code, (parts, days)
    assert await plans_of(world.house.db.primary, ada.id, case.invoice) == []
    assert await refused(world, ada, replace(case, invoice=(await invoices_of(world, ada))[0].id)) is (
        RefusalCode.STATE_CONFLICT
    )
    await by_admin(world, publish_grace_rule, PublishGraceRule("DE", CustomerKind.ANY, 15, 0, "A law of ours."))
    await by_admin(world, publish_grace_rule, PublishGraceRule("DE", CustomerKind.CONSUMER, 15, 0, "A law of ours."))
    await split(world, ada, case, 2, 15)
    assert (await plan_of(world, ada, case)).state.name == "broken"  # the first part was declined at once
    eve, hers = await owing(world, ONCE)
    await until(world, eve, hers.suspend_at + timedelta(seconds=1))
    assert (await case_now(world, eve)).state.name == "recovered"
    ida, other = await owing(world)
    await until(world, ida, other.suspend_at)
    assert await refused(world, ida, other) is RefusalCode.STATE_CONFLICT
    await world.recover_by(replace(rules, split_parts=0))
    una, last = await owing(world)
    assert await refused(world, una, last) is RefusalCode.STATE_CONFLICT
