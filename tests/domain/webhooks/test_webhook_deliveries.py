"""A tenant's own systems hear of what happens to its customers: once each, signed, again after failures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from domain import outbox
from domain.actor import Grant
from domain.fanout.webhook_deliveries import OF_EACH, deliveries_due, deliveries_of
from domain.ids import WebhookEndpointId
from domain.operation import Operation
from domain.outbox import Event
from domain.perform import perform
from domain.reactions.batches import do_batch
from domain.reactions.events import drain
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.lifecycle import RENEW
from domain.webhooks.deliver import deliver
from domain.webhooks.delivery import KEEP, TRY_AFTER, WebhookDelivery, forget_deliveries, mark_tried
from domain.webhooks.endpoint import webhook_endpoint
from domain.webhooks.publish import publish
from domain.webhooks.register_endpoint import (
    ChangeWebhookEndpoint,
    RegisterWebhookEndpoint,
    RotateWebhookSecret,
    change_webhook_endpoint,
    register_webhook_endpoint,
    rotate_webhook_secret,
)
from domain.webhooks.replay import ReplayWebhooks, replay_webhooks
from domain.webhooks.send import Sender
from jobs.calls import deliver_webhook
from tests.lives import buyer, start
from tests.mishaps import Death, death_at, later
from tests.webhook_receiver import Receiver, receiving
from tests.world import World, fresh, make_world

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - command and outcome, as in domain/operation.py
KINDS = ("subscription.started", "invoice.finalized", "invoice.paid")
LONG = timedelta(days=30)


@dataclass
class Shop:
    """A tenant with one endpoint for sandbox customers."""

    world: World
    receiver: Receiver
    endpoint: WebhookEndpointId

    async def sent(self, house: House | None = None) -> list[bool]:
        """Tries what is due for this tenant, in this process or another one."""
        of = house or self.world.house
        return [await deliver(of.db, of.sender, each.id) for each in await self.deliveries("waiting")]

    async def deliveries(self, state: str | None = None) -> list[WebhookDelivery]:
        """The tenant's deliveries, the oldest first."""
        found = await deliveries_of(self.world.house.db.primary, self.world.tenant.tenant, None, state, 100)
        return found[::-1]

    async def secret(self, back: int = 0) -> str:
        """The endpoint's secret, or one before it."""
        found = await webhook_endpoint(self.world.house.db.primary, self.endpoint)
        assert found
        return found.secret(self.world.house.db.vault, found.secret_version - back)

    async def change(self, **changed: object) -> None:
        """Changes the endpoint."""
        base: dict[str, Any] = {"url": None, "kinds": None, "active": None, "anywhere": True, **changed}
        command = ChangeWebhookEndpoint(self.endpoint, **base)
        await self.by_admin(change_webhook_endpoint, command)

    async def by_admin(self, operation: Operation[C, O], command: C, role: Grant = Grant.ADMIN) -> O:
        """What staff does."""
        home = self.world.tenant.live_house
        done = await perform(self.world.house.db, operation, self.world.staff(role), home, command, fresh("k"))
        return done.outcome


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Shop]:
    """A tenant of this test's own: what it is told nobody else is."""
    here = replace(house, sender=Sender(anywhere=True))
    world = await make_world(here)
    async with receiving() as receiver:
        command = RegisterWebhookEndpoint(KINDS, True, True, receiver.url)
        admin = world.staff(Grant.ADMIN)
        done = await perform(
            here.db, register_webhook_endpoint, admin, world.tenant.live_house, command, fresh("register")
        )
        yield Shop(world, receiver, done.outcome.endpoint)


async def test_each_event_arrives_once_signed_and_in_the_scheme_of_the_libraries(shop: Shop) -> None:
    ada = await buyer(shop.world)
    begun = await start(shop.world, ada)
    assert all(await shop.sent())
    told = [each.event for each in shop.receiver.taken]
    assert [each["type"] for each in told] == ["subscription.started", "invoice.finalized", "invoice.paid"]
    assert {each["data"]["customer"] for each in told} == {str(ada.id)}
    assert told[-1]["data"]["invoice"] == str(begun.invoice)
    numbers = [each["data"]["sequence"] for each in told]
    assert numbers == sorted(set(numbers))
    (first, *_) = shop.receiver.taken
    assert first.verified(await shop.secret())
    assert not replace(first, body=first.body + b" ").verified(await shop.secret())
    assert first.headers["webhook-id"] == str((await shop.deliveries())[0].id)
    assert first.path == "/hooks?from=us"
    assert await shop.sent() == []
    assert len(shop.receiver.taken) == 3


