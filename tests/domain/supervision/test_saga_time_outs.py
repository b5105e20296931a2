"""Time-outs of sagas: what was lost is taken back or made good at each step, and what is open is waited for."""

import pytest

from domain.invoices.draft import FINALIZE
from domain.reactions.work import do_now
from domain.sagas.definition import SagaKind
from domain.sagas.saga import moves_of
from domain.subscriptions.lifecycle import RENEW
from tests.interruptions import ahead
from tests.lives import day, subscription_of, until, wrong_rows
from tests.saga_kit import (
    HOUR,
    beginning,
    buy_in_vain,
    lose_event,
    lose_work,
    newest,
    stands,
    state_of,
)
from tests.world import World

pytestmark = pytest.mark.row("L4")


async def test_a_purchase_that_nobody_paid_is_taken_back_when_its_own_end_was_lost(world: World) -> None:
    ada = await buy_in_vain(world)
    found, bought = await newest(world, ada), await subscription_of(world, ada)
    assert (found.state.name, bought.state.name) == ("compensated", "incomplete_expired")
    assert await state_of(world, ada, found.invoice) == "void"
    events = [each.event for each in await moves_of(world.house.db.primary, found.id)]
    assert events == ["begin", "compensate", "undo"]
    assert await wrong_rows(world, ada) == []


async def test_what_was_paid_for_is_given_when_the_news_of_the_payment_was_lost(world: World) -> None:
    bought, changed = [await beginning(world, kind) for kind in (SagaKind.PURCHASE, SagaKind.PAID_CHANGE)]
    for life, name in ((bought, "activate"), (changed, "apply")):
        await life.charge(await life.begin())
        await lose_event(world, life.who, "invoice.paid")
        await life.go_on()
        assert await stands(world, life.who) == ("running", "charge")
        await until(world, life.who, day(1, 12) if life is changed else day(1, 2))
        assert await stands(world, life.who) == ("running", name)
        await do_now(ahead(world.house, HOUR), life.who.id)
        assert await stands(world, life.who) == ("completed", name)
        assert await wrong_rows(world, life.who) == []
    assert (await subscription_of(world, bought.who)).state.name == "active"
    assert (await subscription_of(world, changed.who)).price == world.prices["team"]


async def test_a_change_that_nobody_paid_is_taken_back_when_the_news_of_it_was_lost(world: World) -> None:
    life = await beginning(world, SagaKind.PAID_CHANGE)
    await world.card(life.who, "tok_insufficient_funds")
    await life.charge(await life.begin())
    await lose_event(world, life.who, "payment.failed")
    await life.go_on()
    assert (await subscription_of(world, life.who)).pending is not None
    await until(world, life.who, day(1, 12))
    found, kept = await newest(world, life.who), await subscription_of(world, life.who)
    assert (found.state.name, kept.pending, kept.price) == ("compensated", None, world.prices["starter"])
    assert await state_of(world, life.who, found.invoice) == "void"
    assert await wrong_rows(world, life.who) == []


async def test_a_trial_goes_forward_at_each_step_whose_work_was_lost(world: World) -> None:
    life = await beginning(world, SagaKind.TRIAL)
    await life.begin()
    await lose_work(world, life.who, RENEW)
    await until(world, life.who, day(1, 16))
    assert (await subscription_of(world, life.who)).state.name == "active"
    assert await stands(world, life.who) == ("running", "bill")
    await lose_work(world, life.who, FINALIZE)
    await world.card(life.who, "tok_insufficient_funds")
