"""The customer chooses the day of the next retry: inside grace, once, and access does not end before it was tried."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.dunning.case import Case
from domain.dunning.choose_payday import ChoosePayday, PaydayChosen, choose_payday
from domain.dunning.retry_payment import RetryPayment, retry_payment
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.dunning_kit import case_now, owing, tried
from tests.lives import attempts_at, by_house, invoices_of, is_entitled, until, wrong_rows
from tests.world import Someone, World, fresh

SEVENTH = datetime(2027, 2, 7, 12, tzinfo=UTC)


async def choose(world: World, of: Someone, case: Case, day: date) -> PaydayChosen:
    """The customer's own choice."""
    return (await world.do(of, choose_payday, ChoosePayday(case.invoice, day))).outcome


async def refused(world: World, of: Someone, case: Case, day: date) -> RefusalCode:
    """Why the day cannot be chosen."""
    with pytest.raises(Refused) as error:
        await choose(world, of, case, day)
    return error.value.code


@pytest.mark.row("X6")
async def test_the_next_retry_moves_to_the_day_that_was_chosen_and_takes_the_place_of_those_before_it(
    shop: World,
) -> None:
    ada, case = await owing(shop)
    assert (await choose(shop, ada, case, date(2027, 2, 7))).at == SEVENTH
    now = await case_now(shop, ada)
    assert (now.next_retry_at, now.retries_left, now.suspend_at) == (SEVENTH, 3, case.suspend_at)
    await until(shop, ada, SEVENTH + timedelta(days=3))
    first, second, third = [each.happened_at for each in await attempts_at(shop, ada, case.invoice)]
    assert (first, second, third) == (case.opened_at, SEVENTH, case.opened_at + timedelta(days=9))
    assert await wrong_rows(shop, ada) == []


@pytest.mark.row("D10")
async def test_on_the_last_day_it_is_tried_before_access_ends(shop: World) -> None:
    ada, case = await owing(shop, "tok_insufficient_funds_times_1")
    eve, hers = await owing(shop)
    for each, of in ((ada, case), (eve, hers)):
        assert (await choose(shop, each, of, of.suspend_at.date())).at == of.suspend_at
        await until(shop, each, of.suspend_at - timedelta(seconds=1))
        assert (await is_entitled(shop, each), len(await attempts_at(shop, each, of.invoice))) == (True, 1)
        await until(shop, each, of.suspend_at)
    assert ((await case_now(shop, ada)).state.name, await is_entitled(shop, ada)) == ("recovered", True)
    assert [on for on, _, _ in await tried(shop, eve, hers)] == [0, 14]
    assert ((await case_now(shop, eve)).state.name, await is_entitled(shop, eve)) == ("suspended", False)


@pytest.mark.row("X6")
async def test_a_day_outside_the_window_a_second_choice_and_who_has_nothing_to_move_are_refused(shop: World) -> None:
    ada, case = await owing(shop)
    for day in (date(2027, 1, 31), date(2026, 2, 7), case.suspend_at.date() + timedelta(days=1), date(9999, 12, 31)):
        assert await refused(shop, ada, case, day) is RefusalCode.INVALID_INPUT, day
    assert await case_now(shop, ada) == case
    await choose(shop, ada, case, date(2027, 2, 7))
    assert await refused(shop, ada, case, date(2027, 2, 8)) is RefusalCode.STATE_CONFLICT
    (paid, _) = await invoices_of(shop, ada)
    with pytest.raises(Refused) as error:
        await shop.do(ada, choose_payday, ChoosePayday(paid.id, date(2027, 2, 7)))
    assert error.value.code is RefusalCode.STATE_CONFLICT
    eve, hers = await owing(shop, "tok_stolen_card")
    assert await refused(shop, eve, hers, date(2027, 2, 7)) is RefusalCode.PAYMENT_METHOD_REQUIRED
    assert await refused(shop, eve, case, date(2027, 2, 7)) is RefusalCode.NOT_FOUND
    await shop.card(eve, "tok_bank_held")
    assert await refused(shop, eve, hers, date(2027, 2, 7)) is RefusalCode.PAYMENT_IN_PROGRESS


async def test_a_choice_that_meets_the_retry_it_moves_leaves_one_attempt_and_one_timeline(shop: World) -> None:
    ada, case = await owing(shop)
    await until(shop, ada, case.opened_at + timedelta(days=2) - timedelta(seconds=1))
    choice = perform(
        shop.house.db, choose_payday, ada.actor, ada.id, ChoosePayday(case.invoice, date(2027, 2, 7)), fresh("day")
    )
    retry = by_house(shop, ada, retry_payment, RetryPayment(case.id), follow=False)
    answers = await asyncio.gather(choice, retry, return_exceptions=True)
    await do_now(shop.house, ada.id)
    chosen = not isinstance(answers[0], Refused)
    now = await case_now(shop, ada)
    assert len(await attempts_at(shop, ada, case.invoice)) == 2
    assert now.next_retry_at == (SEVENTH if chosen and now.paydays_chosen else case.opened_at + timedelta(days=5)) or (
        chosen and now.next_retry_at is not None and now.next_retry_at > SEVENTH
    )
    await until(shop, ada, case.suspend_at)
    assert len(await attempts_at(shop, ada, case.invoice)) <= 5
    assert (await case_now(shop, ada)).state.name == "suspended"
