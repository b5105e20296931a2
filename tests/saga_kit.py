"""Sagas in tests: how each kind begins, what gets lost on its way, and where it stands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain import due, outbox
from domain.actor import Grant
from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.ids import InvoiceId, PaymentId, SagaId
from domain.payments.attempt import attempt
from domain.payments.payment import payment
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.sagas.definition import SagaKind
from domain.sagas.saga import Saga, find_saga
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_plan import ChangePlan, change_plan
from domain.subscriptions.lifecycle import EXPIRE
from domain.subscriptions.policy import Unused
from domain.subscriptions.start import StartSubscription, start_subscription
from domain.supervision.look import LookAtSaga, look_at_saga
from domain.supervision.resume import ResumeSaga, resume_saga
from tests.interruptions import LEASE_OVER, Killed, ahead, killed_at
from tests.lives import buyer, by_house, day, start, subscription_of, until
from tests.subscription_lives import plan_of, trial
from tests.world import Someone, World, fresh

HOUR, TICK = timedelta(hours=1, minutes=1), timedelta(minutes=6)  # more than an event may take; than a net under a look
FIRST_PAID = day(1, 15, 4)  # a trial of 14 days is over, and what follows it issued and paid
STATED = "The cause is gone."
NOBODY = UUID(int=0)  # who holds no lease


async def sagas_of(world: World, of: Someone) -> list[Saga]:
    """All of the customer's, the oldest first."""
    db = world.house.db.primary
    rows = await db.fetch(
        "SELECT id FROM saga WHERE shard_key = $1 AND customer_id = $2 ORDER BY id", of.id.shard, of.id.uuid
    )
    return [await find_saga(db, world.tenant.tenant, SagaId(of.id.shard, row["id"])) for row in rows]


async def newest(world: World, of: Someone) -> Saga:
    """The one that began last."""
    return (await sagas_of(world, of))[-1]


async def stands(world: World, of: Someone) -> tuple[str, str]:
    """State and step of the newest."""
    of_them = await newest(world, of)
    return of_them.state.name, of_them.step


async def moves_of(world: World, id: SagaId) -> list[str]:
    """The events of its history, from its beginning on."""
    rows = await world.house.db.primary.fetch(
        """SELECT event FROM transition
            WHERE shard_key = $1 AND entity_id = $2 AND machine = 'saga' ORDER BY seq""",
        id.shard,
        id.uuid,
    )
    return [row["event"] for row in rows]


@dataclass
class Beginning:
    """One kind for one customer: ``begin`` is its first step under a fixed key, so that it can be taken again."""

    world: World
    who: Someone
    kind: SagaKind
    begin: Callable[[], Awaitable[PaymentId | None]]
    key: str

    async def go_on(self, house: House | None = None) -> None:
        """Does all that follows; a trial goes on until its first period is paid."""
        at_work = house or self.world.house
        await do_now(at_work, self.who.id)
        if self.kind is SagaKind.TRIAL:
            command = AdvanceClock(FIRST_PAID)
            await perform(at_work.db, advance_clock, self.who.actor, self.who.id, command, f"{self.key}:on")
            await do_now(at_work, self.who.id)

    async def dies_at_each(self, point: str) -> int:
        """All of it by processes each of which dies when it has come one operation further; returns how many did."""
        deaths, passes, done = 0, 0, 0
        while True:
            try:
                async with killed_at(point, passes):
                    await self.begin()
                    await self.go_on(ahead(self.world.house, deaths * LEASE_OVER))
                return deaths
            except Killed:
                further = await self._operations()
                deaths, passes, done = deaths + 1, 0 if further > done else passes + 1, further

    async def _operations(self) -> int:
        count: int = await self.world.house.db.primary.fetchval(
            "SELECT count(*) FROM operation_key WHERE shard_key = $1 AND customer_id = $2",
            self.who.id.shard,
            self.who.id.uuid,
        )
        return count

    async def charge(self, payment_id: PaymentId | None) -> None:
        """The provider is told of the payment, and nothing that follows from it is done."""
        assert payment_id is not None
        house = self.world.house
        gateway = house.gateway((await payment(house.db.primary, self.who.id, payment_id)).provider_account)
        await attempt(house.db, gateway, house.actor, self.who.id, payment_id)


