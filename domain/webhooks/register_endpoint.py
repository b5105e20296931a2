"""A tenant says where its own systems listen, changes it, and rotates the secret of an endpoint."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.actor import Grant
from domain.db import Tx
from domain.ids import WebhookEndpointId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.webhooks.address import target
from domain.webhooks.endpoint import WebhookEndpoint, webhook_endpoint, webhook_endpoints
from domain.webhooks.event_kind import require_published
from domain.wire import personal

MAX_ENDPOINTS: Final = 20  # of a tenant: each event is sent to every one of them
BOTH_SECRETS: Final = timedelta(hours=24)  # long enough for a deployment; longer would keep a leaked secret of use
_ADMINS = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class RegisterWebhookEndpoint:
    """A URL for events of the named kinds, of sandbox customers or of the others.

    ``anywhere`` is the deployment's: on a laptop endpoints may be on the same machine.
    """

    kinds: tuple[str, ...]
    sandbox: bool
    anywhere: bool
    url: str = personal()  # it may hold a token


@dataclass(frozen=True, slots=True)
class WebhookEndpointSaved:
    """The endpoint, and the number of its secret: it has no other trace."""

    endpoint: WebhookEndpointId
    secret_version: int


@operation("webhooks.register_endpoint", allowed=_ADMINS)
async def register_webhook_endpoint(tx: Tx, command: RegisterWebhookEndpoint) -> WebhookEndpointSaved:
    """Runs under the tenant's house. INVALID_INPUT for a URL that is none of the public Internet and for kinds that are
    not published; ALREADY_EXISTS for one that is registered; STATE_CONFLICT beyond twenty that are active."""
    target(command.url, anywhere=command.anywhere)
    kinds = require_published(command.kinds)
    await _require_room(tx)
    id = await tx.fetchval(
        """INSERT INTO webhook_endpoint (id, tenant_id, sandbox, url, kinds, active, secret_version, recorded_at)
           VALUES ($1, $2, $3, $4, $5, true, 1, $6) ON CONFLICT (tenant_id, sandbox, url) DO NOTHING RETURNING id""",
        tx.new_uuid(), tx.head.tenant.uuid, command.sandbox, command.url, list(kinds), tx.recorded_at,
    )  # fmt: skip
    if id is None:
        raise _taken()
    return WebhookEndpointSaved(WebhookEndpointId(id), 1)


@dataclass(frozen=True, slots=True)
class ChangeWebhookEndpoint:
    """What is None stays as it is."""

    endpoint: WebhookEndpointId
    kinds: tuple[str, ...] | None
    active: bool | None
    anywhere: bool
    url: str | None = personal()


@operation("webhooks.change_endpoint", allowed=_ADMINS)
async def change_webhook_endpoint(tx: Tx, command: ChangeWebhookEndpoint) -> WebhookEndpointSaved:
    """What waits is sent to the new URL; of an endpoint that is switched off it is parked when its turn comes.

    NOT_FOUND for an endpoint of nobody or of another tenant, and refusals as of registering.
    """
    of = await _endpoint(tx, command.endpoint)
    if command.url is not None:
        target(command.url, anywhere=command.anywhere)
    if command.active and not of.active:
        await _require_room(tx)
    url = of.url if command.url is None else command.url
    if any(each.url == url and each.id != of.id for each in await _beside(tx, of)):
        raise _taken()
    await tx.execute(
        "UPDATE webhook_endpoint SET url = $2, kinds = $3, active = $4 WHERE id = $1",
        of.id.uuid,
        url,
        list(of.kinds if command.kinds is None else require_published(command.kinds)),
        of.active if command.active is None else command.active,
    )
    return WebhookEndpointSaved(of.id, of.secret_version)


@dataclass(frozen=True, slots=True)
class RotateWebhookSecret:
    """The endpoint gets another secret."""

    endpoint: WebhookEndpointId


@operation("webhooks.rotate_secret", allowed=_ADMINS)
async def rotate_webhook_secret(tx: Tx, command: RotateWebhookSecret) -> WebhookEndpointSaved:
    """Both secrets sign for a day, so that no delivery fails while the other side changes over; then the new one alone.

    NOT_FOUND as of changing; STATE_CONFLICT while two sign, or a third would drop one that is in use.
    """
    of = await _endpoint(tx, command.endpoint)
    if of.previous_until is not None and tx.recorded_at < of.previous_until:
        message = "Its secret was rotated less than a day ago: both sign until then."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("endpointId",))
    version: int = await tx.fetchval(
        """UPDATE webhook_endpoint SET secret_version = secret_version + 1, previous_until = $2 WHERE id = $1
           RETURNING secret_version""",
        of.id.uuid,
        tx.recorded_at + BOTH_SECRETS,
    )
    return WebhookEndpointSaved(of.id, version)


async def _endpoint(tx: Tx, id: WebhookEndpointId) -> WebhookEndpoint:
    found = await webhook_endpoint(tx, id)
    if found is None or found.tenant != tx.head.tenant:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such endpoint.", ("endpointId",))
    return found


async def _require_room(tx: Tx) -> None:
    told = await tx.fetchval(
        "SELECT count(*) FROM webhook_endpoint WHERE tenant_id = $1 AND active", tx.head.tenant.uuid
    )  # fmt: skip
    if told >= MAX_ENDPOINTS:
        message = f"A tenant has at most {MAX_ENDPOINTS} endpoints that are told anything."
        raise Refused(RefusalCode.STATE_CONFLICT, message)


async def _beside(tx: Tx, of: WebhookEndpoint) -> list[WebhookEndpoint]:
    return [each for each in await webhook_endpoints(tx, of.tenant) if each.sandbox == of.sandbox]


def _taken() -> Refused:
    return Refused(RefusalCode.ALREADY_EXISTS, "That URL is registered already.", ("url",))
