"""Subscriptions: what happens to the caller's own customer, as it happens. Each has a query that tells the same."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.audience import Audience
from api.graph.arguments import Key
from api.graph.balance import Balance
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.live_events import (
    LiveReason,
    Told,
    balance_changes,
    invoices_of,
    operation_steps,
    subscriptions_of,
    told,
)
from api.graph.lost_answers import PerformedOperation
from api.graph.query import only
from api.graph.subscriptions import Subscription
from api.live.place import Stream
from api.scalars import GlobalId
from domain.customers.customer import customer as customer_of
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.ledger.balance import balance
from domain.subscriptions.subscription import subscription

LastEventId = Annotated[
    str | None,
    strawberry.argument(
        description="The eventId of the last event that was seen: what came after it is sent, in order and once. "
        "The header Last-Event-ID says the same, and goes before it."
    ),
]
OneId = Annotated[GlobalId | None, strawberry.argument(description="Only this one; left out: all of the customer's.")]
_EVENT_ID: Final = "What to resume after. Opaque; also the id of the Server-Sent Event."
_AT: Final = "When what it tells of was committed, in wall time; for OPENED and RESYNC: when it was sent."


@strawberry.type(description="An invoice as it stands now, since something was done about it.")
class InvoiceUpdate:
    """An event about an invoice."""

    event_id: str = strawberry.field(description=_EVENT_ID)
    reason: LiveReason = strawberry.field(description="Why it was sent.")
    at: datetime = strawberry.field(description=_AT)
    invoice: Invoice | None = strawberry.field(
        description="Read afresh on the primary; null for OPENED and RESYNC of a stream about all invoices."
    )


@strawberry.type(description="A subscription as it stands now, since something was done about it.")
class SubscriptionUpdate:
    """An event about a subscription."""

    event_id: str = strawberry.field(description=_EVENT_ID)
    reason: LiveReason = strawberry.field(description="Why it was sent.")
    at: datetime = strawberry.field(description=_AT)
    subscription: Subscription | None = strawberry.field(
        description="Read afresh on the primary; null for OPENED and RESYNC of a stream about all subscriptions."
    )


@strawberry.type(description="The balance as it stands now, since something was posted.")
class BalanceUpdate:
    """An event about the balance."""

    event_id: str = strawberry.field(description=_EVENT_ID)
    reason: LiveReason = strawberry.field(description="Why it was sent.")
    at: datetime = strawberry.field(description=_AT)
    balance: Balance | None = strawberry.field(description="Read afresh on the primary.")


@strawberry.type(description="An operation as it stands now.")
class OperationUpdate:
    """An event about an operation."""

    event_id: str = strawberry.field(description=_EVENT_ID)
    reason: LiveReason = strawberry.field(description="Why it was sent.")
    at: datetime = strawberry.field(description=_AT)
    operation: PerformedOperation | None = strawberry.field(
        description="What was performed under the key; null: nothing is yet."
    )


@strawberry.type(
    description="Where every live stream starts, for portal users: Server-Sent Events, one operation a connection. "
    "Each event is sent once, in order, and shows its object as it stands when it is sent."
)
class Live:
    """The subscription root."""

    @strawberry.subscription(
        description="An operation until it is DONE, which ends the stream; it may be asked for before the mutation is "
        "sent. By polling: Customer.operation(idempotencyKey:)."
    )
    async def operation_updated(
        self, info: Info, idempotency_key: Key, last_event_id: LastEventId = None
    ) -> AsyncIterator[OperationUpdate]:
        """The operation of that key."""
        async for reason, place, found in operation_steps(info, idempotency_key, _last(info, last_event_id)):
            at = found.performed_at if found else info.context.db.clock.now()
            yield OperationUpdate(event_id=place.id(Stream.OPERATION), reason=reason, at=at, operation=found)

    @strawberry.subscription(
        description="An invoice, or all invoices, with each operation that concerns it: issued, paid, refunded, "
        "disputed, dunned, voided. By polling: Customer.invoice(id:) when Customer.version has changed."
    )
    async def invoice_updated(
        self, info: Info, id: OneId = None, last_event_id: LastEventId = None
    ) -> AsyncIterator[InvoiceUpdate]:
        """Invoices."""
        one, context = InvoiceId.parse(id) if id else None, info.context

        async def read(event: Told) -> Invoice | None:
            wanted = event.about or one
            if not isinstance(wanted, InvoiceId):
                return None
            return Invoice.of(await invoice(context.db.primary, context.customer, wanted))

        async for event, found in told(context, invoices_of(one), _last(info, last_event_id), read):
            yield InvoiceUpdate(event_id=context.event_id, reason=event.reason, at=event.at, invoice=found)

    @strawberry.subscription(
        description="A subscription, or all of them, with each operation that concerns it. "
        "By polling: Customer.subscription(id:) when Customer.version has changed."
    )
    async def subscription_updated(
        self, info: Info, id: OneId = None, last_event_id: LastEventId = None
    ) -> AsyncIterator[SubscriptionUpdate]:
        """Subscriptions."""
        one, context = SubscriptionId.parse(id) if id else None, info.context

        async def read(event: Told) -> Subscription | None:
            wanted = event.about or one
            if not isinstance(wanted, SubscriptionId):
                return None
            return Subscription.of(await subscription(context.db.primary, context.customer, wanted))

        async for event, found in told(context, subscriptions_of(one), _last(info, last_event_id), read):
            yield SubscriptionUpdate(event_id=context.event_id, reason=event.reason, at=event.at, subscription=found)

    @strawberry.subscription(
        description="The balance with each posting, which the event's id counts. "
        "By polling: Customer.balance, whose through is the number of the last posting."
    )
    async def balance_changed(self, info: Info, last_event_id: LastEventId = None) -> AsyncIterator[BalanceUpdate]:
        """The balance."""
        context, last = info.context, _last(info, last_event_id)
        own = await customer_of(context.db.primary, context.tenant, context.customer)

        async def read(_: Told) -> Balance:
            at = context.db.clock.now()  # before the read: nothing up to this instant is missing
            return Balance.of(await balance(context.db.primary, own.id, own.currency), at)

        async for event, found in told(context, balance_changes(), last, read):
            yield BalanceUpdate(event_id=context.event_id, reason=event.reason, at=event.at, balance=found)


def _last(info: Info, argument: str | None) -> str | None:
    """What the caller saw last; FORBIDDEN for a caller that is no portal user."""
    only(info, Audience.PORTAL)
    return info.context.last_event_id or argument
