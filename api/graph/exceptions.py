"""Exceptions as staff see them: money that the product cannot decide alone, and what was decided."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final, cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First, Id
from api.graph.context import Info
from api.graph.money import Money
from api.graph.node import Node
from api.graph.staff_refunds import StaffRefunds
from api.scalars import GlobalId, Text
from domain.fanout.exception_cases import Wanted, count_cases, exception_cases
from domain.ids import ExceptionCaseId
from domain.payments import exception_case as cases
from domain.payments.resolve_exception import ACTS

Place = tuple[datetime, str]
name_of_staff: Final = Text(max_length=400)  # a subject is at most 255 characters; the rest marks who vouches for it
_value = strawberry.enum_value


@strawberry.enum(description="What is in doubt. More values may come.")
class ExceptionKind(Enum):
    """The domain's Kind."""

    PAYMENT_UNKNOWN = _value("payment_unknown", description="Nobody knows whether a payment was taken.")
    PAYMENT_MISMATCH = _value("payment_mismatch", description="The provider speaks of another amount or currency.")
    PAYMENT_CONTRADICTED = _value("payment_contradicted", description="The provider contradicts what staff decided.")
    PAYMENT_EXCESS = _value("payment_excess", description="More was taken than was owed; it is the customer's credit.")
    PAYMENT_LOSS = _value("payment_loss", description="Money that went back had been used up as credit before.")
    REFUND_UNKNOWN = _value("refund_unknown", description="Nobody knows whether a refund was made.")
    REFUND_MISMATCH = _value("refund_mismatch", description="As for payments.")
    REFUND_CONTRADICTED = _value("refund_contradicted", description="A refund ended twice, each time otherwise.")
    REFUND_FAILED = _value("refund_failed", description="Nothing went back; the amount is the customer's credit.")
    SAGA_STUCK = _value("saga_stuck", description="What takes several steps stands between two of them: resume it.")


@strawberry.enum(description="Where an exception stands. More values may come.")
class ExceptionState(Enum):
    """The states of the machine."""

    OPEN = _value("open", description="Nobody looks into it.")
    CLAIMED = _value("claimed", description="Somebody looks into it; another person decides.")
    RESOLVED = _value("resolved", description="It was decided, or became known by itself.")


@strawberry.enum(description="What is decided on an exception. More values may come.")
class ExceptionResolution(Enum):
    """The domain's Resolution."""

    CONFIRM_CHARGED = _value("confirm_charged", description="It was taken, under the provider's reference.")
    CONFIRM_NOT_CHARGED = _value("confirm_not_charged", description="It was not taken: it failed, and is dunned.")
    CONFIRM_REFUNDED = _value("confirm_refunded", description="It went back, under the provider's reference.")
    CONFIRM_NOT_REFUNDED = _value("confirm_not_refunded", description="It did not: a failed refund, to decide on.")
    QUERY_AGAIN = _value("query_again", description="The provider is asked once more. Decides nothing.")
    RETRY_REFUND = _value("retry_refund", description="Another refund to the method that paid.")
    KEEP_AS_CREDIT = _value("keep_as_credit", description="It stays the customer's credit.")
    PAID_OUT_OF_BAND = _value("paid_out_of_band", description="It was paid by another way, under that reference.")
    GIVE_BACK = _value("give_back", description="The excess goes back to the method that paid.")
    ACCEPT_LOSS = _value("accept_loss", description="Nobody will pay it.")
    RECOVERED = _value("recovered", description="The customer paid it by another way, under that reference.")
    SETTLED = _value("settled", description="It became known by itself; nobody decides so.")


