"""Money that the product cannot decide alone: on the desk once, decided by two people, and never doubled by what comes
later."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.ledger.account import Account
from domain.ledger.balance import balance
from domain.payments.claim_exception import ClaimException, ReleaseException, claim_exception, release_exception
from domain.payments.exception_case import Kind, Resolution
from domain.payments.gateway import Voided
from domain.payments.open_exception import OpenException, open_exception
from domain.payments.payment import payment
from domain.payments.resolve_exception import ResolveException
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.domain.invoices.bills import on
from tests.domain.payments.conftest import SideDoor
from tests.exception_kit import (
    MINUTE,
    asked_in_vain,
    claim,
    decided,
    finance,
    lost,
    named,
    newest,
    over,
    resolve,
    tried,
    waiting,
)
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    buyer,
    by_house,
    day,
    invoices_of,
    start,
    subscription_of,
    tell,
    until,
    wrong_rows,
)
from tests.mishaps import with_a_mistake
from tests.webhook_desk import Desk
from tests.world import ACCOUNT, EUR, World, fresh, make_world

CHARGED, NOT_CHARGED = Resolution.CONFIRM_CHARGED, Resolution.CONFIRM_NOT_CHARGED


@pytest.mark.row("B8")
@pytest.mark.row("A8")
async def test_what_nobody_tells_waits_once_for_two_people_and_is_booked_when_they_confirm_it(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    (case,) = await waiting(world, ada)
    assert (case.kind, case.amount, case.payment, known.state.name) == (
        Kind.PAYMENT_UNKNOWN, known.amount, known.id, "unknown",
    )  # fmt: skip
    assert await do_now(ahead(world.house, timedelta(days=90)), ada.id) == 0  # nobody is asked any more, and no letter
    assert (await subscription_of(world, ada)).state.name == "active"
    reference = await named(world, provider, ada, known)
    assert await resolve(world, ada, case.id, CHARGED, reference) == "STATE_CONFLICT"  # nobody has looked into it
    assert await claim(world, ada, case.id, "fin") == "done"
    assert await claim(world, ada, case.id, "sam") == "STATE_CONFLICT"
    assert await resolve(world, ada, case.id, CHARGED, reference) == "FORBIDDEN"  # one and the same person
    support, lead = world.staff(Grant.SUPPORT, "eve"), world.staff(Grant.LEAD, "eve")
    for actor in (support, lead):
        assert await resolve(world, ada, case.id, CHARGED, reference, actor) == "FORBIDDEN"
    for wrong in (None, "", " x", "x" * 141):
        assert await resolve(world, ada, case.id, CHARGED, wrong, finance(world, "flo")) == "INVALID_INPUT"
    assert await resolve(world, ada, case.id, Resolution.RETRY_REFUND, None, finance(world, "flo")) == "INVALID_INPUT"
    assert await resolve(world, ada, case.id, CHARGED, reference, finance(world, "flo")) == "done"
    assert (await newest(world, ada)).state.name == "succeeded"
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert {each.state.name for each in await invoices_of(world, ada)} == {"paid"}
    for event in await desk.events_of(reference):  # the webhook that had been lost
        assert await desk.take(event) in ("applied", "stale")
    assert await provider.taken(ada) == await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert (await waiting(world, ada), await over(world, ada)) == ([], [CHARGED])
    assert await resolve(world, ada, case.id, CHARGED, reference, finance(world, "flo")) == "STATE_CONFLICT"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B8")
async def test_what_was_not_charged_is_dunned_and_a_charge_that_shows_up_later_is_an_excess_to_decide_on(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    assert (await decided(world, ada, NOT_CHARGED))[1] == "done"
    assert ((await newest(world, ada)).state.name, (await newest(world, ada)).failure_code) == ("failed", "not_charged")
    assert (await subscription_of(world, ada)).state.name == "past_due"
    for days in range(6, 27):  # the provider never says that it takes nothing: what staff decided is all there is
        await do_now(ahead(world.house, timedelta(days=days)), ada.id)
    reference = await named(world, provider, ada, known)
    await world.card(ada)  # a better one is tried at once
    assert (await subscription_of(world, ada)).state.name == "active"
    for event in await desk.events_of(reference):
        assert await desk.take(event) == "applied"
    (case,) = await waiting(world, ada)
    assert (case.kind, case.amount.minor, await provider.taken(ada)) == (Kind.PAYMENT_EXCESS, 1000, 3000)
    assert (await balance(world.house.db.primary, ada.id, EUR)).credit.minor == 1000
    assert (await decided(world, ada, Resolution.GIVE_BACK))[1] == "done"
    assert await provider.taken(ada) == await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert [each.paid.minor for each in await invoices_of(world, ada)] == [1000, 1000]
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


async def test_to_ask_again_decides_nothing_and_an_answer_closes_the_case_whoever_has_it(
    world: World, provider: SideDoor, desk: Desk
) -> None:
    ada, known = await lost(world, provider)
    (case,) = await waiting(world, ada)
    assert await claim(world, ada, case.id, "fin") == "done"
    assert await resolve(world, ada, case.id, Resolution.QUERY_AGAIN) == "done"  # by herself: no money moves
    (again,) = await waiting(world, ada)  # the provider is as silent as before
    assert (again.id != case.id, again.kind) == (True, Kind.PAYMENT_UNKNOWN)
    assert await claim(world, ada, again.id) == "done"
    reference = await named(world, provider, ada, known)
    for event in await desk.events_of(reference):  # while somebody looks into it
        await desk.take(event)
    assert (await waiting(world, ada), set(await over(world, ada))) == (
        [], {Resolution.QUERY_AGAIN, Resolution.SETTLED},
    )  # fmt: skip
    assert await resolve(world, ada, again.id, NOT_CHARGED) == "STATE_CONFLICT"
    assert (await newest(world, ada)).state.name == "succeeded"
    assert await provider.taken(ada) == await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 2000
    assert await wrong_rows(world, ada) == []


async def test_of_many_at_once_one_claims_and_one_decides_and_a_death_in_the_middle_leaves_all_or_nothing(
    world: World, provider: SideDoor
) -> None:
    ada, known = await lost(world, provider)
    (case,) = await waiting(world, ada)
    claims = [tried(world, ada, ClaimException(case.id), world.staff(Grant.SUPPORT, f"s{n}")) for n in range(4)]
    assert sorted(await asyncio.gather(*claims)) == ["STATE_CONFLICT"] * 3 + ["done"]
    command, key = ResolveException(case.id, CHARGED, "Seen.", fresh("payment")), fresh("resolve")
    for point in ("perform.done", "perform.recorded"):
        async with killed_at(point):
            with pytest.raises(Killed):
                await tried(world, ada, command, finance(world), key)
        assert (await newest(world, ada)).state.name == "unknown"
    both = (command, replace(command, resolution=NOT_CHARGED, reference=None)) * 2
    calls = [tried(world, ada, each, finance(world, f"f{n}")) for n, each in enumerate(both)]
    assert sorted(await asyncio.gather(*calls)) == ["STATE_CONFLICT"] * 3 + ["done"]
    charged = (await over(world, ada)) == [CHARGED]
    assert (await payment(world.house.db.primary, ada.id, known.id)).state.name == (
        "succeeded" if charged else "failed"
    )
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == (2000 if charged else 1000)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B7")
async def test_what_is_heard_of_one_payment_closes_its_own_case_and_no_other(world: World, provider: SideDoor) -> None:
    ada = await buyer(world)
    for code in ("starter", "team"):
        await start(world, ada, code)
    await world.card(ada, "tok_error_after")
    await provider.behave(world, ada, operations=["query", "void"], fault="error_before")
    await until(world, ada, day(2, 2))
    await asked_in_vain(world, ada)
    heard, silent = await waiting(world, ada)
    await tell(world, ada, heard.payment, News.CAPTURED)
    assert (await waiting(world, ada), await over(world, ada)) == ([silent], [Resolution.SETTLED])
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B7")
async def test_another_amount_is_a_case_at_once_that_the_right_one_closes(world: World, provider: SideDoor) -> None:
    ada = await buyer(world, "tok_wrong_amount")
    await start(world, ada)
    (case,) = await waiting(world, ada)
    assert (case.kind, (await newest(world, ada)).state.name) == (Kind.PAYMENT_MISMATCH, "unknown")
    await do_now(ahead(world.house, 2 * MINUTE), ada.id)
    assert ((await newest(world, ada)).state.name, await waiting(world, ada)) == ("succeeded", [])


@pytest.mark.row("C14")
@pytest.mark.parametrize("point", ["attempt.claimed", "attempt.answered"])
async def test_what_was_not_charged_is_barred_at_the_provider_before_it_is_charged_again_wherever_a_worker_dies(
    world: World, point: str
) -> None:
    ada = await buyer(world, "tok_3ds")
    await start(world, ada)
    known = await newest(world, ada)
    doubt = OpenException(Kind.PAYMENT_UNKNOWN, known.id, None, "It waits for its customer.")
    await by_house(world, ada, open_exception, doubt)
    async with killed_at(point):
        with pytest.raises(Killed):
            await decided(world, ada, NOT_CHARGED)
    failed = await newest(world, ada)
    assert (failed.id, failed.failure_code) == (known.id, "not_charged")
    assert await do_now(ahead(world.house, LEASE_OVER), ada.id) > 0
    there = await world.house.gateway(ACCOUNT).find_charge(str(known.id), known.amount)
    assert isinstance(there, Voided)
    assert await do_now(ahead(world.house, timedelta(days=30)), ada.id) == 0  # nothing asks about it any more
    assert (await waiting(world, ada), await wrong_rows(world, ada)) == ([], [])


@pytest.mark.row("L5")
async def test_work_about_money_that_is_given_up_is_a_case_too(world: World) -> None:
    ada = await buyer(world, "tok_error_after")
    await start(world, ada)
    house = with_a_mistake(ahead(world.house, 2 * MINUTE))
    for n in range(6):
        await do_now(replace(ahead(world.house, (2 + n) * MINUTE), gateways=house.gateways), ada.id)
    (case,) = await waiting(world, ada)
    assert (case.kind, case.cause) == (Kind.PAYMENT_UNKNOWN, "The work failed too often: KeyError")
    assert (await decided(world, ada, Resolution.QUERY_AGAIN))[1] == "done"
    assert ((await newest(world, ada)).state.name, await waiting(world, ada)) == ("succeeded", [])


async def test_who_claims_or_gives_back_what_is_over_or_nobodys_is_told_so_of_that_exception(
    world: World, provider: SideDoor
) -> None:
    ada, _ = await lost(world, provider)
    (case,) = await waiting(world, ada)
    sue, db = world.staff(Grant.SUPPORT, "sue"), world.house.db
    with pytest.raises(Refused) as nobodys:
        await perform(db, release_exception, sue, ada.id, ReleaseException(case.id), fresh("release"))
    await decided(world, ada, NOT_CHARGED)
    with pytest.raises(Refused) as ended:
        await perform(db, claim_exception, sue, ada.id, ClaimException(case.id), fresh("claim"))
    told = [(each.value.code.value, each.value.path, each.value.message) for each in (nobodys, ended)]
    assert told == [
        ("STATE_CONFLICT", ("exceptionId",), "Nobody looks into this exception."),
        ("STATE_CONFLICT", ("exceptionId",), "This exception is over."),
    ]


async def test_another_customers_and_another_tenants_case_are_answered_as_what_there_is_not(
    world: World, provider: SideDoor
) -> None:
    ada, _ = await lost(world, provider)
    (case,) = await waiting(world, ada)
    bob, elsewhere = await world.customer(), await make_world(world.house)
    stranger = elsewhere.staff(Grant.ADMIN)
    assert await claim(world, bob, case.id) == "NOT_FOUND"
    assert await tried(world, ada, ClaimException(case.id), stranger) == "NOT_FOUND"
    assert await resolve(world, ada, case.id, NOT_CHARGED, None, stranger) == "NOT_FOUND"
    assert [each.id for each in await waiting(elsewhere, ada)] == []
