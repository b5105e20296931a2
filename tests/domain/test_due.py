"""Due work with two workers at it: the one whose lease ran out does no harm to what the other has done."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain import due, outbox
from domain.actor import Grant
from domain.audit import verify_chain
from domain.due import Due
from domain.ids import SubscriptionId
from domain.money import Money
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.pay_invoice import SEND
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.events import CONSUMERS, LEASE, Drained, drain, drained
from domain.reactions.work import HANDLERS, do
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import attempts_at, buyer, day, give_back, invoices_of, start, tell, until
from tests.statements import statements_seen
from tests.world import EUR, Someone, World, fresh


async def renewal(world: World, of: Someone, id: SubscriptionId) -> Due:
    """The subscription's next renewal as it stands now."""
    found = await due.find(world.house.db.primary, of.id, RENEW, id.uuid)
    assert found is not None
    return found


@pytest.mark.row("F9")
async def test_a_worker_that_fails_too_late_leaves_what_was_scheduled_meanwhile(world: World) -> None:
    ada = await buyer(world)
    id = (await start(world, ada)).subscription
    marks, slow = world.house.db.marks, await renewal(world, ada, id)
    await until(world, ada, day(2, 2))  # another worker renews
    following = await renewal(world, ada, id)
    assert following.due_at > slow.due_at
    await due.put_back(marks, slow, world.house.db.clock.now())
    await due.postpone(marks, slow, day(12, 24))
    await due.discard(marks, slow)
    assert await renewal(world, ada, id) == following


async def test_of_two_workers_one_has_the_work_until_its_lease_is_over(world: World) -> None:
    ada = await buyer(world)
    work = await renewal(world, ada, (await start(world, ada)).subscription)
    marks, now = world.house.db.marks, world.house.db.clock.now()
    almost, over = now + due.LEASE - timedelta(seconds=1), now + due.LEASE
    assert [await due.claim(marks, work, at) for at in (now, now, almost, over)] == [True, False, False, True]


