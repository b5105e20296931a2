"""What a provider said of people is kept for a while, and that it said it for good."""

import hashlib
from datetime import timedelta

import pytest

from domain.inbox import find, raw_of
from domain.reactions.expired_bodies import KEEP_BODIES, forget_bodies
from tests.lives import attempts_at, buyer, invoices_of, start
from tests.webhook_desk import Desk, Event, key_of, made_up
from tests.world import World


@pytest.mark.row("C9")
@pytest.mark.row("C10")
async def test_the_body_of_an_event_that_was_done_with_goes_after_its_time_and_its_id_and_hash_stay(
    world: World, desk: Desk
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    (paid,) = await attempts_at(world, ada, (await invoices_of(world, ada))[0].id)
    (event,) = await desk.events_of(paid.provider_ref)
    dead = made_up(metadata={})
    assert (await desk.take(event), await desk.take(dead)) == ("applied", "dead")
    db, now = world.house.db, world.house.db.clock.now()
    before = await body_of(desk, event)
    await forget_bodies(db.marks, db.primary, now + KEEP_BODIES - timedelta(minutes=1), batch=1)
    assert await body_of(desk, event) == before
    await forget_bodies(db.marks, db.primary, now + KEEP_BODIES + timedelta(minutes=1), batch=1)
    with pytest.raises(AssertionError):
        await body_of(desk, event)
    assert await body_of(desk, dead), "nobody has done anything with it yet"
    kept = await db.primary.fetchval("SELECT body_sha256 FROM inbox_event WHERE event_key = $1", key_of(event))
    assert kept == hashlib.sha256(before).digest()
    assert await desk.take(event) is None, "it is known for good"
    assert (await attempts_at(world, ada, paid.invoice))[0].state.name == "succeeded"


async def body_of(desk: Desk, event: Event) -> bytes:
    """The raw body of an event that is kept."""
    known = await find(desk.house.db.primary, key_of(event))
    assert known is not None
    return (await raw_of(desk.house.db.primary, known))[1]
