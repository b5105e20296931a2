"""Doing again what was given up: buried work, buried events of the outbox, and dead provider events."""

from domain import dead_letter, due, inbox
from domain.dead_letter import DeadLetter
from domain.inbox import InboxEvent
from domain.reactions.events import consume, drain
from domain.reactions.house import House
from domain.reactions.provider_events import apply
from domain.reactions.work import do


async def replay_letter(house: House, letter: DeadLetter) -> bool:
    """Performs what the letter holds under its old key and marks it replayed; whether it was done.

    Due work that fails again is put back and tried as if it were new; an event that fails again raises its error and
    leaves the letter open.
    """
    if letter.source == "due":
        work = dead_letter.buried_work(letter)
        await due.restore(house.db.marks, work)
        await dead_letter.mark_replayed(house.db.marks, letter, house.db.clock.now())
        return await do(house, await due.find(house.db.primary, work.customer, work.kind, work.subject) or work)
    event = dead_letter.buried_event(letter)
    await consume(house, event)
    await dead_letter.mark_replayed(house.db.marks, letter, house.db.clock.now())
    await drain(house, event.customer)
    return True


async def replay_event(house: House, event: InboxEvent) -> str:
    """Takes a dead provider event in again; returns its state afterwards, STATE_CONFLICT where it is not dead."""
    await inbox.revive(house.db.marks, event, house.db.clock.now())
    state = await apply(house, event.key)
    return state or "received"