@strawberry.type(description="Money that the product cannot decide alone, on the desk until a person has decided.")
class ExceptionCase(Node):
    """A case."""

    kind: ExceptionKind = strawberry.field(description="What is in doubt.")
    state: ExceptionState = strawberry.field(description="Where it stands.")
    customer_id: GlobalId = strawberry.field(description="Whose money it is about.")
    payment_id: GlobalId | None = strawberry.field(description="The payment; a saga may be about none yet.")
    refund_id: GlobalId | None = strawberry.field(description="The refund of it, where it is about one.")
    saga_id: GlobalId | None = strawberry.field(description="The saga, where one is stuck.")
    amount: Money = strawberry.field(description="How much is in doubt.")
    told: Money | None = strawberry.field(description="What the provider said, where that is other money.")
    cause: str = strawberry.field(description="What brought it about.")
    opened_at: datetime = strawberry.field(description="When, in wall time.")
    claimed_by: str | None = strawberry.field(description="Who looks or looked into it, as the audit trail names him.")
    claimed_at: datetime | None = strawberry.field(description="Since when.")
    resolution: ExceptionResolution | None = strawberry.field(description="What was decided.")
    reference: str | None = strawberry.field(description="What was seen at the provider or bank.")
    resolved_by: str | None = strawberry.field(description="Who decided.")
    resolved_why: str | None = strawberry.field(description="Why.")
    resolved_at: datetime | None = strawberry.field(description="When.")
    resolutions: list[ExceptionResolution] = strawberry.field(description="What can be decided on such a case.")

    @classmethod
    def of(cls, case: cases.ExceptionCase) -> "ExceptionCase":
        """The domain's case."""
        return cls(
            id=GlobalId(str(case.id)),
            kind=ExceptionKind(case.kind.value),
            state=ExceptionState(case.state.name),
            customer_id=GlobalId(str(case.customer)),
            payment_id=GlobalId(str(case.payment)) if case.payment else None,
            refund_id=GlobalId(str(case.refund)) if case.refund else None,
            saga_id=GlobalId(str(case.saga)) if case.saga else None,
            amount=Money.of(case.amount),
            told=Money.of(case.told) if case.told else None,
            cause=case.cause,
            opened_at=case.recorded_at,
            claimed_by=case.claimed_by,
            claimed_at=case.claimed_at,
            resolution=ExceptionResolution(case.resolution.value) if case.resolution else None,
            reference=case.reference,
            resolved_by=case.resolved_by,
            resolved_why=case.resolved_why,
            resolved_at=case.resolved_at,
            resolutions=[ExceptionResolution(each.value) for each in ACTS[case.kind]],
        )


@strawberry.input(description="Which exceptions; what is left out leaves all.")
class ExceptionFilter:
    """A filter."""

    kinds: list[ExceptionKind] = strawberry.field(default_factory=list, description="Only those kinds.")
    state: ExceptionState | None = strawberry.field(default=None, description="Left out: what is open or claimed.")
    claimed_by: str | None = strawberry.field(default=None, description="Who looks into it, as claimedBy names him.")


Filter = Annotated[ExceptionFilter | None, strawberry.argument(description="Which; left out: all that wait.")]


@strawberry.type(description="What staff see of exceptions.")
class StaffExceptions(StaffRefunds):
    """Fields of the root of staff."""

    @strawberry.field(description="Money that waits for a person, the oldest first; or what was decided.")
    async def exceptions(
        self, info: Info, first: First, after: After = None, filter: Filter = None
    ) -> Connection[ExceptionCase]:
        """A page of the queue."""
        db, tenant, wanted = info.context.db.primary, info.context.tenant, _wanted(filter)
        keys = Keyset("exceptions", cast(type[Place], Place), info.context.rooms.cursors)
        page = keys.slice(f"{tenant}:{wanted.state == 'resolved'}", first, after)
        place = (page.after[0], UUID(page.after[1])) if page.after else None
        rows = await exception_cases(db, tenant, wanted, page.fetch, place)
        return keys.connection(
            page, rows, lambda row: (row.recorded_at, str(row.id.uuid)), ExceptionCase.of,
            lambda cap: count_cases(db, tenant, wanted, cap),
        )  # fmt: skip

    @strawberry.field(description="One exception, open or over.")
    async def exception(self, info: Info, id: Id) -> ExceptionCase | None:
        """The case of that id."""
        return await find_exception(info, ExceptionCaseId.parse(id))


async def find_exception(info: Info, id: ExceptionCaseId) -> ExceptionCase:
    """The tenant's case of that id, else NOT_FOUND."""
    return ExceptionCase.of(await cases.find_case(info.context.db.primary, info.context.tenant, id))


def _wanted(filter: ExceptionFilter | None) -> Wanted:
    if filter is None:
        return Wanted()
    return Wanted(
        kinds=tuple(cases.Kind[each.name] for each in filter.kinds),
        state=filter.state.name.lower() if filter.state else None,
        claimed_by=name_of_staff(filter.claimed_by, "claimedBy") if filter.claimed_by is not None else None,
    )
