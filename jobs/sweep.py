"""The sweep: looks in the database, without locks, for what is due and asks the queue for a job for each."""

from arq.connections import ArqRedis

from domain.expired_keys import forget_expired
from domain.fanout.provider_events import events_due
from domain.fanout.waiting import batches_due, customers_with_events, due_by_wall, shard_keys
from domain.fanout.webhook_deliveries import deliveries_due
from domain.reactions.events import KNOWN
from domain.reactions.expired_audit import forget_audit_bodies
from domain.reactions.expired_bodies import forget_bodies
from domain.reactions.expired_sign_ins import forget_sign_ins
from domain.reactions.house import House
from domain.reactions.work import HANDLERS
from domain.tenants.api_request import forget_requests
from domain.webhooks.delivery import forget_deliveries
from jobs import queue
from jobs.calls import Call, call_apply, call_batches, call_deliver, call_drain, call_due

BATCH = 200  # of each kind in one sweep: what a worker does in a few seconds; the next sweep sees what is left
BATCHED = 2000  # rows in which shard keys with batches are looked for: a small read, and more than a sweep's share


async def waiting(house: House) -> list[Call]:
    """What may be done now and nobody does, the longest waiting first in each kind."""
    db, now = house.db.primary, house.db.clock.now()
    return [
        *(call_apply(key) for key in await events_due(db, now, BATCH)),
        *(call_batches(shard, kind) for shard, kind in await batches_due(db, now, BATCHED)),
        *(call_due(work) for work in await due_by_wall(db, HANDLERS, now, BATCH)),
        *(call_drain(customer) for customer in await customers_with_events(db, KNOWN, now, BATCH)),
        *(call_deliver(id) for id in await deliveries_due(db, now)),
    ]


async def sweep(house: House, redis: ArqRedis) -> int:
    """Asks for a job for all that waits; returns how much that is. Asking twice is asking once."""
    calls = await waiting(house)
    for call in calls:
        await queue.put(redis, call)
    return len(calls)


async def forget_keys(house: House) -> int:
    """Deletes what was kept for a time that is over; returns how many rows.

    Keys, deliveries, lines of the log of requests, sign-ins that ended, raw bodies of events and of the audit trail.
    """
    now = house.db.clock.now()
    forgotten = await forget_bodies(house.db.marks, house.db.primary, now)
    forgotten += await forget_audit_bodies(house.db.marks, house.db.primary, now, house.audit_years)
    forgotten += await forget_sign_ins(house.db.marks, house.db.primary, now)
    for shard in await shard_keys(house.db.primary):
        forgotten += await forget_expired(house.db.marks, shard, house.db.clock.now())
        forgotten += await forget_deliveries(house.db.marks, shard, house.db.clock.now())
        forgotten += await forget_requests(house.db.marks, shard, now)
    return forgotten