async def beginning(world: World, kind: SagaKind, token: str = "tok_visa") -> Beginning:
    """A customer with a card of that kind who is about to do that."""
    ada, key = await buyer(world, token), fresh("begin")
    db = world.house.db

    async def purchase() -> PaymentId | None:
        command = StartSubscription(price, 1)
        return (await perform(db, start_subscription, ada.actor, ada.id, command, key)).outcome.payment

    if kind in (SagaKind.PURCHASE, SagaKind.TRIAL):
        price = world.prices["starter"] if kind is SagaKind.PURCHASE else await plan_of(world, 1000, trial(14))
        return Beginning(world, ada, kind, purchase, key)
    await start(world, ada)
    await until(world, ada, day(1, 11))
    id = (await subscription_of(world, ada)).id

    async def change() -> PaymentId | None:
        command = ChangePlan(id, world.prices["team"])
        return (await perform(db, change_plan, ada.actor, ada.id, command, key)).outcome.payment

    async def leave() -> PaymentId | None:
        command = CancelSubscription(id, CancelAt.NOW, unused=Unused.REFUND)
        await perform(db, cancel_subscription, world.staff(Grant.SUPPORT), ada.id, command, key)
        return None

    return Beginning(world, ada, kind, change if kind is SagaKind.PAID_CHANGE else leave, key)


async def lose_event(world: World, of: Someone, kind: str) -> None:
    """The event is gone before anybody performs what follows from it."""
    events = await _events(world, of)
    lost = [each for each in events if each.kind == kind]
    assert lost, kind
    now = world.house.db.clock.now()
    for each in lost:
        await outbox.finish(world.house.db.marks, each, NOBODY, now, now)


async def _events(world: World, of: Someone) -> list[outbox.Event]:
    rows = await world.house.db.primary.fetch(
        "SELECT number, kind FROM outbox_event WHERE shard_key = $1 AND customer_id = $2 ORDER BY number",
        of.id.shard,
        of.id.uuid,
    )
    return [outbox.Event(of.id, row["number"], row["kind"], {}, 0, False) for row in rows]


async def lose_work(world: World, of: Someone, kind: str) -> None:
    """What was due is gone before its time."""
    db = world.house.db
    rows = await db.primary.fetch(
        "SELECT subject FROM due_work WHERE shard_key = $1 AND customer_id = $2 AND kind = $3",
        of.id.shard,
        of.id.uuid,
        kind,
    )
    assert rows, kind
    for row in rows:
        work = await due.find(db.primary, of.id, kind, row["subject"])
        assert work is not None
        await due.discard(db.marks, work)


async def resume(world: World, of: Someone) -> None:
    """Support resumes the newest, and what follows is done."""
    command = ResumeSaga((await newest(world, of)).id, STATED)
    await perform(world.house.db, resume_saga, world.staff(Grant.SUPPORT), of.id, command, fresh("resume"))
    await do_now(world.house, of.id)


async def state_of(world: World, of: Someone, id: InvoiceId | None) -> str:
    """Where an invoice stands."""
    assert id is not None
    found: str = await world.house.db.primary.fetchval(
        "SELECT state FROM invoice WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        of.id.shard,
        of.id.uuid,
        id.uuid,
    )
    return found


async def unbilled(world: World, of: Someone) -> InvoiceId:
    """The draft of the period that has just begun."""
    draft = await world.house.db.primary.fetchval(
        "SELECT id FROM invoice_draft WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return InvoiceId(of.id.shard, draft)


async def buy_in_vain(world: World) -> Someone:
    """A purchase that nobody paid and whose own end was lost: its saga takes it back."""
    life = await beginning(world, SagaKind.PURCHASE, "tok_insufficient_funds")
    await life.begin()
    await life.go_on()
    await lose_work(world, life.who, EXPIRE)
    await until(world, life.who, day(1, 2))
    return life.who


async def stuck_purchase(world: World, of: Someone) -> SagaId:
    """A purchase that is not paid, and of which work was given up; the customer is on a test clock, with a bad card."""
    await start(world, of)
    id = (await newest(world, of)).id
    await by_house(world, of, look_at_saga, LookAtSaga(id, trouble="Work about it failed too often: a test."))
    return id
