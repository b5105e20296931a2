"""A refund is being sent while the bank's return of its payment is settled: either it is sent, or it ends unsent."""

import asyncio

import asyncpg

from domain.payments.attempt_refund import attempt_refund
from domain.payments.payment import payment
from domain.payments.refund import refunds_of
from domain.payments.settle_payment import News
from tests.domain.invoices.bills import eur
from tests.domain.payments.conftest import SideDoor
from tests.held import until_waiting
from tests.lives import buyer, give_back, start, tell, wrong_rows
from tests.world import ACCOUNT, World


async def test_a_worker_sends_no_refund_that_a_return_is_just_ending_as_never_sent(
    world: World, provider: SideDoor, owner_url: str
) -> None:
    ada, house = await buyer(world), world.house
    id = (await start(world, ada)).payment
    assert id is not None
    await give_back(world, ada, id, eur(400), follow=False)
    (unsent,) = await refunds_of(house.db.primary, ada.id, id)
    owner = await asyncpg.connect(owner_url)
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM payment WHERE shard_key = $1 AND id = $2 FOR UPDATE", id.shard, id.uuid)
        returning = asyncio.ensure_future(tell(world, ada, id, News.RETURNED, captured=eur(1000), follow=False))
        await until_waiting(house, 1)  # it has read which refunds were not sent, and is to release what they reserved
        gateway = house.gateway(ACCOUNT)
        sending = asyncio.ensure_future(attempt_refund(house.db, gateway, house.actor, ada.id, unsent.id))
        await until_waiting(house, 2)  # to mark it as sent; were it marked already, to perform the provider's answer
    await asyncio.gather(returning, sending)
    await owner.close()
    (ended,) = await refunds_of(house.db.primary, ada.id, id)
    assert (ended.state.name, ended.failure_code, ended.sent_at) == ("failed", "payment_returned", None)
    assert await provider.taken(ada) == 1000, "nothing was given back there"
    assert (await payment(house.db.primary, ada.id, id)).refundable == eur(0)
    assert await wrong_rows(world, ada) == []
