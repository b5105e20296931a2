"""Sending again: what was parked at an endpoint, or one delivery whatever became of it."""

from dataclasses import dataclass
from typing import Final

from domain.actor import Grant
from domain.db import Tx
from domain.ids import WebhookDeliveryId, WebhookEndpointId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.tenant import tenant_shard_keys
from domain.webhooks.delivery import webhook_delivery
from domain.webhooks.endpoint import webhook_endpoint

MOST: Final = 1000  # at once of each shard key: the transaction takes milliseconds; the next call takes the rest
_STAFF = frozenset({Grant.SYSTEM, Grant.ADMIN, Grant.FINANCE, Grant.LEAD, Grant.SUPPORT})


@dataclass(frozen=True, slots=True)
class ReplayWebhooks:
    """One delivery of the endpoint, or None: all that is parked there."""

    endpoint: WebhookEndpointId
    delivery: WebhookDeliveryId | None


@dataclass(frozen=True, slots=True)
class WebhooksReplayed:
    """How many are on their way again, with all their tries."""

    count: int


@operation("webhooks.replay", allowed=_STAFF)
async def replay_webhooks(tx: Tx, command: ReplayWebhooks) -> WebhooksReplayed:
    """Runs under the tenant's house. NOT_FOUND for what is not there or another tenant's; STATE_CONFLICT for an
    endpoint that is switched off, and for a delivery that is on its way."""
    tx.many_keys_reason = "an endpoint hears of customers of all shard keys of its tenant"
    of = await webhook_endpoint(tx, command.endpoint)
    if of is None or of.tenant != tx.head.tenant:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such endpoint.", ("endpointId",))
    if not of.active:
        raise Refused(RefusalCode.STATE_CONFLICT, "The endpoint is switched off.", ("endpointId",))
    if command.delivery is not None:
        await _require(tx, of.id, command.delivery)
        return WebhooksReplayed(await _again(tx, command.delivery))
    return WebhooksReplayed(sum([await _parked(tx, key, of.id) for key in await tenant_shard_keys(tx, of.tenant)]))


async def _require(tx: Tx, endpoint: WebhookEndpointId, id: WebhookDeliveryId) -> None:
    delivery = await webhook_delivery(tx, id)
    if delivery is None or delivery.endpoint != endpoint:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such delivery.", ("deliveryId",))
    if delivery.state == "waiting":
        raise Refused(RefusalCode.STATE_CONFLICT, "It is on its way.", ("deliveryId",))


async def _again(tx: Tx, id: WebhookDeliveryId) -> int:
    sent = await tx.fetch(
        """UPDATE webhook_delivery SET state = 'waiting', attempts = 0, due_at = $3, lease_until = NULL
            WHERE shard_key = $1 AND id = $2 AND state <> 'waiting' RETURNING id""",
        id.shard, id.uuid, tx.recorded_at,
    )  # fmt: skip
    return len(sent)


async def _parked(tx: Tx, shard: int, endpoint: WebhookEndpointId) -> int:
    sent = await tx.fetch(
        """UPDATE webhook_delivery SET state = 'waiting', attempts = 0, due_at = $3, lease_until = NULL
            WHERE shard_key = $1 AND id IN (SELECT d.id FROM webhook_delivery d
                                             WHERE d.shard_key = $1 AND d.endpoint_id = $2 AND d.state = 'parked'
                                             LIMIT $4)
           RETURNING id""",
        shard, endpoint.uuid, tx.recorded_at, MOST,
    )  # fmt: skip
    return len(sent)
