"""A delivery: one event on its way to one endpoint, and where it stands: waiting, delivered or parked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.db import Autocommit, Primary, Row
from domain.ids import CustomerId, WebhookDeliveryId, WebhookEndpointId
from domain.outbox import Event
from domain.webhooks.endpoint import WebhookEndpoint

LEASE: Final = timedelta(seconds=30)  # above the time limit of a request; a worker that died is replaced then
# Ten tries within three days: soon again for a restart, then for a deployment, a night, a week-end.
TRY_AFTER: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 16, 24)),
)
KEEP: Final = timedelta(days=30)  # for staff to look at and send again what was delivered or parked
BATCH: Final = 1000  # deleted at once: a few milliseconds, so that nobody waits behind it
CAUSE_LENGTH: Final = 80  # a kind of error; never what an endpoint answered


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A delivery; ``last_cause`` says why the last try failed, ``last_status`` what HTTP status it had, if one."""

    id: WebhookDeliveryId
    customer: CustomerId
    endpoint: WebhookEndpointId
    kind: str
    body: str
    state: str
    attempts: int
    due_at: datetime
    last_status: int | None
    last_cause: str
    last_at: datetime | None
    recorded_at: datetime


def delivery_from(row: Row) -> WebhookDelivery:
    """The delivery of a row that selects all its columns."""
    shard = row["shard_key"]
    return WebhookDelivery(
        WebhookDeliveryId(shard, row["id"]),
        CustomerId(shard, row["customer_id"]),
        WebhookEndpointId(row["endpoint_id"]),
        row["kind"],
        row["body"],
        row["state"],
        row["attempts"],
        row["due_at"],
        row["last_status"],
        row["last_cause"],
        row["last_at"],
        row["recorded_at"],
    )


async def store_delivery(
    marks: Autocommit, id: WebhookDeliveryId, to: WebhookEndpoint, event: Event, body: str, now: datetime
) -> bool:
    """Whether the event was not on its way to that endpoint yet."""
    stored = await marks.fetchval(
        """INSERT INTO webhook_delivery (shard_key, id, tenant_id, customer_id, endpoint_id, event_number, kind, body,
               state, attempts, due_at, last_cause, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, '', $9)
           ON CONFLICT (shard_key, customer_id, event_number, endpoint_id) DO NOTHING RETURNING id""",
        id.shard,
        id.uuid,
        to.tenant.uuid,
        event.customer.uuid,
        to.id.uuid,
        event.number,
        event.kind,
        body,
        now,
    )
    return stored is not None


async def webhook_delivery(db: Primary, id: WebhookDeliveryId) -> WebhookDelivery | None:
    """The delivery of that id, whosever it is."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, endpoint_id, kind, body, state, attempts, due_at, last_status, last_cause,
                  last_at, recorded_at FROM webhook_delivery WHERE shard_key = $1 AND id = $2""",
        id.shard,
        id.uuid,
    )
    return delivery_from(row) if row else None


async def claim_delivery(marks: Autocommit, id: WebhookDeliveryId, now: datetime) -> WebhookDelivery | None:
    """The delivery, now this caller's for the length of a lease; None where another has it or it is not due."""
    row = await marks.fetchrow(
        """UPDATE webhook_delivery SET lease_until = $4
            WHERE shard_key = $1 AND id = $2 AND state = 'waiting' AND due_at <= $3
              AND (lease_until IS NULL OR lease_until <= $3)
           RETURNING shard_key, id, customer_id, endpoint_id, kind, body, state, attempts, due_at, last_status,
                     last_cause, last_at, recorded_at""",
        id.shard,
        id.uuid,
        now,
        now + LEASE,
    )
    return delivery_from(row) if row else None


async def next_delivery(
    db: Primary, shard: int, endpoint: WebhookEndpointId, now: datetime
) -> WebhookDeliveryId | None:
    """The endpoint's delivery on the shard key that is due longest and that nobody has in hand."""
    id = await db.fetchval(
        """SELECT id FROM webhook_delivery
            WHERE shard_key = $1 AND endpoint_id = $2 AND state = 'waiting' AND due_at <= $3
              AND (lease_until IS NULL OR lease_until <= $3)
            ORDER BY due_at LIMIT 1""",
        shard,
        endpoint.uuid,
        now,
    )
    return None if id is None else WebhookDeliveryId(shard, id)


async def mark_tried(
    marks: Autocommit, of: WebhookDelivery, state: str, due_at: datetime, status: int | None, cause: str, now: datetime
) -> None:
    """Counts the try and says what came of it; one that was sent again meanwhile stands as that left it."""
    await marks.execute(
        """UPDATE webhook_delivery
              SET state = $4, attempts = attempts + 1, due_at = $5, lease_until = NULL, last_status = $6,
                  last_cause = $7, last_at = $8
            WHERE shard_key = $1 AND id = $2 AND state = 'waiting' AND attempts = $3""",
        of.id.shard,
        of.id.uuid,
        of.attempts,
        state,
        due_at,
        status,
        cause[:CAUSE_LENGTH],
        now,
    )


async def forget_deliveries(marks: Autocommit, shard: int, now: datetime, batch: int = BATCH) -> int:
    """Deletes what was delivered or parked on a shard key long ago; returns how many."""
    forgotten = 0
    while True:
        gone = await marks.fetch(
            """DELETE FROM webhook_delivery
                WHERE shard_key = $1 AND id IN (SELECT d.id FROM webhook_delivery d
                                                 WHERE d.shard_key = $1 AND d.state <> 'waiting' AND d.recorded_at < $2
                                                 ORDER BY d.recorded_at LIMIT $3)
               RETURNING id""",
            shard,
            now - KEEP,
            batch,
        )
        forgotten += len(gone)
        if len(gone) < batch:
            return forgotten
