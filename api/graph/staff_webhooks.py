"""What staff see of the tenant's own systems: where they listen, and what reached them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.connection import HistoryConnection, Keyset, Source
from api.graph.arguments import After, AtLeast, First
from api.graph.context import Info
from api.graph.pages import history_of
from api.scalars import GlobalId
from domain.fanout.webhook_deliveries import count_deliveries, deliveries_of
from domain.ids import WebhookEndpointId
from domain.webhooks import delivery, endpoint
from domain.webhooks.event_kind import PUBLISHED

Place = tuple[datetime, str]

KINDS = "The kinds of events it hears of; staff.webhookEventKinds lists all there are."
URL = "Where the events are posted: https, and a public address."


@strawberry.type(description="A kind of event that can be told. More kinds may come.")
class WebhookEventKind:
    """A kind of event."""

    name: str = strawberry.field(description="As `type` of a body says it.")
    description: str = strawberry.field(description="What happened.")


@strawberry.type(description="Where a system of the tenant's own listens.")
class WebhookEndpoint:
    """An endpoint."""

    id: GlobalId = strawberry.field(description="The endpoint's id.")
    url: str = strawberry.field(description=URL)
    kinds: list[str] = strawberry.field(description=KINDS)
    sandbox: bool = strawberry.field(description="Whether it hears of sandbox customers instead of the others.")
    active: bool = strawberry.field(description="Whether it is told anything.")
    secret_version: int = strawberry.field(description="Counts the secrets it has had.")
    previous_secret_until: datetime | None = strawberry.field(
        description="Until when the secret before signs too; null where one secret signs."
    )

    @classmethod
    def of(cls, of: endpoint.WebhookEndpoint) -> "WebhookEndpoint":
        """The domain's endpoint."""
        return cls(
            id=GlobalId(str(of.id)),
            url=of.url,
            kinds=list(of.kinds),
            sandbox=of.sandbox,
            active=of.active,
            secret_version=of.secret_version,
            previous_secret_until=of.previous_until,
        )


@strawberry.enum(description="Where a delivery stands. More values may come.")
class WebhookDeliveryState(Enum):
    """The states of a delivery."""

    WAITING = strawberry.enum_value("waiting", description="It is on its way, or waits for its next try.")
    DELIVERED = strawberry.enum_value("delivered", description="The endpoint took it.")
    PARKED = strawberry.enum_value("parked", description="Every try failed; replayWebhooks sends it again.")


@strawberry.type(description="One event on its way to one endpoint.")
class WebhookDelivery:
    """A delivery."""

    id: GlobalId = strawberry.field(description="Its `webhook-id`, the same on every try.")
    endpoint_id: GlobalId = strawberry.field(description="The endpoint.")
    customer_id: GlobalId = strawberry.field(description="The customer to whom it happened.")
    kind: str = strawberry.field(description="The kind of event.")
    body: str = strawberry.field(description="The JSON as it is sent and signed.")
    state: WebhookDeliveryState = strawberry.field(description="Where it stands.")
    attempts: int = strawberry.field(description="How often it was tried since it was last sent off.")
    due_at: datetime = strawberry.field(description="When the next try is due, if it waits.")
    last_status: int | None = strawberry.field(description="The HTTP status of the last try; null without an answer.")
    last_cause: str = strawberry.field(description="Why the last try failed; empty where it did not.")
    last_at: datetime | None = strawberry.field(description="When it was last tried.")
    recorded_at: datetime = strawberry.field(description="When it was sent off first.")

    @classmethod
    def of(cls, of: delivery.WebhookDelivery) -> "WebhookDelivery":
        """The domain's delivery."""
        return cls(
            id=GlobalId(str(of.id)),
            endpoint_id=GlobalId(str(of.endpoint)),
            customer_id=GlobalId(str(of.customer)),
            kind=of.kind,
            body=of.body,
            state=WebhookDeliveryState(of.state),
            attempts=of.attempts,
            due_at=of.due_at,
            last_status=of.last_status,
            last_cause=of.last_cause,
            last_at=of.last_at,
            recorded_at=of.recorded_at,
        )


OfEndpoint = Annotated[GlobalId | None, strawberry.argument(description="Only those to that endpoint.")]
InState = Annotated[WebhookDeliveryState | None, strawberry.argument(description="Only those that stand so.")]


@strawberry.type(description="What staff see of the tenant's own systems.")
class StaffWebhooks:
    """Fields of the root of staff."""

    @strawberry.field(description="Every kind of event that an endpoint can be told of.")
    def webhook_event_kinds(self) -> list[WebhookEventKind]:
        """The kinds."""
        return [WebhookEventKind(name=name, description=text) for name, text in PUBLISHED.items()]

    @strawberry.field(description="Where the tenant's own systems listen, at most 20; the oldest first.")
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        """The endpoints."""
        found = await endpoint.webhook_endpoints(info.context.db.primary, info.context.tenant)
        return [WebhookEndpoint.of(each) for each in found]

    @strawberry.field(description="What was sent to the tenant's own systems in the last 30 days, the newest first.")
    async def webhook_deliveries(
        self, info: Info, first: First, after: After = None, endpoint_id: OfEndpoint = None, state: InState = None,
        at_least: AtLeast = None,
    ) -> HistoryConnection[WebhookDelivery]:  # fmt: skip
        """A page of the deliveries, from the replica."""
        tenant = info.context.tenant
        to = WebhookEndpointId.parse(endpoint_id) if endpoint_id is not None else None
        in_state = str(state.value) if state is not None else None
        keys = Keyset("webhookDeliveries", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(f"{tenant}:{to}:{in_state}", first, after)
        place = (wanted.after[0], UUID(wanted.after[1])) if wanted.after else None
        async with history_of(info, at_least) as history:
            rows = await deliveries_of(history.replica, tenant, to, in_state, wanted.fetch, place)
        page = keys.page(wanted, rows, lambda row: (row.recorded_at, str(row.id.uuid)), WebhookDelivery.of)
        return HistoryConnection(
            edges=page.edges,
            page_info=page.page_info,
            count=lambda cap: count_deliveries(history.replica, tenant, to, in_state, cap),
            as_of=history.as_of,
            source=Source(history.source.value),
        )
