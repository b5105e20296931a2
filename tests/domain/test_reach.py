"""Whom the door does not reach with what: who only looks, and whoever else holds a used key."""

import pytest

from domain.actor import Grant, acting
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.money import Money
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.subscriptions.subscription import subscriptions
from tests.lives import buyer, start
from tests.world import EUR, NEW_YEAR, World, fresh, make_world


async def test_who_acts_for_a_customer_and_only_looks_previews_and_performs_nothing(world: World) -> None:
    ada, db = await buyer(world), world.house.db
    looker = acting(world.staff(Grant.SUPPORT), ada.id, "They asked by phone.", may_write=False)
    command = StartSubscription(world.prices["starter"], 1)
    seen = await perform(db, start_subscription, looker, ada.id, command, fresh("key"), preview=True)
    assert seen.outcome.due.minor == 1000
    with pytest.raises(Refused) as refused:
        await perform(db, start_subscription, looker, ada.id, command, fresh("key"))
    assert refused.value.code is RefusalCode.FORBIDDEN
    assert await subscriptions(db.primary, ada.id) == []


async def test_a_used_key_tells_nothing_to_the_same_person_at_another_tenant(world: World) -> None:
    ada, db, key = await buyer(world), world.house.db, fresh("key")
    elsewhere = await make_world(world.house)
    here, there = (each.staff(Grant.FINANCE) for each in (world, elsewhere))
    assert here.scope == there.scope
    command = StateTaxPlace("FJ", "", None, NEW_YEAR, None)
    await perform(db, state_tax_place, here, ada.id, command, key)
    with pytest.raises(Refused) as refused:
        await perform(db, state_tax_place, there, ada.id, command, key)
    assert refused.value.code is RefusalCode.NOT_FOUND


async def test_a_customer_and_its_staff_who_happen_to_choose_one_key_are_each_answered_their_own(world: World) -> None:
    ada, db, key = await buyer(world), world.house.db, fresh("key")
    support = world.staff(Grant.SUPPORT)
    plans = {
        actor: StartSubscription(world.prices[code], 1) for actor, code in ((ada.actor, "starter"), (support, "team"))
    }
    begun = {actor: await perform(db, start_subscription, actor, ada.id, plan, key) for actor, plan in plans.items()}
    for actor, plan in plans.items():
        again = await perform(db, start_subscription, actor, ada.id, plan, key)
        assert (again.replayed, again.outcome) == (True, begun[actor].outcome)
    assert len(await subscriptions(db.primary, ada.id)) == 2


async def test_a_payment_is_found_under_its_own_customer_alone(world: World) -> None:
    own = await make_world(world.house, shard_keys=1)
    ada, ben = await buyer(own), await buyer(own)
    assert ada.id.shard == ben.id.shard  # otherwise that alone tells them apart
    paid = (await start(own, ada)).payment
    assert paid is not None
    command = RequestRefund(paid, Money(100, EUR), "goodwill")
    with pytest.raises(Refused) as refused:
        await perform(own.house.db, request_refund, own.staff(Grant.SUPPORT), ben.id, command, fresh("refund"))
    assert (refused.value.code, refused.value.path) == (RefusalCode.NOT_FOUND, ("paymentId",))
