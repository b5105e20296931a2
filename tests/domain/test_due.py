"""Due work with two workers at it: the one whose lease ran out does no harm to what the other has done."""

import pytest

from domain import due
from domain.due import Due
from domain.ids import SubscriptionId
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.pay_invoice import SEND
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from domain.reactions.work import do
from domain.subscriptions.lifecycle import RENEW
from tests.lives import attempts_at, buyer, day, give_back, invoices_of, start, tell, until
from tests.world import Someone, World


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
