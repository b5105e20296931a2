"""Text that no database or encoding takes: a typed refusal, and nothing left behind."""

from dataclasses import replace

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.refund import refunds_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import buyer, start
from tests.world import EUR, World, fresh

HOSTILE = ["\x00", "before\x00after", "\ud800", "a\udfffb", "x" * 1_000_000]


@pytest.mark.parametrize("text", HOSTILE, ids=["nul", "nul inside", "surrogate", "surrogate inside", "a megabyte"])
@pytest.mark.parametrize("place", ["key", "reason"])
async def test_hostile_text_is_refused_and_leaves_nothing(world: World, text: str, place: str) -> None:
    ada = await buyer(world)
    id = (await start(world, ada)).payment
    assert id is not None
    key, reason = (text, "goodwill") if place == "key" else (fresh("refund"), text)
    command = RequestRefund(id, Money(100, EUR), reason)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, request_refund, world.staff(Grant.SUPPORT), ada.id, command, key)
    assert refused.value.code is RefusalCode.INVALID_INPUT
    assert await refunds_of(world.house.db.primary, ada.id, id) == []


async def test_a_hostile_request_id_is_refused_and_breaks_no_note_of_the_refusal(world: World) -> None:
    ada = await buyer(world)
    actor, command = replace(ada.actor, request_id="a\x00b"), StartSubscription(world.prices["starter"], 1)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, start_subscription, actor, ada.id, command, fresh("start"))
    assert refused.value.code is RefusalCode.INVALID_INPUT


@pytest.mark.parametrize("text", ["‮evil", "𝕬", "e\u0301", "\u2028", "'; DROP TABLE refund; --", "\x1b[31m"])
async def test_text_that_only_looks_odd_is_taken_as_it_is(world: World, text: str) -> None:
    ada = await buyer(world)
    id = (await start(world, ada)).payment
    assert id is not None
    command, key = RequestRefund(id, Money(100, EUR), text), f"{text}{fresh('refund')}"
    for replayed in (False, True):
        done = await perform(world.house.db, request_refund, world.staff(Grant.SUPPORT), ada.id, command, key)
        assert done.replayed is replayed
    assert [refund.reason for refund in await refunds_of(world.house.db.primary, ada.id, id)] == [text]
