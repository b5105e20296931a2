"""A case whose invoice is closed without money: it says so, and access follows whether the debt is really gone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.dunning.case import Case, Ended, cases
from domain.dunning.end_case import EndCase, give_up, suspend
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.money import Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.period import Unit
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import SETUP, draft, issue, note, now
from tests.domain.payments.test_offline_payments import record, reverse
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buy,
    buyer,
    by_finance,
    by_house,
    day,
    invoices_of,
    is_entitled,
    publish,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.world import EUR, Someone, World, fresh

FAILED = day(2, 1, 3)  # by then the renewal of 1 February was declined
STAGES = (0, 14)  # days after the failure: while it is tried again, and when access has ended


async def in_dunning(world: World, days: int = 0, token: str = "tok_insufficient_funds") -> tuple[Someone, Case]:
    """A customer whose renewal was declined so many days ago."""
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, token)
    await until(world, ada, FAILED)
    (case,) = await cases(world.house.db.primary, ada.id)
    if days:
        await until(world, ada, case.opened_at + timedelta(days=days))
    (case,) = await cases(world.house.db.primary, ada.id)
    return ada, case


async def void(world: World, of: Someone, case: Case, *, follow: bool = True, replace: bool = False) -> None:
    """Staff voids the invoice of the case."""
    command, actor = VoidInvoice(case.invoice, "It was wrong.", replace), world.staff(Grant.LEAD)
    await perform(world.house.db, void_invoice, actor, of.id, command, fresh("void"))
    if follow:
        await do_now(world.house, of.id)


async def write_off(world: World, of: Someone, case: Case, *, follow: bool = True) -> None:
    """Staff gives the invoice of the case up."""
    command, actor = GiveUpInvoice(case.invoice, "The company is gone."), world.staff(Grant.FINANCE)
    await perform(world.house.db, give_up_invoice, actor, of.id, command, fresh("give-up"))
    if follow:
        await do_now(world.house, of.id)


async def stands(world: World, of: Someone) -> tuple[str, bool, list[tuple[str, Ended | None]]]:
    """The state of the subscription, whether it gives access, and its cases, newest first, with what ended them."""
    found = await cases(world.house.db.primary, of.id)
    state = (await subscription_of(world, of)).state.name
    return state, await is_entitled(world, of), [(each.state.name, each.ended_by) for each in found]


@pytest.mark.row("D11")
@pytest.mark.parametrize("days", STAGES, ids=lambda days: f"day {days}")
async def test_a_void_invoice_stops_its_case_and_brings_the_subscription_back(world: World, days: int) -> None:
    ada, case = await in_dunning(world, days)
    await void(world, ada, case)
    assert await stands(world, ada) == ("active", True, [("stopped", Ended.VOIDED)])
    await world.card(ada)
    await until(world, ada, day(3, 2))
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "void", "paid"]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D11")
@pytest.mark.parametrize("days", STAGES, ids=lambda days: f"day {days}")
async def test_an_invoice_that_was_credited_to_nothing_stops_its_case(world: World, days: int) -> None:
    ada, case = await in_dunning(world, days)
    await note(world, ada, case.invoice, 400)
    state, access, still = await stands(world, ada)
    assert (state, access, still) == (("past_due", True, [("retrying", None)]) if not days else
                                      ("suspended", False, [("suspended", None)]))  # fmt: skip
    await note(world, ada, case.invoice, 600)
    assert await stands(world, ada) == ("active", True, [("stopped", Ended.CREDITED)])
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("D11")
async def test_a_part_that_is_taken_back_beside_the_note_that_stopped_a_case_is_collected_again(world: World) -> None:
    ada, case = await in_dunning(world)
    recorded = await record(world, ada, 400)
    await note(world, ada, case.invoice, 600)
    assert await stands(world, ada) == ("active", True, [("stopped", Ended.CREDITED)])
    await reverse(world, ada, recorded)
    assert await stands(world, ada) == ("past_due", True, [("retrying", None)])
    await world.card(ada)
    assert await stands(world, ada) == ("active", True, [("recovered", Ended.PAID)])
    assert [each.amount.minor for each in await attempts_at(world, ada, case.invoice)][-1] == 400
    assert await wrong_rows(world, ada) == []


async def test_who_pays_what_a_credit_note_left_has_paid(world: World) -> None:
    ada, case = await in_dunning(world, 0, "tok_insufficient_funds_times_1")
    await note(world, ada, case.invoice, 400)
    await world.do(ada, pay_invoice, PayInvoice(case.invoice, None))
    assert await stands(world, ada) == ("active", True, [("recovered", Ended.PAID)])


@pytest.mark.row("D11")
@pytest.mark.parametrize("days", STAGES, ids=lambda days: f"day {days}")
async def test_who_is_written_off_by_staff_has_no_access_and_no_subscription_any_more(world: World, days: int) -> None:
    ada, case = await in_dunning(world, days)
    await write_off(world, ada, case)
    assert await stands(world, ada) == ("canceled", False, [("given_up", Ended.WRITTEN_OFF)])
    await world.card(ada)
    await until(world, ada, day(4, 2))
    assert [each.state.name for each in await invoices_of(world, ada)] == ["paid", "uncollectible"]
    assert await wrong_rows(world, ada) == []


async def test_money_that_came_before_the_write_off_was_heard_of_recovers(world: World) -> None:
    ada, case = await in_dunning(world)
    (failed,) = await attempts_at(world, ada, case.invoice)
    await write_off(world, ada, case, follow=False)
    await tell(world, ada, failed.id, News.CAPTURED, follow=False)
    await do_now(world.house, ada.id)
    assert (await now(world, ada, case.invoice)).state.name == "paid"
    assert await stands(world, ada) == ("active", True, [("recovered", Ended.PAID)])


async def test_who_owes_two_periods_is_back_when_both_debts_are_gone(world: World) -> None:
    ada, (second, first) = await two_unpaid(world)
    await void(world, ada, first)
    assert (await stands(world, ada))[0] == "grace"
    await note(world, ada, second.invoice, 300)
    found = await stands(world, ada)
    assert found == ("active", True, [("stopped", Ended.CREDITED), ("stopped", Ended.VOIDED)])


async def test_one_period_that_staff_writes_off_ends_the_other_case_too_and_its_debt_stays(world: World) -> None:
    ada, (second, first) = await two_unpaid(world)
    await write_off(world, ada, first)
    found = await stands(world, ada)
    assert found == ("canceled", False, [("stopped", Ended.SUBSCRIPTION_ENDED), ("given_up", Ended.WRITTEN_OFF)])
    assert (await now(world, ada, second.invoice)).due == Money(300, EUR)
    assert await wrong_rows(world, ada) == []


async def two_unpaid(world: World) -> tuple[Someone, tuple[Case, Case]]:
    """A customer who owes two weeks, and their cases, the newer first."""
    ada = await buyer(world)
    await buy(world, ada, await publish(world, Money(300, EUR), Unit.WEEK))
    await world.card(ada, "tok_bank_held")
    await until(world, ada, day(1, 16))
    for invoice in (await invoices_of(world, ada))[1:]:
        (held,) = await attempts_at(world, ada, invoice.id)
        await tell(world, ada, held.id, News.DECLINED, code="account_closed", hard=True)
    second, first = await cases(world.house.db.primary, ada.id)
    return ada, (second, first)


async def test_what_replaces_a_void_invoice_is_dunned_on_a_case_of_its_own(world: World) -> None:
    ada, case = await in_dunning(world)
    await void(world, ada, case, replace=True)
    assert (await stands(world, ada))[0] == "active"
    found = await world.house.db.primary.fetchval(
        "SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    await issue(world, ada, type(case.invoice)(ada.id.shard, found))
    assert await stands(world, ada) == ("past_due", True, [("retrying", None), ("stopped", Ended.VOIDED)])


async def test_an_invoice_of_staff_that_is_void_stops_its_case(world: World) -> None:
    ada = await buyer(world)
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(10, None))
    id = await draft(world, ada, SETUP)
    await issue(world, ada, id)
    await until(world, ada, day(1, 12))
    (case,) = await cases(world.house.db.primary, ada.id)
    await void(world, ada, case)
    (case,) = await cases(world.house.db.primary, ada.id)
    assert (case.state.name, case.ended_by) == ("stopped", Ended.VOIDED)


async def test_nobody_is_suspended_or_given_up_for_an_invoice_that_is_closed_and_not_heard_of_yet(world: World) -> None:
    for operation, days in ((suspend, 14), (give_up, 30)):
        ada, case = await in_dunning(world, token="tok_stolen_card")
        await until(world, ada, case.opened_at + timedelta(days=days) - timedelta(seconds=1))
        before = (await subscription_of(world, ada)).state.name
        await void(world, ada, case, follow=False)
        await by_house(world, ada, operation, EndCase(case.id), follow=False)
        assert (await subscription_of(world, ada)).state.name == before
        await do_now(world.house, ada.id)
        assert await stands(world, ada) == ("active", True, [("stopped", Ended.VOIDED)])


async def test_of_two_who_void_and_write_off_at_once_one_wins_and_access_follows(world: World) -> None:
    ada, case = await in_dunning(world)
    both = (void(world, ada, case, follow=False), write_off(world, ada, case, follow=False))
    answers = await asyncio.gather(*both, return_exceptions=True)
    (lost,) = [each for each in answers if each is not None]
    assert isinstance(lost, Refused) and lost.code is RefusalCode.STATE_CONFLICT
    await do_now(world.house, ada.id)
    voided = (await now(world, ada, case.invoice)).state.name == "void"
    assert await stands(world, ada) == (
        ("active", True, [("stopped", Ended.VOIDED)])
        if voided
        else ("canceled", False, [("given_up", Ended.WRITTEN_OFF)])
    )


@pytest.mark.parametrize("point", ["perform.recorded", "perform.committed", "relay.consumed"])
@pytest.mark.parametrize("close", [void, write_off], ids=["void", "written off"])
async def test_a_process_that_dies_over_a_closed_invoice_leaves_its_case_to_the_next_one(
    world: World, point: str, close: Callable[..., Awaitable[None]]
) -> None:
    ada, case = await in_dunning(world)
    await close(world, ada, case, follow=False)
    async with killed_at(point):
        with pytest.raises(Killed):
            await do_now(world.house, ada.id)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    assert await stands(world, ada) == (
        ("active", True, [("stopped", Ended.VOIDED)])
        if close is void
        else ("canceled", False, [("given_up", Ended.WRITTEN_OFF)])
    )
    assert await wrong_rows(world, ada) == []


async def test_who_is_given_up_within_the_hour_of_a_renewal_does_not_owe_the_period_that_began(world: World) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    await tell(world, ada, begun.payment, News.CAPTURED)
    of = await subscription_of(world, ada)
    await until(world, ada, of.renew_at(of.period.end) + timedelta(minutes=5))
    await world.card(ada, "tok_insufficient_funds")
    await tell(world, ada, begun.payment, News.RETURNED, captured=Money(1000, EUR))
    (case,) = await cases(world.house.db.primary, ada.id)
    await write_off(world, ada, case)
    await until(world, ada, day(2, 2))
    assert (await subscription_of(world, ada)).state.name == "canceled"
    assert [each.id for each in await invoices_of(world, ada)] == [begun.invoice]
    assert await wrong_rows(world, ada) == []