async def test_a_customer_who_is_billed_is_not_told_to_an_endpoint_of_the_sandbox(shop: Shop) -> None:
    real = await shop.world.customer(clock_at=None)
    await shop.world.card(real)
    await start(shop.world, real)
    assert await shop.deliveries() == []
    await start(shop.world, await buyer(shop.world))
    assert len(await shop.deliveries()) == 3


async def test_what_a_batch_of_renewals_says_is_told_too(shop: Shop) -> None:
    """A batch passes over events that nobody consumes; an endpoint that listens is somebody."""
    world = shop.world
    command = RegisterWebhookEndpoint(("subscription.renewed",), False, True, shop.receiver.url)
    await shop.by_admin(register_webhook_endpoint, command)
    ada = await world.customer(clock_at=None)
    await world.card(ada)
    await start(world, ada)
    month_on = later(world.house, timedelta(days=32))
    assert await do_batch(month_on, ada.id.shard, RENEW) == 1
    await drain(month_on, ada.id)
    assert [each.kind for each in await shop.deliveries()] == ["subscription.renewed"]


async def test_no_other_tenant_is_told(shop: Shop, world: World) -> None:
    await start(world, await buyer(world))
    assert await shop.deliveries() == []


async def test_an_event_that_is_relayed_twice_is_delivered_once(shop: Shop) -> None:
    """The relay dies between an event's effect and its end, so the next one finds the event again."""
    ada = await buyer(shop.world)
    with death_at("relay.consumed"), suppress(Death):
        await start(shop.world, ada)
    await drain(later(shop.world.house, timedelta(minutes=1)), ada.id)
    assert [each.kind for each in await shop.deliveries()] == list(KINDS)


