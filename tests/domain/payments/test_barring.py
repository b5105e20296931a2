"""What staff took for not charged is charged again only when the provider has said that it takes nothing of it."""

from datetime import timedelta

import pytest

from domain.payments.exception_case import Kind, Resolution
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.still_open import is_being_barred
from domain.reactions.work import do_now
from domain.refusals import Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import MINUTE, SILENT, asked_in_vain, decided, lost, newest
from tests.interruptions import ahead
from tests.lives import attempts_at, buyer, by_house, day, invoices_of, start, subscription_of, until, wrong_rows
from tests.saga_kit import stands as saga_stands
from tests.world import Someone, World


async def attempts(world: World, of: Someone) -> list[str]:
    """How the attempts at the newest invoice stand, in their order."""
    return [each.state.name for each in await attempts_at(world, of, (await invoices_of(world, of))[-1].id)]


async def answers_again(
    world: World, provider: SideDoor, of: Someone, passed: timedelta = timedelta(0)
) -> None:  # fmt: skip
    """The provider answers about the method that it kept silent about, and what waited for that is done."""
    method = (await newest(world, of)).method
    assert method is not None
    ref = await world.house.db.primary.fetchval(
        "SELECT provider_ref FROM payment_method WHERE shard_key = $1 AND id = $2", of.id.shard, method.uuid
    )
    await provider.http.post("/admin/behaviour", json={"method": ref, "operations": ["query", "void"]})
    for minutes in (3, 10):
        await do_now(ahead(world.house, passed + minutes * MINUTE), of.id)


@pytest.mark.row("A8")
@pytest.mark.row("B8")
async def test_while_the_provider_is_silent_nobody_charges_again_what_staff_took_for_not_charged(
    world: World, provider: SideDoor
) -> None:
    ada, known = await lost(world, provider)
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED))[1] == "done"
    method = await world.card(ada)  # a new default is charged at once where something is owed
    await until(world, ada, day(2, 8))  # retries of a timeline would be on days 2 and 5
    with pytest.raises(Refused) as refused:
        await world.do(ada, pay_invoice, PayInvoice(known.invoice, method))
    assert refused.value.code == "PAYMENT_IN_PROGRESS"
    assert (await attempts(world, ada), (await subscription_of(world, ada)).state.name) == (["failed"], "past_due")
    await answers_again(world, provider, ada)  # and says that it had charged it
    assert (await attempts(world, ada), await provider.taken(ada)) == (["succeeded"], 2000)
    assert ((await invoices_of(world, ada))[-1].state.name, await wrong_rows(world, ada)) == ("paid", [])


@pytest.mark.row("A8")
async def test_days_in_which_no_worker_works_are_not_counted_as_days_in_which_the_provider_was_asked(
    world: World, provider: SideDoor
) -> None:
    ada, _ = await lost(world, provider)
    _, known = (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED)), await newest(world, ada)
    passed = timedelta(days=30)
    for wait in (0, 1, 1, 1, 1, 1):  # minutes; one that fails would be tried again within seconds, and buried
        passed += wait * MINUTE
        await do_now(ahead(world.house, passed), ada.id)
    assert await is_being_barred(world.house.db.primary, known)
    await answers_again(world, provider, ada, passed + timedelta(days=1))
    assert (await attempts(world, ada), await wrong_rows(world, ada)) == (["succeeded"], [])


@pytest.mark.row("A8")
async def test_a_charge_whose_questions_an_older_release_did_not_count_is_asked_about_as_any_other(
    world: World, provider: SideDoor
) -> None:
    ada, _ = await lost(world, provider)
    _, known = (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED)), await newest(world, ada)
    of = (ada.id.shard, known.id.uuid)
    await world.house.db.marks.execute("UPDATE payment SET queries = 0 WHERE shard_key = $1 AND id = $2", *of)
    for minutes in (1, 2):
        await do_now(ahead(world.house, minutes * MINUTE), ada.id)
    asked = await world.house.db.primary.fetchval("SELECT queries FROM payment WHERE shard_key = $1 AND id = $2", *of)
    assert (asked, await is_being_barred(world.house.db.primary, known)) == (2, True)
    await answers_again(world, provider, ada)
    assert (await attempts(world, ada), await wrong_rows(world, ada)) == (["succeeded"], [])


@pytest.mark.row("A8")
async def test_the_retries_of_a_timeline_and_the_customers_end_wait_for_a_provider_that_is_silent_about_one_of_them(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds_times_1")
    await until(world, ada, day(2, 2))
    await provider.behave(world, ada, operations=["charge", "query", "void"], fault="error_after")
    await until(world, ada, day(2, 3, 12))
    await asked_in_vain(world, ada)
    assert await attempts(world, ada) == ["failed", "unknown"]
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED))[1] == "done"
    await until(world, ada, day(2, 28))  # on days 5, 9 and 14 of the timeline is a retry each, and then access ends
    assert await attempts(world, ada) == ["failed", "failed"]
    assert (await subscription_of(world, ada)).state.name == "past_due"
    await answers_again(world, provider, ada)
    assert await attempts(world, ada) == ["failed", "succeeded"]
    assert ((await subscription_of(world, ada)).state.name, await provider.taken(ada)) == ("active", 2000)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("A8")
async def test_what_the_provider_has_let_go_is_charged_again_as_any_failed_attempt(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_3ds")
    await until(world, ada, day(2, 2))
    known = await newest(world, ada)
    doubt = OpenException(Kind.PAYMENT_UNKNOWN, known.id, None, "It waits for its customer.")
    await by_house(world, ada, open_exception, doubt)
    await provider.behave(world, ada, operations=["query", "void"], fault=SILENT)
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED))[1] == "done"
    await world.card(ada)
    assert await attempts(world, ada) == ["failed"]
    await answers_again(world, provider, ada)  # it waited for its customer, and is void now
    assert await attempts(world, ada) == ["failed", "captured"]
    assert (await provider.taken(ada), await wrong_rows(world, ada)) == (2000, [])


@pytest.mark.row("A8")
@pytest.mark.row("L4")
async def test_the_saga_of_a_change_waits_for_a_provider_that_is_silent_about_what_staff_took_for_not_charged(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_error_after")
    await provider.behave(world, ada, operations=["query", "void"], fault=SILENT)
    await until(world, ada, day(1, 11))
    await world.do(ada, change_plan, ChangePlan((await subscription_of(world, ada)).id, world.prices["team"]))
    passed = await asked_in_vain(world, ada)
    await until(world, ada, day(1, 13))
    assert (await decided(world, ada, Resolution.CONFIRM_NOT_CHARGED))[1] == "done"
    for _ in range(3):  # the saga looks again, and the provider is not given up yet
        passed += 6 * MINUTE
        await do_now(ahead(world.house, passed), ada.id)
    assert ((await invoices_of(world, ada))[-1].state.name, await attempts(world, ada)) == ("open", ["failed"])
    assert (await saga_stands(world, ada), await wrong_rows(world, ada)) == (("running", "charge"), [])
    await answers_again(world, provider, ada, passed)  # and says that it had charged it
    assert (await subscription_of(world, ada)).price == world.prices["team"]
    assert (await saga_stands(world, ada), await wrong_rows(world, ada)) == (("completed", "charge"), [])
