"""What a client asks that lost the answer of a mutation, or was told that it goes on."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import strawberry

from api.graph.context import Info
from api.graph.outcome import OperationStatus, status_of
from api.measures import count_unknown_key
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId, InvoiceId, PaymentId, PlanId, SubscriptionId
from domain.inspection import inspect_key

_NODES: Final = (CustomerId, SubscriptionId, InvoiceId, PaymentId, PlanId)


@strawberry.type(description="An operation that was performed under a key.")
class PerformedOperation:
    """The answer to a lost answer."""

    id: GlobalId = strawberry.field(description="The operation's id.")
    name: str = strawberry.field(description="What was done.")
    status: OperationStatus = strawberry.field(description="Ask again until it is DONE; then the objects are final.")
    object_ids: list[GlobalId] = strawberry.field(description="What it made or changed; nodes takes these ids.")
    performed_at: datetime = strawberry.field(description="When it was committed.")


async def operation_of(info: Info, customer: CustomerId, key: IdempotencyKey) -> PerformedOperation | None:
    """The operation that this caller performed under the key; None where none is committed."""
    found = await inspect_key(info.context.db.primary, customer, info.context.actor.scope, key)
    if found is None:
        count_unknown_key()
        return None
    return PerformedOperation(
        id=GlobalId(str(found.operation)),
        name=found.name,
        status=await status_of(info, customer, found.outcome),
        object_ids=_objects(found.outcome),
        performed_at=found.performed_at,
    )


def _objects(outcome: Any) -> list[GlobalId]:
    named = (getattr(outcome, field.name) for field in fields(outcome))
    return [GlobalId(str(each)) for each in named if isinstance(each, _NODES)]
