"""The end of a contract whose customer is behind: nothing of the term is billed as a true-up and as a period too."""

from datetime import datetime

import pytest

from domain.customers.advance_clock import SetClock, set_clock
from domain.ids import ContractId
from domain.invoices.billing_terms import (
    ON_ACCOUNT,
    BillingTerms,
    SetBillingTerms,
    billing_terms,
    set_billing_terms,
)
from domain.invoices.contract import contracts
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments.cancel_contract import CancelContract, Owed, cancel_contract
from domain.payments.end_contract import EndContract, end_contract
from domain.period import Unit
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import CancelAt
from tests.domain.invoices.bills import eur
from tests.lives import buy, buyer, by_finance, by_house, day, invoices_of, publish, until, wrong_rows
from tests.subscription_lives import cancel
from tests.world import Someone, World

SIGNED, END = day(1, 1), day(1, 18)  # three weeks begin in it, of which the second is declined
WEEK, COMMITTED = 1000, 4500


async def committed(
    world: World, token: str = "tok_insufficient_funds", since: datetime = SIGNED
) -> tuple[Someone, ContractId]:
    """A customer that pays the first week of a contract with a commitment, and no other."""
    ada, weekly = await buyer(world), await publish(world, eur(WEEK), Unit.WEEK)
    signed = SignContract(weekly, eur(COMMITTED), since, END, 0, None)
    id = (await by_finance(world, ada, sign_contract, signed)).contract
    await buy(world, ada, weekly)
    await world.card(ada, token)
    return ada, id


async def billed(world: World, of: Someone) -> list[tuple[str, int]]:
    """Why the customer was billed how much, oldest first."""
    return [(each.reason, each.total.minor) for each in await invoices_of(world, of)]


async def state(world: World, of: Someone) -> str:
    return (await contracts(world.house.db.primary, of.id))[0].state.name


@pytest.mark.row("I13")
async def test_a_true_up_waits_for_who_may_pay_and_is_billed_the_time_of_the_term_then(world: World) -> None:
    ada, _ = await committed(world)
    await until(world, ada, day(1, 19))
    assert await billed(world, ada) == [("start", WEEK), ("renewal", WEEK)]
    assert await state(world, ada) == "ending"
    await world.card(ada)
    await until(world, ada, day(1, 21))
    term = [("start", WEEK), ("renewal", WEEK), ("renewal", WEEK), ("true_up", COMMITTED - 3 * WEEK)]
    assert (await billed(world, ada), await state(world, ada)) == (term, "ended")
    await until(world, ada, day(1, 29, 3))
    assert await billed(world, ada) == [*term, ("renewal", WEEK), ("renewal", WEEK)]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("I13")
async def test_of_who_never_pays_the_true_up_is_billed_once_that_is_given_up(world: World) -> None:
    ada, _ = await committed(world)
    await until(world, ada, day(2, 7, 1))  # 30 days after the first failure
    assert await state(world, ada) == "ending"
    await until(world, ada, day(2, 9))
    assert await billed(world, ada) == [("start", WEEK), ("renewal", WEEK), ("true_up", COMMITTED - 2 * WEEK)]
    assert await state(world, ada) == "ended"
    assert await wrong_rows(world, ada) == []


async def test_a_contract_of_who_is_behind_is_cancelled_after_its_subscription(world: World) -> None:
    ada, id = await committed(world)
    leaving = CancelContract(id, Owed.FULL, "They asked.")
    await until(world, ada, day(1, 16))
    with pytest.raises(Refused) as refused:
        await by_finance(world, ada, cancel_contract, leaving)
    assert (refused.value.code, refused.value.path) == (RefusalCode.STATE_CONFLICT, ("contractId",))
    await cancel(world, ada, CancelAt.NOW)
    assert (await by_finance(world, ada, cancel_contract, leaving)).total == eur(COMMITTED - 2 * WEEK)


async def test_a_true_up_waits_for_renewals_that_are_overdue_since_before_the_term(world: World) -> None:
    ada, id = await committed(world, "tok_visa", since=day(1, 14))
    await by_house(world, ada, set_clock, SetClock(day(1, 19)), follow=False)
    assert (await by_house(world, ada, end_contract, EndContract(id), follow=False)).true_up is None
    await until(world, ada, day(1, 19, 3))
    weeks = [("start", WEEK), ("renewal", WEEK), ("renewal", WEEK)]
    assert sorted(await billed(world, ada)) == sorted([*weeks, ("true_up", COMMITTED - WEEK)])


@pytest.mark.row("I13")
async def test_the_terms_of_a_renewal_hold_from_its_day_on_though_the_end_before_it_waits(world: World) -> None:
    ada, id = await committed(world)
    agreed = (await contracts(world.house.db.primary, ada.id))[0].price
    again = SignContract(agreed, eur(0), None, day(2, 18), 30, "PO 7", id)
    await by_finance(world, ada, sign_contract, again)
    await until(world, ada, END)
    assert await billing_terms(world.house.db.primary, ada.id) == BillingTerms(ON_ACCOUNT, 30, "PO 7")
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(10, "PO 8"))
    await world.card(ada)
    await until(world, ada, day(1, 21))
    before = (await contracts(world.house.db.primary, ada.id))[1]
    assert (before.id, before.state.name) == (id, "ended")
    assert await billing_terms(world.house.db.primary, ada.id) == BillingTerms(ON_ACCOUNT, 10, "PO 8")
    assert await wrong_rows(world, ada) == []
