"""Keys whose time is over are forgotten; keys that moved money never are."""

from datetime import timedelta

import pytest

from domain.actor import Actor
from domain.expired_keys import forget_expired
from domain.ids import CustomerId
from domain.payments.method import StoreMethod, store_method
from domain.perform import KEY_DAYS, perform
from domain.reactions.house import House
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.jobs_kit import Ground
from tests.world import ACCOUNT, fresh, make_world


@pytest.mark.row("F6")
async def test_a_key_is_forgotten_after_its_days_unless_it_moved_money(ground: Ground) -> None:
    world = await make_world(ground.house)  # a shard key of its own: its keys are nobody else's
    house, db = ground.house, ground.house.db
    ada = await world.customer()
    await world.card(ada)
    buy, key = StartSubscription(world.prices["starter"], 1), fresh("buy")
    bought = await perform(db, start_subscription, ada.actor, ada.id, buy, key)
    card = StoreMethod(ACCOUNT, "tok_a", fresh("method"), "card", "visa", "4242")
    await store(house, ada.actor, ada.id, card, "card")
    marks, shard, now = db.marks, ada.id.shard, db.clock.now()

    assert await forget_expired(marks, shard, now + KEY_DAYS - timedelta(minutes=1)) == 0
    other = StoreMethod(ACCOUNT, "tok_b", fresh("method"), "card", "visa", "1111")
    with pytest.raises(Refused, match="IDEMPOTENCY_MISMATCH"):
        await store(house, ada.actor, ada.id, other, "card")

    assert await forget_expired(marks, shard, now + KEY_DAYS + timedelta(minutes=1)) > 0
    await store(house, ada.actor, ada.id, other, "card")
    again = await perform(db, start_subscription, ada.actor, ada.id, buy, key)
    assert (again.outcome, again.replayed) == (bought.outcome, True)


async def store(house: House, actor: Actor, customer: CustomerId, command: StoreMethod, key: str) -> None:
    await perform(house.db, store_method, actor, customer, command, key)


async def test_many_keys_are_forgotten_bit_by_bit(ground: Ground) -> None:
    world = await make_world(ground.house)
    for _ in range(3):
        await world.customer()
    shard = world.tenant.live_house.shard
    after = ground.house.db.clock.now() + KEY_DAYS + timedelta(minutes=1)
    assert await forget_expired(ground.house.db.marks, shard, after, batch=2) > 2
    assert await forget_expired(ground.house.db.marks, shard, after) == 0
