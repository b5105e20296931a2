"""What a client asks that lost the answer of a mutation, or was told that it goes on."""

from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, Final

import strawberry

from api.graph.context import Info
from api.graph.money import Money
from api.graph.outcome import OperationStatus, status_of
from api.graph.payments import Payment, Refund
from api.scalars import GlobalId, IdempotencyKey, Int64
from domain.ids import CustomerId, InvoiceId, PaymentId, PlanId, SubscriptionId
from domain.inspection import Inspected, inspect_key, is_under_way
from domain.ledger import entries
from domain.ledger.account import Account
from domain.payments import payment as payments
from domain.payments import refund as refunds
from runtime.measures import count_unknown_key

_NODES: Final = (CustomerId, SubscriptionId, InvoiceId, PaymentId, PlanId)
_NOTHING_TAKEN: Final = frozenset({"failed", "voided", "expired"})
_NOTHING_GIVEN: Final = frozenset({"failed", "rejected", "canceled"})


@strawberry.enum(description="What is known of a call. More values may come; treat an unknown one as PROCESSING.")
class InspectedState(Enum):
    """From nothing to all."""

    NOT_PERFORMED = strawberry.enum_value(
        "not_performed", description="Nothing was done under the key: the call never arrived, or was refused."
    )
    IN_PROGRESS = strawberry.enum_value("in_progress", description="A call under the key is being performed now.")
    PROCESSING = strawberry.enum_value("processing", description="It was done, and what follows from it goes on.")
    UNKNOWN = strawberry.enum_value(
        "unknown", description="It was done; whether the provider moved the money is not known yet, and asked for."
    )
    DONE = strawberry.enum_value("done", description="It was done, and so is everything that followed.")


@strawberry.enum(description="The key under which an intent is tried again. More values may come.")
class RetryKey(Enum):
    """Which key."""

    SAME_KEY = strawberry.enum_value("same_key", description="The call as it was, under the same key.")
    NEW_KEY = strawberry.enum_value("new_key", description="It had its effect, which was none: a new intent.")


@strawberry.type(description="A payment of an operation, and what the provider calls it.")
class InspectedPayment:
    """An attempt."""

    payment: Payment = strawberry.field(description="The payment as it stands.")
    provider_reference: str | None = strawberry.field(description="The provider's id of it; null until it is known.")


@strawberry.type(description="A refund of an operation, and what the provider calls it.")
class InspectedRefund:
    """A refund."""

    refund: Refund = strawberry.field(description="The refund as it stands.")
    provider_reference: str | None = strawberry.field(description="The provider's id of it; null until it is known.")


@strawberry.type(description="What was posted by an operation, or because of its payments and refunds.")
class OperationPosting:
    """A ledger transaction, as its customer sees it."""

    number: Int64 = strawberry.field(description="The number of the statement's entry.")
    cause: str = strawberry.field(description="What was posted, for example payment.captured.")
    happened_at: datetime = strawberry.field(description="When it happened, in business time.")
    receivable_change: Money = strawberry.field(description="How much more (or less) is due.")
    credit_change: Money = strawberry.field(description="How much more (or less) credit there is.")

    @classmethod
    def of(cls, posting: entries.Posting) -> "OperationPosting":
        """The domain's posting."""
        return cls(
            number=Int64(posting.number),
            cause=posting.cause,
            happened_at=posting.happened_at,
            receivable_change=Money.of(posting.change(Account.RECEIVABLE)),
            credit_change=Money.of(-posting.change(Account.CUSTOMER_CREDIT)),
        )


@strawberry.type(description="An operation that was performed under a key.")
class PerformedOperation:
    """The answer to a lost answer."""

    source: strawberry.Private[Inspected]
    owner: strawberry.Private[CustomerId]
    id: GlobalId = strawberry.field(description="The operation's id.")
    name: str = strawberry.field(description="What was done.")
    status: OperationStatus = strawberry.field(description="Ask again until it is DONE; then the objects are final.")
    object_ids: list[GlobalId] = strawberry.field(description="What it made or changed; nodes takes these ids.")
    performed_at: datetime = strawberry.field(description="When it was committed.")

    @strawberry.field(description="The payments it began or changed.")
    async def payments(self, info: Info) -> list[InspectedPayment]:
        """The payments, from the primary."""
        found = await payments_in(info, self.owner, self.source)
        return [InspectedPayment(payment=Payment.of(each), provider_reference=each.provider_ref) for each in found]

    @strawberry.field(description="The refunds it asked for or changed.")
    async def refunds(self, info: Info) -> list[InspectedRefund]:
        """The refunds, from the primary."""
        found = await _refunds_in(info, self.owner, self.source)
        return [InspectedRefund(refund=Refund.of(each), provider_reference=each.provider_ref) for each in found]

    @strawberry.field(description="What it posted, and what was posted because of its payments and refunds.")
    async def postings(self, info: Info) -> list[OperationPosting]:
        """The entries of the ledger, from the primary."""
        return [OperationPosting.of(each) for each in await postings_in(info, self.owner, self.source)]


