"""Due work with two workers at it: the one whose lease ran out does no harm to what the other has done."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain import due, outbox
from domain.audit import verify_chain
from domain.due import Due
from domain.ids import SubscriptionId
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.pay_invoice import SEND
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.events import LEASE, drain
from domain.reactions.work import HANDLERS, do
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import attempts_at, buyer, day, give_back, invoices_of, start, tell, until
from tests.world import Someone, World, fresh


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


async def test_while_one_drains_a_customers_events_nobody_else_does(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    command = StartSubscription(world.prices["starter"], 1)
    await perform(db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    holder, now = UUID(int=1), db.clock.now()
    assert await outbox.take_lease(db.marks, ada.id, holder, now, now + LEASE)
    assert await drain(world.house, ada.id) == 0
    assert not await outbox.is_empty(db.primary, ada.id)
    await outbox.give_lease_back(db.marks, ada.id, holder)
    assert await drain(world.house, ada.id) > 0
    assert await outbox.is_empty(db.primary, ada.id)


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
