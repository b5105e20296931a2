"""Where the provider was told of no receiver, an event is in its list alone, and nothing is left to be sent."""

import asyncio

from dev.provider.delivery import Courier, Letter
from dev.provider.events import emit, list_events
from dev.provider.records import Payout, new_id
from dev.provider.store import Store, moment
from dev.provider.timers import next_due


async def test_an_event_for_nobody_is_listed_and_is_not_tried_again() -> None:
    store, wake = Store(":memory:"), asyncio.Event()
    courier = Courier(store, lambda _: Letter(None, b"", {}), wake)
    payout = Payout(id=new_id(Payout), amount_minor=0, currency="EUR", line_count=0, created_at=moment())
    with store.write() as db:
        emit(db, "payout.paid", payout)
    assert next_due(store.db) == 0.0
    courier.dispatch()
    await wake.wait()
    assert next_due(store.db) is None
    assert [event.type for event in list_events(store.db, None, payout.id, 10)] == ["payout.paid"]
    await courier.close()
    store.close()
