"""Admins say where the tenant's own systems listen; support sends again what they did not take."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import (
    ChangeWebhookEndpointError,
    RegisterWebhookEndpointError,
    ReplayWebhooksError,
    RotateWebhookSecretError,
    as_error,
)
from api.graph.staff_webhooks import KINDS, URL, WebhookEndpoint
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import WebhookDeliveryId, WebhookEndpointId
from domain.refusals import Refused
from domain.webhooks import endpoint as endpoints
from domain.webhooks.register_endpoint import (
    ChangeWebhookEndpoint,
    RegisterWebhookEndpoint,
    RotateWebhookSecret,
    WebhookEndpointSaved,
    change_webhook_endpoint,
    register_webhook_endpoint,
    rotate_webhook_secret,
)
from domain.webhooks.replay import ReplayWebhooks, replay_webhooks

ENDPOINT = "The endpoint."
SECRET = "What verifies the signatures, in the form that libraries of Standard Webhooks take; only shown here."


@strawberry.input(description="Begins to tell a URL of what happens; of nothing that happened before.")
class RegisterWebhookEndpointInput:
    """Input of registerWebhookEndpoint."""

    url: str = strawberry.field(description=URL)
    kinds: list[str] = strawberry.field(description=KINDS)
    sandbox: bool = strawberry.field(
        default=False, description="Whether it hears of sandbox customers instead of the others."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The endpoint and its secret.")
class RegisterWebhookEndpointPayload:
    """Payload of registerWebhookEndpoint."""

    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint.")
    secret: str | None = strawberry.field(description=SECRET)
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RegisterWebhookEndpointError] = strawberry.field(description=ERRORS)


async def register(info: Info, input: RegisterWebhookEndpointInput) -> RegisterWebhookEndpointPayload:
    """For admins."""
    try:
        home, anywhere = info.context.staff_home(), info.context.rooms.house.sender.anywhere
        command = RegisterWebhookEndpoint(tuple(input.kinds), input.sandbox, anywhere, input.url)
        done = await performed(info, register_webhook_endpoint, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterWebhookEndpointPayload(endpoint=None, secret=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    shown, secret = await _shown(info, done.outcome)
    return RegisterWebhookEndpointPayload(endpoint=shown, secret=secret, operation=operation, errors=[])


@strawberry.input(description="Changes an endpoint; what is left out stays as it is.")
class ChangeWebhookEndpointInput:
    """Input of changeWebhookEndpoint."""

    endpoint_id: GlobalId = strawberry.field(description=ENDPOINT)
    url: str | None = strawberry.field(default=None, description=URL + " What waits is sent there too.")
    kinds: list[str] | None = strawberry.field(default=None, description=KINDS)
    active: bool | None = strawberry.field(default=None, description="Whether it is told anything.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The endpoint as it stands now.")
class ChangeWebhookEndpointPayload:
    """Payload of changeWebhookEndpoint."""

    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChangeWebhookEndpointError] = strawberry.field(description=ERRORS)


async def change(info: Info, input: ChangeWebhookEndpointInput) -> ChangeWebhookEndpointPayload:
    """For admins."""
    try:
        home, anywhere = info.context.staff_home(), info.context.rooms.house.sender.anywhere
        kinds = None if input.kinds is None else tuple(input.kinds)
        id = id_of(WebhookEndpointId.parse, input.endpoint_id, "endpointId")
        command = ChangeWebhookEndpoint(id, kinds, input.active, anywhere, input.url)
        done = await performed(info, change_webhook_endpoint, home, command, input.idempotency_key)
    except Refused as refused:
        return ChangeWebhookEndpointPayload(endpoint=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    shown, _ = await _shown(info, done.outcome)
    return ChangeWebhookEndpointPayload(endpoint=shown, operation=operation, errors=[])


@strawberry.input(description="Gives an endpoint another secret; the one before signs too for a day.")
class RotateWebhookSecretInput:
    """Input of rotateWebhookSecret."""

    endpoint_id: GlobalId = strawberry.field(description=ENDPOINT)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The endpoint and its new secret.")
class RotateWebhookSecretPayload:
    """Payload of rotateWebhookSecret."""

    endpoint: WebhookEndpoint | None = strawberry.field(description="The endpoint.")
    secret: str | None = strawberry.field(description=SECRET)
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RotateWebhookSecretError] = strawberry.field(description=ERRORS)


async def rotate(info: Info, input: RotateWebhookSecretInput) -> RotateWebhookSecretPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = RotateWebhookSecret(id_of(WebhookEndpointId.parse, input.endpoint_id, "endpointId"))
        done = await performed(info, rotate_webhook_secret, home, command, input.idempotency_key)
    except Refused as refused:
        return RotateWebhookSecretPayload(endpoint=None, secret=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    shown, secret = await _shown(info, done.outcome)
    return RotateWebhookSecretPayload(endpoint=shown, secret=secret, operation=operation, errors=[])


@strawberry.input(description="Sends one delivery again, or all that are parked at an endpoint, at most 1,000 a key.")
class ReplayWebhooksInput:
    """Input of replayWebhooks."""

    endpoint_id: GlobalId = strawberry.field(description=ENDPOINT)
    delivery_id: GlobalId | None = strawberry.field(
        default=None, description="One that was delivered or parked; left out: all that are parked there."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="What is on its way again.")
class ReplayWebhooksPayload:
    """Payload of replayWebhooks."""

    count: int | None = strawberry.field(description="How many deliveries.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ReplayWebhooksError] = strawberry.field(description=ERRORS)


async def replay(info: Info, input: ReplayWebhooksInput) -> ReplayWebhooksPayload:
    """For all staff."""
    try:
        home = info.context.staff_home()
        endpoint = id_of(WebhookEndpointId.parse, input.endpoint_id, "endpointId")
        one = input.delivery_id
        delivery = None if one is None else id_of(WebhookDeliveryId.parse, one, "deliveryId")
        command = ReplayWebhooks(endpoint, delivery)
        done = await performed(info, replay_webhooks, home, command, input.idempotency_key)
    except Refused as refused:
        return ReplayWebhooksPayload(count=None, operation=None, errors=[as_error(refused)])
    return ReplayWebhooksPayload(
        count=done.outcome.count, operation=await followed(info, done, home), errors=[]
    )  # fmt: skip


async def _shown(info: Info, saved: WebhookEndpointSaved) -> tuple[WebhookEndpoint, str]:
    """The endpoint as it stands now, and the secret of that operation, on a retry too."""
    found = await endpoints.webhook_endpoint(info.context.db.primary, saved.endpoint)
    assert found is not None, "an endpoint is never deleted"
    return WebhookEndpoint.of(found), found.secret(info.context.db.vault, saved.secret_version)