async def test_work_that_two_workers_perform_is_performed_once(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    work = await renewal(world, ada, (await start(world, ada)).subscription)
    before = (await verify_chain(db.primary, ada.id)).length
    for _ in range(2):  # the lease of the first ran out while it was at work
        await HANDLERS[RENEW](world.house, replace(work))
    assert (await verify_chain(db.primary, ada.id)).length == before + 1


async def begun(world: World) -> Someone:
    """A customer with several events that wait, of which something follows from the last."""
    ada = await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    return ada


async def test_a_charge_goes_by_the_wall_s_time_and_a_renewal_by_the_customer_s_test_clock(world: World) -> None:
    ada = await begun(world)
    await drain(world.house, ada.id)
    rows = await world.house.db.primary.fetch(
        "SELECT kind, clocked FROM due_work WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    clocked = {row["kind"]: row["clocked"] for row in rows}
    assert (clocked[SEND], clocked[RENEW]) == (False, True)


async def test_while_one_drains_a_customers_events_nobody_else_does(world: World) -> None:
    ada, db = await begun(world), world.house.db
    holder, now = UUID(int=1), db.clock.now()
    assert await outbox.take_lease(db.marks, ada.id, holder, now, now + LEASE)
    await drain(world.house, ada.id)  # what nothing follows from needs no lease
    left = await outbox.next_event(db.primary, ada.id, now)
    assert left is not None and left.kind in CONSUMERS
    assert await drain(world.house, ada.id) == 0
    assert await outbox.waiting(db.primary, ada.id, now) is outbox.Waiting.NOW
    await outbox.give_lease_back(db.marks, ada.id, holder)
    assert await drain(world.house, ada.id) > 0
    assert await outbox.waiting(db.primary, ada.id, now) is outbox.Waiting.NOTHING


async def test_what_nothing_follows_from_goes_by_one_statement_and_what_follows_stays(world: World) -> None:
    ada, house = await begun(world), world.house
    assert await drain(house, ada.id) > 0
    invoice = (await invoices_of(world, ada))[-1]
    came = RecordOfflinePayment(invoice.id, Means.TRANSFER, fresh("reference"), Money(100, EUR))
    await perform(house.db, record_offline, world.staff(Grant.FINANCE), ada.id, came, fresh("record"))
    with statements_seen() as statements:
        assert await drained(house, ada.id) == Drained(2, empty=True)
    assert len(statements) == 1


async def test_a_drainer_whose_lease_another_has_goes_no_further(world: World) -> None:
    ada, db = await begun(world), world.house.db
    slow, quick, now = UUID(int=1), UUID(int=2), db.clock.now()
    assert await outbox.take_lease(db.marks, ada.id, slow, now, now + LEASE)
    assert await outbox.take_lease(db.marks, ada.id, quick, now + 2 * LEASE, now + 3 * LEASE)
    first = await outbox.next_event(db.primary, ada.id, now)
    assert first is not None
    turn = await outbox.finish(db.marks, first, slow, now, now + LEASE)
    assert not turn.held and not turn.empty
    turn = await outbox.finish(db.marks, first, quick, now, now + LEASE)
    assert turn.held and turn.event is not None and turn.event.number == first.number + 1


async def test_who_lost_its_lease_does_not_end_another_s(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    now, slow, quick, third = db.clock.now(), *(UUID(int=each) for each in (1, 2, 3))
    assert await outbox.take_lease(db.marks, ada.id, slow, now, now + LEASE)
    assert await outbox.take_lease(db.marks, ada.id, quick, now + 2 * LEASE, now + 3 * LEASE)
    await outbox.give_lease_back(db.marks, ada.id, slow)
    assert not await outbox.take_lease(db.marks, ada.id, third, now + 2 * LEASE, now + 3 * LEASE)


async def test_a_lease_ends_with_the_last_event_that_may_be_performed(world: World) -> None:
    ada, db = await begun(world), world.house.db
    holder, now = UUID(int=1), db.clock.now()
    assert await outbox.take_lease(db.marks, ada.id, holder, now, now + LEASE)
    event = await outbox.next_event(db.primary, ada.id, now)
    while event is not None:
        turn = await outbox.finish(db.marks, event, holder, now, now + LEASE)
        event = turn.event
    assert turn == outbox.Turn(held=False, event=None, empty=True)
    assert await outbox.take_lease(db.marks, ada.id, UUID(int=2), now, now + LEASE)


async def test_an_event_that_waits_for_its_next_try_is_left_and_ends_the_lease(world: World) -> None:
    ada, db = await begun(world), world.house.db
    holder, now = UUID(int=1), db.clock.now()
    assert await outbox.take_lease(db.marks, ada.id, holder, now, now + LEASE)
    first = await outbox.next_event(db.primary, ada.id, now)
    assert first is not None
    second = (await outbox.finish(db.marks, first, holder, now, now + LEASE)).event
    assert second is not None
    await outbox.put_back(db.marks, second, now + LEASE)
    turn = await outbox.finish(db.marks, first, holder, now, now + LEASE)
    assert turn == outbox.Turn(held=False, event=None, empty=False)
    assert await outbox.waiting(db.primary, ada.id, now) is outbox.Waiting.LATER


async def test_a_worker_that_comes_late_to_done_work_does_nothing(world: World) -> None:
    ada = await buyer(world)
    id = (await start(world, ada)).subscription
    slow = await renewal(world, ada, id)
    await until(world, ada, day(2, 2))
    before = await invoices_of(world, ada)
    assert not await do(world.house, slow)
    assert await invoices_of(world, ada) == before


async def test_buried_work_that_news_has_settled_meanwhile_is_over_once_it_is_replayed(world: World) -> None:
    ada = await buyer(world)
    bought = await start(world, ada)
    (paid,) = await attempts_at(world, ada, bought.invoice)
    await tell(world, ada, paid.id, News.CAPTURED, captured=paid.amount)
    await give_back(world, ada, paid.id, paid.amount)
    (refund,) = await refunds_of(world.house.db.primary, ada.id, paid.id)
    now = world.house.db.clock.now()
    for kind, subject in ((SEND, paid.id), (SEND_REFUND, refund.id)):
        buried = Due(ada.id, kind, subject.uuid, now, 0, False, now)
        await due.restore(world.house.db.marks, buried)
        assert await do(world.house, buried)
        assert await due.find(world.house.db.primary, ada.id, kind, subject.uuid) is None
    await until(world, ada, day(2, 2))
    assert len(await invoices_of(world, ada)) == 2
