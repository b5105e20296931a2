"""Exports of everything about a customer: asked for by it or by staff on its behalf, and fetched by a signed link."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import RequestDataExportError, as_error
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey, Int64
from domain.actor import Actor, Grant
from domain.ids import CustomerId
from domain.member_role import Right, has
from domain.privacy import data_export as exports
from domain.refusals import RefusalCode, Refused

_value = strawberry.enum_value
# Who may have the file: the customer's own users, and those of the staff who may ask for it.
_MAY_FETCH = frozenset({Grant.PORTAL, Grant.LEAD, Grant.ADMIN})


def _may_fetch(actor: Actor) -> bool:
    """Nobody who acts for a customer, and of its members those whose account it is."""
    of_account = actor.member is None or has(actor.member, Right.OWNERS)
    return bool(actor.grants & _MAY_FETCH) and of_account and actor.on_behalf_of is None


@strawberry.enum(description="How far an export is. More values may come.")
class DataExportState(Enum):
    """The states of the domain's machine."""

    ASKED = _value("asked", description="It is being made.")
    READY = _value("ready", description="It can be downloaded.")
    FAILED = _value("failed", description="It could not be made; ask for another one.")
    EXPIRED = _value("expired", description="Its time is over, and the file is deleted.")


@strawberry.type(description="A file with everything that is known about a customer, a line of JSON each.")
class DataExport:
    """An export."""

    source: strawberry.Private[exports.DataExport]
    id: GlobalId = strawberry.field(description="Its name in the audit trail.")
    state: DataExportState = strawberry.field(description="How far it is.")
    asked_at: datetime = strawberry.field(description="When it was asked for, in wall time.")
    until: datetime | None = strawberry.field(description="When the file is deleted, in wall time.")
    records: int | None = strawberry.field(description="How many lines it has.")
    size: Int64 | None = strawberry.field(description="How many bytes they are.")
    sha256: str | None = strawberry.field(description="The hash of these bytes, in hexadecimal digits.")
    downloads: int = strawberry.field(description="How often it was downloaded.")

    @classmethod
    def of(cls, of: exports.DataExport) -> "DataExport":
        """The domain's export."""
        return cls(
            source=of, id=GlobalId(str(of.id)), state=DataExportState(of.state.name), asked_at=of.recorded_at,
            until=of.until, records=of.records, size=Int64(of.size) if of.size is not None else None,
            sha256=of.sha256, downloads=of.downloads,
        )  # fmt: skip

    @strawberry.field(
        description="Where it can be downloaded on this origin, by whoever has the address, for 15 minutes; null where "
        "there is no file, or it is not for the caller."
    )
    async def download_path(self, info: Info) -> str | None:
        """A fresh link each time."""
        context = info.context
        if self.source.state.name != "ready" or not _may_fetch(context.actor):
            return None
        return f"/exports/{exports.download_text(context.db.vault, self.source, context.db.clock.now())}.jsonl"


async def exports_of(info: Info, customer: CustomerId) -> list[DataExport]:
    """The customer's exports, newest first; at most 10."""
    return [DataExport.of(each) for each in await exports.data_exports(info.context.db.primary, customer)]


@strawberry.input(description="Asks for a file with everything that is known about a customer.")
class RequestDataExportInput:
    """Input of requestDataExport."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    with_events: bool = strawberry.field(
        default=True,
        description="Whether the payment provider's events are in it as they came, which repeat much of the rest.",
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The export, which a worker makes now.")
class RequestDataExportPayload:
    """Payload of requestDataExport."""

    export: DataExport | None = strawberry.field(description="The export as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RequestDataExportError] = strawberry.field(description=ERRORS)


async def request_export(info: Info, input: RequestDataExportInput) -> RequestDataExportPayload:
    """For portal users, leads and admins; nobody who acts for a customer asks for this."""
    try:
        customer = customer_of(info, input.customer_id)
        if info.context.principal.acting_staff is not None:
            raise Refused(RefusalCode.FORBIDDEN, "Only the customer itself asks for this here.")
        done = await performed(
            info, exports.ask_export, customer, exports.AskExport(input.with_events), input.idempotency_key
        )
    except Refused as refused:
        return RequestDataExportPayload(export=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    stands = DataExport.of(await exports.data_export(info.context.db.primary, done.outcome.export))
    return RequestDataExportPayload(export=stands, operation=operation, errors=[])


@strawberry.type(description="Exports of everything about a customer.")
class ExportMutations:
    """Fields of the mutation root."""

    request_data_export: RequestDataExportPayload = _mutation(
        request_export, "Asks for a file with everything that is known about a customer."
    )
