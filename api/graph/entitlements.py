"""What a customer may use, and the exceptions that staff make."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.debt import Access
from api.graph.features import Feature
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import EndEntitlementExceptionError, GrantEntitlementError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NAME, NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey, Int64
from domain.catalog import entitlement
from domain.catalog.end_exception import EndException, end_exception
from domain.customers.customer import Customer, customer
from domain.ids import CustomerId, EntitlementExceptionId
from domain.refusals import Refused
from domain.subscriptions import entitlements as derived


@strawberry.type(description="What a customer may use of a feature, by its subscriptions or by an exception.")
class Entitlement:
    """An entitlement."""

    feature: Feature = strawberry.field(description="The feature.")
    value: Int64 = strawberry.field(description="1 or 0 for a switch, else how much.")
    is_exception: bool = strawberry.field(description="Whether staff made an exception; else a plan version says it.")
    source_id: GlobalId = strawberry.field(description="The plan version or the exception that says it.")
    access: Access = strawberry.field(description="BLOCKED_BY_DEBT: the value is 0 until overdue debt is paid.")


@strawberry.type(description="What staff let a customer use beside its plans, or took away.")
class EntitlementException:
    """An exception."""

    id: GlobalId = strawberry.field(description="What entitlements name as their source.")
    feature: str = strawberry.field(description="The feature's code.")
    value: Int64 = strawberry.field(description="1 or 0 for a switch, else how much.")
    starts_at: datetime = strawberry.field(description="From when on it holds.")
    ends_at: datetime | None = strawberry.field(description="Until when it holds; null: for good.")
    reason: str = strawberry.field(description="Why it was made.")

    @classmethod
    def of(cls, made: entitlement.EntitlementException) -> "EntitlementException":
        """The domain's exception."""
        return cls(
            id=GlobalId(str(made.id)),
            feature=made.feature,
            value=Int64(made.value),
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            reason=made.reason,
        )


async def exceptions_of(info: Info, of: CustomerId) -> list[EntitlementException]:
    """All exceptions of the customer, oldest first."""
    return [EntitlementException.of(each) for each in await entitlement.exceptions(info.context.db.primary, of)]


async def entitlements_of(info: Info, of: Customer, at: datetime | None) -> list[Entitlement]:
    """What the customer may use at the instant, or now in its own time."""
    context = info.context
    moment = at or of.clock_at or context.loaders.began
    found = await derived.entitlements(context.db.primary, context.tenant, of.id, moment)
    known = await context.loaders.features.load(context.tenant)
    return [
        Entitlement(
            feature=Feature.of(known[each.feature]),
            value=Int64(each.value),
            is_exception=isinstance(each.source, EntitlementExceptionId),
            source_id=GlobalId(str(each.source)),
            access=Access.BLOCKED_BY_DEBT if each.blocked else Access.GRANTED,
        )
        for each in found
    ]


@strawberry.input(description="Lets a customer use a feature, or no longer, from an instant on whatever its plans say.")
class GrantEntitlementInput:
    """Input of grantEntitlement."""

    customer_id: GlobalId = strawberry.field(description="Who may use it.")
    feature: str = strawberry.field(description="The feature's code.")
    value: Int64 = strawberry.field(description="1 or 0 for a switch, else how much; 0 takes it away.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when on; left out: from now on.")
    ends_at: datetime | None = strawberry.field(default=None, description="Until when; left out: for good.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The exception, and what the customer may use now.")
class GrantEntitlementPayload:
    """Payload of grantEntitlement."""

    exception: EntitlementException | None = strawberry.field(description="The exception.")
    entitlements: list[Entitlement] | None = strawberry.field(description="What the customer may use now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[GrantEntitlementError] = strawberry.field(description=ERRORS)


async def grant(info: Info, input: GrantEntitlementInput) -> GrantEntitlementPayload:
    """For support and above."""
    db = info.context.db.primary
    try:
        info.context.staff_home()
        owner = id_of(CustomerId.parse, input.customer_id, "customerId")
        command = entitlement.GrantEntitlement(
            text(NAME, input.feature, "feature"), input.value, input.starts_at, input.ends_at,
            text(NOTE, input.reason, "reason"),
        )  # fmt: skip
        done = await performed(info, entitlement.grant_entitlement, owner, command, input.idempotency_key)
    except Refused as refused:
        return GrantEntitlementPayload(exception=None, entitlements=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    made = next(each for each in await exceptions_of(info, owner) if each.id == str(done.outcome.exception))
    now = await entitlements_of(info, await customer(db, info.context.tenant, owner), None)
    return GrantEntitlementPayload(exception=made, entitlements=now, operation=operation, errors=[])


@strawberry.input(description="Ends an exception before its time; what was so until then stays so.")
class EndEntitlementExceptionInput:
    """Input of endEntitlementException."""

    customer_id: GlobalId = strawberry.field(description="Whose exception it is.")
    exception_id: GlobalId = strawberry.field(description="The exception.")
    ends_at: datetime | None = strawberry.field(
        default=None, description="When it ends; left out: now, or before it begins where it has not begun."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The exception with its new end, and what the customer may use now.")
class EndEntitlementExceptionPayload:
    """Payload of endEntitlementException."""

    exception: EntitlementException | None = strawberry.field(description="The exception.")
    entitlements: list[Entitlement] | None = strawberry.field(description="What the customer may use now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EndEntitlementExceptionError] = strawberry.field(description=ERRORS)


async def end(info: Info, input: EndEntitlementExceptionInput) -> EndEntitlementExceptionPayload:
    """For support and above."""

    def command() -> EndException:
        return EndException(id_of(EntitlementExceptionId.parse, input.exception_id, "exceptionId"), input.ends_at)

    try:
        done = await by_staff(info, end_exception, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return EndEntitlementExceptionPayload(
            exception=None, entitlements=None, operation=None, errors=[as_error(refused)]
        )
    ended = next(each for each in await exceptions_of(info, done.customer) if each.id == str(done.outcome.exception))
    whose = await customer(info.context.db.primary, info.context.tenant, done.customer)
    now = await entitlements_of(info, whose, None)
    return EndEntitlementExceptionPayload(exception=ended, entitlements=now, operation=done.operation, errors=[])
