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


def test_an_event_was_taken_once_all_to_whom_it_was_sent_have_it() -> None:
    store = Store(":memory:")
    payout = Payout(id=new_id(Payout), amount_minor=0, currency="EUR", line_count=0, created_at=moment())

    def taken() -> bool:
        (was, was_not) = (list_events(store.db, None, payout.id, 10, delivered=each) for each in (True, False))
        assert len(was) + len(was_not) == 1
        return len(was) == 1

    with store.write() as db:
        emit(db, "payout.paid", payout)
        db.execute("INSERT INTO deliveries (event, url, state) SELECT event, url, state FROM deliveries")
        assert not taken()
        db.execute("UPDATE deliveries SET state = 'done' WHERE number = 1")
        assert not taken(), "the other has not"
        db.execute("UPDATE deliveries SET state = 'done'")
        assert taken()
        db.execute("DELETE FROM deliveries")
        assert not taken(), "it was never sent"
    store.close()
