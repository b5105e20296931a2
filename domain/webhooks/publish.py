"""Publishing: a relayed event becomes a delivery to each endpoint that listens, once however often it is relayed."""

from domain.database import Database
from domain.ids import WebhookDeliveryId, uuid7
from domain.outbox import Event, recorded_at
from domain.webhooks.delivery import store_delivery
from domain.webhooks.endpoint import listeners
from domain.webhooks.event_kind import PUBLISHED, body_of


async def publish(db: Database, event: Event) -> int:
    """Returns how many endpoints will be told that were not told yet."""
    if event.kind not in PUBLISHED:
        return 0
    told = 0
    now = db.clock.now()
    found = await listeners(db.primary, event.customer, event.kind)
    at = await recorded_at(db.primary, event) or now if found else now
    for endpoint in found:
        id = WebhookDeliveryId(event.customer.shard, uuid7(now, db.entropy(10)))
        body = body_of(event.kind, event.customer, event.number, event.body, at)
        told += await store_delivery(db.marks, id, endpoint, event, body, now)
    return told
