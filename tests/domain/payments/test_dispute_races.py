"""Disputes under parallel calls and dying processes: reserved never exceeds captured, and an answer is given once."""

import asyncio

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.refund import refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.provider_events import apply
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.dispute_kit import accounts, disputed, disputes, settled
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import wrong_rows
from tests.webhook_desk import Desk, key_of
from tests.world import EUR, World, fresh


@pytest.mark.row("C12")
async def test_an_event_that_many_workers_take_opens_one_dispute(world: World, desk: Desk) -> None:
    of = await disputed(world, desk)
    (event,) = await of.events()
    await desk.deliver(event)
    await asyncio.gather(*(apply(world.house, key_of(event)) for _ in range(8)), *(desk.deliver(event),) * 2)
    assert len(await disputes(world, of.paid)) == 1
    assert (await accounts(world, of.who))["disputes"] == 1000


@pytest.mark.row("C7")
async def test_refunds_and_a_dispute_at_once_never_have_more_than_was_captured(world: World, desk: Desk) -> None:
    of = await disputed(world, desk, 600)
    (event,) = await of.events()
    await desk.deliver(event)
    command = RequestRefund(of.paid.id, Money(300, EUR), "goodwill")

    async def refund() -> None:
        await perform(
            world.house.db, request_refund, world.staff(Grant.SUPPORT), of.who.id, command, fresh("refund")
        )  # fmt: skip

    done = await asyncio.gather(
        apply(world.house, key_of(event)), *(refund() for _ in range(4)), return_exceptions=True
    )  # fmt: skip
    assert all(each is None or isinstance(each, str | Refused) for each in done)
    now = await of.now()
    assert now.refunds_reserved + now.disputes_reserved <= now.captured
    await do_now(world.house, of.who.id)
    found = await refunds_of(world.house.db.primary, of.who.id, of.paid.id)
    assert sum(each.amount.minor for each in found if each.state.name == "succeeded") == 300, "all that was left"
    known = await of.known()
    assert (known.covered, known.excess.minor) == (Money(600, EUR), 0)
    assert (await accounts(world, of.who))["cash_clearing"] == await settled(desk, of.paid)
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("C14")
@pytest.mark.parametrize(
    "point", ["perform.recorded", "perform.committed", "relay.consumed", "dispute.claimed", "dispute.answered"]
)
async def test_an_answer_whose_process_died_is_given_once_by_another(world: World, desk: Desk, point: str) -> None:
    of = await disputed(world, desk)
    await of.told()
    async with killed_at(point):
        with pytest.raises(Killed):
            await of.answer()
    if (await of.known()).asks == 0:
        await of.answer()
    for _ in range(2):
        await do_now(ahead(world.house, LEASE_OVER), of.who.id)
    known = await of.known()
    assert (known.state.name, known.asked, known.asks) == ("evidence_submitted", None, 1)
    kinds = [event["type"] for event in await of.events()]
    assert kinds == ["dispute.opened", "dispute.evidence_submitted"]
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("C14")
@pytest.mark.parametrize("fault", ["hangup_before", "hangup_after", "unavailable"])
async def test_an_answer_that_got_lost_on_its_way_is_given_once(world: World, desk: Desk, fault: str) -> None:
    of = await disputed(world, desk)
    await of.told()
    method = await world.house.db.primary.fetchval(
        "SELECT provider_ref FROM payment_method WHERE shard_key = $1 AND id = $2",
        of.who.id.shard, of.paid.method.uuid if of.paid.method else None,
    )  # fmt: skip
    await desk.admin("behaviour", method=method, operations=["dispute"], fault=fault, times=1)
    await of.answer()
    for _ in range(2):
        await do_now(ahead(world.house, LEASE_OVER * 3), of.who.id)
    assert (await of.known()).state.name == "evidence_submitted"
    assert len(await of.events()) == 2
