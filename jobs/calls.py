"""What a job is: the name of a function and ids. The rows it finds under them decide what happens."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain import due
from domain.due import Due
from domain.ids import CustomerId, WebhookDeliveryId
from domain.perform_batch import BATCH
from domain.reactions.batches import do_batch
from domain.reactions.events import drain
from domain.reactions.house import House
from domain.reactions.lost_disputes import disputes_to_look_for, look_for_disputes
from domain.reactions.lost_events import events_to_look_for, look_on
from domain.reactions.provider_events import apply
from domain.reactions.work import do, do_now
from domain.webhooks.deliver import deliver, deliver_next
from runtime.measures import LATE_EVENTS

Work = Callable[..., Awaitable[None]]
# Of one job that finds more for its endpoint: with one last request of ten seconds it is within a job's time.
DELIVER_SECONDS = 5
# Of one job: a few seconds, and with the longest rests after each below its time limit; the next sweep asks for more.
BATCHES = 20
EVENT_PAGES = 20  # of one job, a hundred events each: some seconds of a healthy provider, within a job's time


@dataclass(frozen=True, slots=True)
class Call:
    """One job; jobs of one id exist once in the queue, however often somebody asks for them."""

    name: str
    ids: tuple[str, ...]

    @property
    def job_id(self) -> str:
        """Name and ids, since the same ids mean the same work."""
        return ":".join((self.name, *self.ids))


def call_due(work: Due) -> Call:
    """The job for one due row."""
    return Call("do_due", (str(work.customer), work.kind, str(work.subject)))


def call_batches(shard: int, kind: str) -> Call:
    """The job for all due work of a kind on a shard key; since it exists once, nobody competes for the rows."""
    return Call("do_batches", (str(shard), kind))


def call_drain(customer: CustomerId) -> Call:
    """The job for a customer's events."""
    return Call("drain_events", (str(customer),))


def call_apply(key: str) -> Call:
    """The job for a provider's event."""
    return Call("apply_event", (key,))


def call_deliver(id: WebhookDeliveryId) -> Call:
    """The job for one delivery to a tenant's endpoint."""
    return Call("deliver_webhook", (str(id),))


def call_disputes(account: str) -> Call:
    """The job for a provider account's list of disputes."""
    return Call("look_for_lost_disputes", (account,))


def call_events(account: str) -> Call:
    """The job for what a provider account told in vain."""
    return Call("look_for_lost_events", (account,))


def call_customer(customer: str) -> Call:
    """The job for all that a customer has waiting."""
    return Call("do_customer", (customer,))


async def do_due(house: House, customer: str, kind: str, subject: str) -> None:
    """Does the work if it is still there and due."""
    work = await due.find(house.db.primary, CustomerId.parse(customer), kind, UUID(subject))
    if work is not None and not work.clocked and work.due_at <= house.db.clock.now():
        await do(house, work)


async def do_batches(house: House, shard: str, kind: str) -> None:
    """Does batch after batch until nothing is left or it has done its share."""
    for _ in range(BATCHES):
        began = time.monotonic()
        done = await do_batch(house, int(shard), kind)
        await house.pace(timedelta(seconds=time.monotonic() - began))
        if done < BATCH:
            return


async def drain_events(house: House, customer: str) -> None:
    """Performs the customer's events."""
    await drain(house, CustomerId.parse(customer))


async def apply_event(house: House, key: str) -> None:
    """Takes the provider's event as far as it goes."""
    await apply(house, key)


async def deliver_webhook(house: House, id: str) -> None:
    """Tries the delivery if it is due; while its endpoint takes them, the next ones as well."""
    done: WebhookDeliveryId | None = WebhookDeliveryId.parse(id)
    enough = time.monotonic() + DELIVER_SECONDS
    if done is not None and not await deliver(house.db, house.sender, done):
        return
    while done is not None and time.monotonic() < enough:
        done = await deliver_next(house.db, house.sender, done)


async def look_for_lost_disputes(house: House, account: str) -> None:
    """Goes on with the account's round if it is time; what is left after the job's time is the next one's."""
    if account in await disputes_to_look_for(house):
        await look_for_disputes(house, account)


async def look_for_lost_events(house: House, account: str) -> None:
    """Goes on with the account's round if it is time, page by page; what is above its share is the next job's."""
    if account not in await events_to_look_for(house):
        return
    for _ in range(EVENT_PAGES):
        if not await look_on(house, account, LATE_EVENTS.labels(account).inc):
            return


async def do_customer(house: House, customer: str) -> None:
    """Performs the customer's events and what is due for it."""
    await do_now(house, CustomerId.parse(customer))


WORK: dict[str, Work] = {
    work.__name__: work
    for work in (
        do_due,
        do_batches,
        drain_events,
        apply_event,
        deliver_webhook,
        look_for_lost_disputes,
        look_for_lost_events,
        do_customer,
    )
}
