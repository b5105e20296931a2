"""Sagas: the happy ways, a process that dies at every point of them, and events that come twice or in another order."""

import pytest

from domain import due
from domain.ids import SubscriptionId
from domain.outbox import Event
from domain.reactions.sagas import hear
from domain.sagas.definition import DEFINITIONS, LISTENED, SagaKind
from domain.sagas.saga import LOOK, living_sagas
from tests.lives import wrong_rows
from tests.saga_kit import Beginning, beginning, moves_of, newest, sagas_of
from tests.world import World


async def is_done(world: World, of: Beginning) -> None:
    """The newest saga is over as it was meant, once, nothing is due for it any more, and the books hold."""
    found = await newest(world, of.who)
    assert (found.kind, found.state.name) == (of.kind, "completed")
    assert [each.kind for each in await sagas_of(world, of.who)].count(of.kind) == 1
    assert await due.find(world.house.db.primary, of.who.id, LOOK, found.id.uuid) is None
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("L4")
@pytest.mark.parametrize("kind", SagaKind)
async def test_every_kind_goes_its_way_to_the_end(world: World, kind: SagaKind) -> None:
    life = await beginning(world, kind)
    await life.begin()
    first, steps = await newest(world, life.who), DEFINITIONS[kind].steps
    assert (first.kind, first.state.name, first.step) == (kind, "running", steps[0].name)
    work = await due.find(world.house.db.primary, life.who.id, LOOK, first.id.uuid)
    assert work is not None and work.due_at == first.deadline
    await life.go_on()
    await is_done(world, life)
    events = await moves_of(world, first.id)
    assert events == (["begin", "advance", "complete"] if kind is SagaKind.TRIAL else ["begin", "complete"])


@pytest.mark.row("L4")
@pytest.mark.parametrize("kind", SagaKind)
async def test_processes_that_die_after_each_operation_are_gone_on_with_by_others(world: World, kind: SagaKind) -> None:
    life = await beginning(world, kind)
    assert await life.dies_at_each("perform.committed") > 5
    await is_done(world, life)


@pytest.mark.row("L4")
@pytest.mark.parametrize("kind", SagaKind)
async def test_events_that_come_early_twice_or_in_another_order_change_nothing(world: World, kind: SagaKind) -> None:
    life = await beginning(world, kind)
    await life.begin()
    begun = await newest(world, life.who)
    body = {"subscription": str(begun.subscription)}
    told = [Event(life.who.id, 10_000 + n, each, body, 0, False) for n, each in enumerate(sorted(LISTENED))]
    for event in (*told, *reversed(told)):
        await hear(world.house, event)
    assert await newest(world, life.who) == begun
    db, another = world.house.db.primary, SubscriptionId(life.who.id.shard, begun.id.uuid)
    assert begun in await living_sagas(db, life.who.id, begun.subscription)
    assert await living_sagas(db, life.who.id, another) == [], "whoever hears of another reads none of them"
    await life.go_on()
    await is_done(world, life)
    ended = await newest(world, life.who)
    for event in told:
        await hear(world.house, event)
    assert await newest(world, life.who) == ended
