"""The payment terms of a contract: the customer's own from the day on which its term begins, and not before."""

import pytest

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.invoices.billing_terms import AUTOMATIC, SetBillingTerms, billing_terms, set_billing_terms
from domain.invoices.contract import contracts
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments.cancel_contract import CancelContract, Owed, cancel_contract
from domain.payments.end_contract import EndContract, end_contract
from domain.perform import perform
from domain.reactions.work import do_now
from tests.domain.invoices.bills import eur
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import buyer, by_finance, by_house, day, invoices_of, start, until, wrong_rows
from tests.world import Someone, World, fresh

DAYS, ORDER = 30, "PO 9"


async def signed_for_march(world: World) -> Someone:
    """A customer that pays by card until its contract for another plan begins on 1 March."""
    ada = await buyer(world)
    await start(world, ada)
    await by_finance(
        world, ada, sign_contract, SignContract(world.prices["team"], eur(0), day(3, 1), day(9, 1), DAYS, ORDER)
    )
    return ada


async def paid_how(world: World, of: Someone) -> list[tuple[str, bool, str | None]]:
    """Of each invoice its state, whether it was charged at once, and the order that it names."""
    assert await wrong_rows(world, of) == []
    return [
        (each.state.name, each.collection == AUTOMATIC, each.purchase_order) for each in await invoices_of(world, of)
    ]  # fmt: skip


@pytest.mark.row("I13")
async def test_what_is_billed_before_the_term_begins_is_charged_as_before(world: World) -> None:
    ada = await signed_for_march(world)
    await until(world, ada, day(2, 2))
    assert await paid_how(world, ada) == [("paid", True, None)] * 2
    await until(world, ada, day(3, 2))
    assert await paid_how(world, ada) == [("paid", True, None)] * 2 + [("open", False, ORDER)]


@pytest.mark.row("I13")
async def test_a_contract_that_is_cancelled_before_it_begins_leaves_no_terms(world: World) -> None:
    ada = await signed_for_march(world)
    (agreed,) = await contracts(world.house.db.primary, ada.id)
    await by_finance(world, ada, cancel_contract, CancelContract(agreed.id, Owed.PRO_RATA, "Signed by mistake."))
    await until(world, ada, day(3, 2))
    assert await paid_how(world, ada) == [("paid", True, None)] * 3


@pytest.mark.row("I13")
async def test_what_staff_sets_within_the_term_stays_to_its_end(world: World) -> None:
    ada = await signed_for_march(world)
    await until(world, ada, day(3, 2))
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(14, None))
    (agreed,) = await contracts(world.house.db.primary, ada.id)
    for _ in range(2):  # looked at once more within its term, it puts nothing in force again
        await by_house(world, ada, end_contract, EndContract(agreed.id))
    await until(world, ada, day(9, 2))
    (over,) = await contracts(world.house.db.primary, ada.id)
    assert (over.state.name, (await billing_terms(world.house.db.primary, ada.id)).net_days) == ("ended", 14)


async def test_a_contract_that_is_looked_at_before_it_begins_begins_all_the_same(world: World) -> None:
    ada = await signed_for_march(world)
    (agreed,) = await contracts(world.house.db.primary, ada.id)
    await by_house(world, ada, end_contract, EndContract(agreed.id))
    await until(world, ada, day(3, 2))
    assert await paid_how(world, ada) == [("paid", True, None)] * 2 + [("open", False, ORDER)]


@pytest.mark.parametrize("point", ["due.claimed", "perform.done", "perform.committed"])
async def test_a_process_that_dies_when_a_term_begins_leaves_it_to_the_next(world: World, point: str) -> None:
    ada = await signed_for_march(world)
    await until(world, ada, day(2, 28))
    (agreed,) = await contracts(world.house.db.primary, ada.id)
    await perform(world.house.db, advance_clock, ada.actor, ada.id, AdvanceClock(day(3, 2)), fresh("clock"))
    async with killed_at(point):
        with pytest.raises(Killed):
            await do_now(world.house, ada.id)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    await by_house(world, ada, end_contract, EndContract(agreed.id))
    assert await paid_how(world, ada) == [("paid", True, None)] * 2 + [("open", False, ORDER)]


@pytest.mark.row("I13")
async def test_terms_that_hold_at_once_are_put_in_force_once(world: World) -> None:
    ada = await buyer(world)
    command = SignContract(world.prices["starter"], eur(0), day(1, 1), day(9, 1), DAYS, ORDER)
    id = (await by_finance(world, ada, sign_contract, command)).contract
    await by_finance(world, ada, set_billing_terms, SetBillingTerms(14, None))
    await by_house(world, ada, end_contract, EndContract(id))
    assert (await billing_terms(world.house.db.primary, ada.id)).net_days == 14