@strawberry.type(description="What became of a call whose answer was lost. Sending it again under its key is harmless.")
class OperationInspection:
    """All that can be said of a key."""

    state: InspectedState = strawberry.field(description="What is known of it.")
    safe_to_retry: bool = strawberry.field(
        description="Whether the intent can be tried again now without a second effect; false also where it is done."
    )
    retry_with: RetryKey | None = strawberry.field(description="Under which key; null where it is not to be.")
    operation: PerformedOperation | None = strawberry.field(description="What was performed; null where nothing was.")


async def operation_of(info: Info, customer: CustomerId, key: IdempotencyKey) -> PerformedOperation | None:
    """The operation that this caller performed under the key; None where none is committed."""
    found = await performed_under(info, customer, key)
    if found is None:
        count_unknown_key()
    return found


async def performed_under(info: Info, customer: CustomerId, key: IdempotencyKey) -> PerformedOperation | None:
    """The same, of a key that may be one of a call that is still on its way."""
    found = await inspect_key(info.context.db.primary, customer, info.context.actor.scope, key)
    if found is None:
        return None
    return await _performed(info, customer, found)


async def inspection_of(info: Info, customer: CustomerId, scope: str, key: IdempotencyKey) -> OperationInspection:
    """What became of the key of that kind of caller, wherever the call is."""
    db = info.context.db
    found = await inspect_key(db.primary, customer, scope, key)
    if found is None and await is_under_way(db, customer, scope, key):
        return _not_performed(InspectedState.IN_PROGRESS, None)
    found = found or await inspect_key(db.primary, customer, scope, key)  # it may have been committed meanwhile
    if found is None:
        count_unknown_key()
        return _not_performed(InspectedState.NOT_PERFORMED, RetryKey.SAME_KEY)
    return await inspected(info, customer, found)


async def inspected(info: Info, customer: CustomerId, found: Inspected) -> OperationInspection:
    """What is said of an operation that was performed."""
    operation = await _performed(info, customer, found)
    tries, given = await payments_in(info, customer, found), await _refunds_in(info, customer, found)
    taken, back = {each.state.name for each in tries}, {each.state.name for each in given}
    in_vain = bool(taken | back) and taken <= _NOTHING_TAKEN and back <= _NOTHING_GIVEN
    again = in_vain and operation.status is OperationStatus.DONE
    state = InspectedState.DONE if operation.status is OperationStatus.DONE else InspectedState.PROCESSING
    return OperationInspection(
        state=InspectedState.UNKNOWN if "unknown" in taken | back else state,
        safe_to_retry=again,
        retry_with=RetryKey.NEW_KEY if again else None,
        operation=operation,
    )


async def payments_in(info: Info, customer: CustomerId, found: Inspected) -> list[payments.Payment]:
    """The payments that the outcome names."""
    return [await payments.payment(info.context.db.primary, customer, each) for each in found.payments]


async def postings_in(info: Info, customer: CustomerId, found: Inspected) -> list[entries.Posting]:
    """What the operation and its payments and refunds posted."""
    causes = [each.uuid for each in (*found.payments, *found.refunds)]
    return await entries.postings_of(info.context.db.primary, customer, found.operation, causes)


async def _refunds_in(info: Info, customer: CustomerId, found: Inspected) -> list[refunds.Refund]:
    return [await refunds.refund(info.context.db.primary, customer, each) for each in found.refunds]


def _not_performed(state: InspectedState, retry: RetryKey | None) -> OperationInspection:
    return OperationInspection(state=state, safe_to_retry=retry is not None, retry_with=retry, operation=None)


async def _performed(info: Info, customer: CustomerId, found: Inspected) -> PerformedOperation:
    return PerformedOperation(
        source=found,
        owner=customer,
        id=GlobalId(str(found.operation)),
        name=found.name,
        status=await status_of(info, customer, found.outcome),
        object_ids=_objects(found.outcome),
        performed_at=found.performed_at,
    )


def _objects(outcome: Any) -> list[GlobalId]:
    named = (getattr(outcome, field.name) for field in fields(outcome))
    return [GlobalId(str(each)) for each in named if isinstance(each, _NODES)]
