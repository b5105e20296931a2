"""An answer that never came, wherever it was waited for: nobody is charged twice, nothing ends before it is known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from dev.story.client import until as seen
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.domain.payments.conftest import SideDoor
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import (
    attempts_at,
    buyer,
    day,
    invoices_of,
    is_entitled,
    start,
    subscription_of,
    until,
    wrong_rows,
)
from tests.world import Someone, World

ANSWERLESS = ("tok_error_after", "tok_error_before", "tok_hangup_after", "tok_hangup_before", "tok_garbage_after")
Place = Callable[[World, str], Awaitable[Someone]]


async def at_start(world: World, token: str) -> Someone:
    """A first invoice whose charge was not answered."""
    ada = await buyer(world, token)
    await start(world, ada)
    return ada


async def at_a_change(world: World, token: str) -> Someone:
    """A change whose charge was not answered."""
    ada = await buyer(world)
    begun = await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    await world.card(ada, token)
    await world.do(ada, change_plan, ChangePlan(begun.subscription, world.prices["team"]))
    return ada


async def at_a_renewal(world: World, token: str) -> Someone:
    """A renewal whose charge was not answered."""
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, token)
    await until(world, ada, day(2, 2))
    return ada


async def at_a_retry(world: World, token: str) -> Someone:
    """A renewal that was declined, and whose retry with a new card was not answered."""
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 2))
    await world.card(ada, token)
    return ada


PLACES: dict[str, tuple[Place, int]] = {
    "start": (at_start, 1000),
    "change": (at_a_change, 1653),
    "renewal": (at_a_renewal, 2000),
    "retry": (at_a_retry, 2000),
}


async def last_attempt(world: World, of: Someone) -> Payment:
    """The newest attempt at the newest invoice."""
    return (await attempts_at(world, of, (await invoices_of(world, of))[-1].id))[-1]


@pytest.mark.row("B8")
@pytest.mark.row("X5")
@pytest.mark.parametrize("token", ANSWERLESS)
@pytest.mark.parametrize("place", PLACES)
async def test_a_charge_without_an_answer_is_asked_for_and_made_once(
    world: World, provider: SideDoor, place: str, token: str
) -> None:
    begin, total = PLACES[place]
    ada = await begin(world, token)
    open_attempt = await last_attempt(world, ada)
    assert open_attempt.state.name == "unknown"
    other = await world.card(ada)
    for method in (None, other):
        with pytest.raises(Refused) as refused:
            await world.do(ada, pay_invoice, PayInvoice(open_attempt.invoice, method))
        assert refused.value.code is RefusalCode.PAYMENT_IN_PROGRESS
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    now = await last_attempt(world, ada)
    assert (now.id, now.state.name) == (open_attempt.id, "succeeded")
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await provider.taken(ada) == total
    assert sum(invoice.paid.minor for invoice in await invoices_of(world, ada)) == total
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize("token", ["tok_unavailable", "tok_rate_limited"])
async def test_a_provider_that_surely_did_nothing_is_tried_again_under_the_same_key(
    world: World, provider: SideDoor, token: str
) -> None:
    ada = await at_start(world, token)
    before = await last_attempt(world, ada)
    assert (before.state.name, await provider.taken(ada)) == ("processing", 0)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    now = await last_attempt(world, ada)
    assert (now.id, now.state.name, await provider.taken(ada)) == (before.id, "succeeded", 1000)


@pytest.mark.parametrize("place", ["renewal", "retry"])
async def test_nobody_loses_access_while_an_outcome_is_unknown(world: World, place: str) -> None:
    begin, _ = PLACES[place]
    ada = await begin(world, "tok_error_after")
    await until(world, ada, day(2, 28))
    assert await is_entitled(world, ada)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    assert (await subscription_of(world, ada)).state.name == "active"


async def test_access_outlasts_its_day_while_the_last_retry_is_unknown(world: World, provider: SideDoor) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_insufficient_funds")
    await until(world, ada, day(2, 11))  # all retries but the last were declined
    await provider.behave(world, ada, fault="error_after")
    await until(world, ada, day(2, 28))
    assert (await last_attempt(world, ada)).state.name == "unknown"
    assert await is_entitled(world, ada)
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    assert (await last_attempt(world, ada)).state.name == "failed"
    assert not await is_entitled(world, ada)


async def test_a_first_invoice_does_not_expire_while_its_outcome_is_unknown(world: World) -> None:
    ada = await at_start(world, "tok_hangup_after")
    await until(world, ada, day(1, 3))
    assert (await subscription_of(world, ada)).state.name == "incomplete"
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    assert (await subscription_of(world, ada)).state.name == "active"
    assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["paid"]


CRASHES = [
    *(("attempt.claimed", passes) for passes in range(2)),
    *(("attempt.answered", passes) for passes in range(2)),
    *(("relay.consumed", passes) for passes in range(8)),
    *(("relay.deleted", passes) for passes in range(8)),
    *(("due.claimed", passes) for passes in range(3)),
    *(("perform.committed", passes) for passes in range(13)),
]


@pytest.mark.row("C14")
@pytest.mark.parametrize(("point", "passes"), CRASHES)
async def test_wherever_a_worker_dies_the_next_one_ends_with_one_charge_for_each_invoice(
    world: World, provider: SideDoor, point: str, passes: int
) -> None:
    ada = await buyer(world)
    async with killed_at(point, passes):
        with pytest.raises(Killed):
            await start(world, ada)
            await until(world, ada, day(2, 2))
    for number in range(1, 4):  # first the killed worker's leases, then what was left to do after them
        await do_now(ahead(world.house, number * LEASE_OVER), ada.id)
    invoices = await invoices_of(world, ada)
    assert await provider.taken(ada) == 1000 * len(invoices)
    assert {invoice.state.name for invoice in invoices} <= {"paid"}
    for invoice in invoices:
        assert len(await attempts_at(world, ada, invoice.id)) == 1
    assert await wrong_rows(world, ada) == []


async def test_two_workers_at_one_charge_with_a_slow_provider_charge_once(world: World, provider: SideDoor) -> None:
    ada = await buyer(world)
    await provider.behave(world, ada, operations=["charge"], reply_delay_ms=400)
    slow = asyncio.ensure_future(start(world, ada))

    async def acted() -> int | None:  # and not yet answered
        return await provider.taken(ada) or None

    await seen(acted, "what the provider takes", pause=0.01)
    await do_now(ahead(world.house, LEASE_OVER), ada.id)
    await slow
    assert (await last_attempt(world, ada)).state.name == "succeeded"
    assert await provider.taken(ada) == 1000
    assert (await subscription_of(world, ada)).state.name == "active"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("B3")
async def test_a_charge_that_waits_for_its_customer_blocks_a_second_one_and_goes_on_when_it_is_done(
    world: World, provider: SideDoor
) -> None:
    ada = await buyer(world, "tok_3ds")
    begun = await start(world, ada)
    attempt = await last_attempt(world, ada)
    assert (attempt.state.name, attempt.action_url is not None) == ("requires_action", True)
    with pytest.raises(Refused) as refused:
        await world.do(ada, pay_invoice, PayInvoice(begun.invoice, None))
    assert refused.value.code is RefusalCode.PAYMENT_IN_PROGRESS
    assert attempt.action_url is not None
    await provider.http.get(attempt.action_url, params={"outcome": "complete"})
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    assert (await last_attempt(world, ada)).state.name == "succeeded"
    assert (await subscription_of(world, ada)).state.name == "active"