async def test_two_workers_send_one_request(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    (one, *_) = await shop.deliveries()
    db, sender = shop.world.house.db, shop.world.house.sender
    done = await asyncio.gather(*(deliver(db, sender, one.id) for _ in range(5)))
    assert sorted(done) == [False, False, False, False, True]
    assert len(shop.receiver.taken) == 1


@pytest.mark.parametrize("point", ["delivery.claimed", "delivery.answered"])
async def test_a_worker_that_dies_leaves_it_to_the_next_which_sends_the_same_id(shop: Shop, point: str) -> None:
    await start(shop.world, await buyer(shop.world))
    with death_at(point), pytest.raises(Death):
        await shop.sent()
    assert await shop.sent() == [False, True, True]  # the first is leased to the dead one
    assert await shop.sent(later(shop.world.house, timedelta(minutes=1))) == [True]
    ids = [each.headers["webhook-id"] for each in shop.receiver.taken]
    assert len(set(ids)) == 3
    assert ids.count(ids[-1]) == (2 if point == "delivery.answered" else 1)


async def test_what_fails_is_tried_ten_times_in_three_days_and_parked(shop: Shop) -> None:
    await shop.change(kinds=("invoice.paid",))
    await start(shop.world, await buyer(shop.world))
    shop.receiver.answers = ["500 No", "302 Found", "404 No", *["503 No"] * 7]
    passed = timedelta()
    assert await shop.sent() == [False]
    for wait in TRY_AFTER:
        (waiting,) = await shop.deliveries()
        assert waiting.last_at and timedelta() < waiting.due_at - waiting.last_at <= wait
        passed += wait
        assert await shop.sent(later(shop.world.house, passed)) == [False]
    assert timedelta(days=2.5) < passed <= timedelta(days=3)
    (parked,) = await shop.deliveries()
    assert (parked.state, parked.attempts, parked.last_status, parked.last_cause) == ("parked", 10, 503, "HTTP 503")
    assert len(shop.receiver.taken) == 10
    assert len({each.headers["webhook-id"] for each in shop.receiver.taken}) == 1
    assert await shop.sent(later(shop.world.house, LONG)) == []


async def test_what_is_parked_is_sent_again_by_staff_with_all_its_tries(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    shop.receiver.answers = ["410 Gone"] * 3
    assert await shop.sent() == [False] * 3
    assert {each.state for each in await shop.deliveries()} == {"parked"}
    again = ReplayWebhooks(shop.endpoint, None)
    assert (await shop.by_admin(replay_webhooks, again, Grant.SUPPORT)).count == 3
    assert await shop.sent() == [True] * 3
    (first, *_) = await shop.deliveries()
    one = ReplayWebhooks(shop.endpoint, first.id)
    assert (await shop.by_admin(replay_webhooks, one)).count == 1
    with pytest.raises(Refused) as refused:
        await shop.by_admin(replay_webhooks, one)
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    assert await shop.sent() == [True]
    assert len({each.headers["webhook-id"] for each in shop.receiver.taken}) == 3


async def test_both_secrets_sign_for_a_day_after_a_rotation(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    await shop.by_admin(rotate_webhook_secret, RotateWebhookSecret(shop.endpoint))
    with pytest.raises(Refused) as refused:
        await shop.by_admin(rotate_webhook_secret, RotateWebhookSecret(shop.endpoint))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    assert all(await shop.sent())
    taken = shop.receiver.taken[0]
    assert taken.verified(await shop.secret()) and taken.verified(await shop.secret(1))
    endpoint = await webhook_endpoint(shop.world.house.db.primary, shop.endpoint)
    assert endpoint
    db = shop.world.house.db
    assert endpoint.secrets(db.vault, db.clock.now() + timedelta(hours=25)) == (await shop.secret(),)


async def test_an_endpoint_that_is_switched_off_is_told_nothing_more(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    await shop.change(active=False)
    assert await shop.sent() == [False] * 3
    await start(shop.world, await buyer(shop.world))
    assert [each.state for each in await shop.deliveries()] == ["parked"] * 3
    with pytest.raises(Refused) as refused:
        await shop.by_admin(replay_webhooks, ReplayWebhooks(shop.endpoint, None))
    assert refused.value.code is RefusalCode.STATE_CONFLICT
    assert shop.receiver.taken == []


async def test_what_waits_goes_to_the_new_url(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    async with receiving() as other:
        await shop.change(url=other.url)
        assert all(await shop.sent())
        assert (len(other.taken), shop.receiver.taken) == (3, [])


async def test_one_job_goes_on_with_the_next_of_its_endpoint_until_one_fails(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    (first, *_) = await shop.deliveries()
    shop.receiver.answers = ["204 Taken", "500 No"]
    await deliver_webhook(shop.world.house, str(first.id))
    assert sorted(each.state for each in await shop.deliveries()) == ["delivered", "waiting", "waiting"]
    await deliver_webhook(shop.world.house, str((await shop.deliveries("waiting"))[1].id))
    assert len(shop.receiver.taken) == 3


async def test_an_endpoint_with_a_backlog_leaves_room_for_the_others(shop: Shop) -> None:
    """A sweep sees a few deliveries of each endpoint, the longest due first."""
    world = shop.world
    ada = await buyer(world)
    await start(world, ada)
    (one, *_) = await shop.deliveries()
    for number in range(100, 100 + OF_EACH):
        event = Event(ada.id, number, "invoice.paid", {}, 0, True)
        await relay(shop, event)
    due = await deliveries_due(world.house.db.primary, world.house.db.clock.now())
    own = {each.id for each in await shop.deliveries()}
    assert len([each for each in due if each in own]) == OF_EACH
    assert one.id in due


async def relay(shop: Shop, event: Event) -> None:
    """Publishes an event as the relay does."""
    assert await outbox.recorded_at(shop.world.house.db.primary, event) is None
    assert await publish(shop.world.house.db, event) == 1


async def test_deliveries_are_forgotten_after_a_month_but_for_those_that_wait(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    assert await deliver(shop.world.house.db, shop.world.house.sender, (await shop.deliveries())[0].id)
    db, shard = shop.world.house.db, shop.world.tenant.live_house.shard
    assert await forget_deliveries(db.marks, shard, db.clock.now() + KEEP - timedelta(minutes=1)) == 0
    assert await forget_deliveries(db.marks, shard, db.clock.now() + KEEP + timedelta(minutes=1)) == 1
    assert len(await shop.deliveries()) == 2


async def test_of_two_tries_of_one_delivery_the_first_that_ends_stands(shop: Shop) -> None:
    await start(shop.world, await buyer(shop.world))
    taken, lost, _ = await shop.deliveries("waiting")
    marks, now = shop.world.house.db.marks, shop.world.house.db.clock.now()
    await mark_tried(marks, taken, "delivered", now, 200, "", now)
    await mark_tried(marks, replace(taken, attempts=1), "waiting", now, None, "too late", now)
    await mark_tried(marks, lost, "waiting", now, 500, "HTTP 500", now)
    await mark_tried(marks, lost, "parked", now, 410, "HTTP 410", now)
    found = {each.id: (each.state, each.attempts, each.last_status) for each in await shop.deliveries()}
    assert (found[taken.id], found[lost.id]) == (("delivered", 1, 200), ("waiting", 1, 500))
