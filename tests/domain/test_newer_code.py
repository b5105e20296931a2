"""Old and new processes side by side: what newer code leaves behind stands until newer code comes by."""

from datetime import timedelta

import asyncpg

from domain import due, outbox
from domain.dead_letter import open_letters
from domain.due import Due
from domain.fanout.waiting import customers_with_events, due_by_wall
from domain.perform import perform
from domain.reactions.events import KNOWN
from domain.reactions.house import TRIES
from domain.reactions.work import HANDLERS, do, do_now
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import attempts_at, invoices_of, subscription_of
from tests.mishaps import later
from tests.world import Someone, World, fresh

LATE = timedelta(hours=TRIES)


async def rename(owner_url: str, of: Someone, old: str, new: str) -> None:
    """Gives the customer's events of a kind another one."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("UPDATE outbox_event SET kind = $3 WHERE customer_id = $1 AND kind = $2", of.id.uuid, old, new)
    await owner.close()


async def test_work_and_events_that_this_code_does_not_know_are_left_to_code_that_does(
    world: World, owner_url: str
) -> None:
    db, ada = world.house.db, await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    await perform(db, start_subscription, ada.actor, ada.id, command, fresh("key"))
    await rename(owner_url, ada, "subscription.started", "subscription.foretold")
    long_ago = db.clock.now() - timedelta(days=1)
    newer = Due(ada.id, "foretell", ada.id.uuid, long_ago, 0, False, long_ago)
    await due.restore(db.marks, newer)
    for hours in range(TRIES):
        await do_now(later(world.house, timedelta(hours=hours)), ada.id)
        assert not await do(world.house, newer)
        await outbox.pass_over(db.marks, ada.id.shard, [ada.id], KNOWN)
    first, now = await outbox.next_event(db.primary, ada.id, db.clock.now() + LATE), db.clock.now() + LATE
    assert first is not None and (first.kind, first.attempts) == ("subscription.foretold", 0)
    assert await due.find(db.primary, ada.id, newer.kind, newer.subject) == newer
    assert newer not in await due_by_wall(db.primary, HANDLERS, now, 10_000)
    assert ada.id not in await customers_with_events(db.primary, KNOWN, now, 10_000)
    assert ada.id not in [letter.customer for letter in await open_letters(db.primary, ada.id.shard, 1000)]
    (paid,) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    assert paid.state.name == "succeeded", "what stands beside it is done"
    await rename(owner_url, ada, "subscription.foretold", "subscription.started")
    await do_now(later(world.house, LATE), ada.id)
    assert (await subscription_of(world, ada)).state.name == "active"
