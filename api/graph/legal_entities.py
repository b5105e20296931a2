"""The legal entities that issue documents: where they are registered, and how long documents are kept."""

from datetime import date

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetLegalDetailsError, as_error
from api.graph.tax_registrations import ENTITY
from api.graph.texts import NAME, text
from api.scalars import IdempotencyKey
from domain.invoices.credit_note import CreditNote
from domain.invoices.invoice import Invoice
from domain.ledger.period_close import closed_through
from domain.payments.receipt import Receipt
from domain.refusals import Refused
from domain.tenants import tenant as domain
from domain.tenants.legal_details import SetLegalDetails, set_legal_details
from domain.tenants.retention import kept_until

KEPT_UNTIL = (
    "The last day it is kept for the law: a 31 December, as many years after that of its issue as were promised then, "
    "or more where the seller has said so since."
)
_ENTRY = "Its entry in a public register as documents print it; or nothing."
_YEARS = "For how many years its documents are kept, counted from the end of the year of their issue."


@strawberry.type(description="Who of the tenant issues documents.")
class LegalEntity:
    """A legal entity."""

    source: strawberry.Private[domain.LegalEntity]
    code: str = strawberry.field(description="What the numbers of its documents start with.")
    name: str = strawberry.field(description="The name on its documents.")
    address: str = strawberry.field(description="The address on its documents.")
    country: str = strawberry.field(description="The ISO 3166 code of its country.")
    time_zone: str = strawberry.field(description="The IANA zone of its books.")
    sandbox: bool = strawberry.field(description="Whether it is there for tests: its documents are none.")
    register_entry: str = strawberry.field(description=_ENTRY)
    retention_years: int = strawberry.field(description=_YEARS)

    @classmethod
    def of(cls, entity: domain.LegalEntity) -> "LegalEntity":
        """The domain's legal entity."""
        return cls(
            source=entity,
            code=entity.code,
            name=entity.name,
            address=entity.address,
            country=entity.country,
            time_zone=entity.time_zone,
            sandbox=entity.sandbox,
            register_entry=entity.register_entry,
            retention_years=entity.retention_years,
        )

    @strawberry.field(
        description="The first day of the newest month whose books are closed; null: none is. Nothing is posted in it."
    )
    async def closed_through(self, info: Info) -> date | None:
        """The month."""
        return await closed_through(info.context.db.primary, self.source.house.shard, self.source.id)


async def all_legal_entities(info: Info) -> list[LegalEntity]:
    """The tenant's, by code."""
    return [LegalEntity.of(each) for each in await domain.legal_entities(info.context.db.primary, info.context.tenant)]


async def last_day(info: Info, of: Invoice | CreditNote | Receipt) -> date:
    """Until when the document is kept."""
    issuers = await info.context.loaders.issuers.load(info.context.tenant)
    return kept_until(of.issued_at, of.recorded_at, issuers[of.legal_entity])


@strawberry.input(description="Says what the law wants of a legal entity; both replace what was said before.")
class SetLegalDetailsInput:
    """Input of setLegalDetails."""

    legal_entity: str = strawberry.field(description=ENTITY)
    register_entry: str = strawberry.field(
        description='The entry in a public register, such as "HRB 12345 B, Amtsgericht Charlottenburg"; or nothing.'
    )
    retention_years: int = strawberry.field(description="From 1 to 50; " + _YEARS[0].lower() + _YEARS[1:])
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The legal entity after it.")
class SetLegalDetailsPayload:
    """Payload of setLegalDetails."""

    legal_entity: LegalEntity | None = strawberry.field(description="The legal entity; null when refused.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetLegalDetailsError] = strawberry.field(description=ERRORS)


async def set_details(info: Info, input: SetLegalDetailsInput) -> SetLegalDetailsPayload:
    """For admins and finance."""
    context = info.context
    try:
        context.staff_home()
        house = (await domain.legal_entity(context.db.primary, context.tenant, input.legal_entity)).house
        entry = text(NAME, input.register_entry, "registerEntry") if input.register_entry else ""
        command = SetLegalDetails(entry, input.retention_years)
        done = await performed(info, set_legal_details, house, command, input.idempotency_key)
    except Refused as refused:
        return SetLegalDetailsPayload(legal_entity=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, house)
    found = await domain.legal_entity(context.db.primary, context.tenant, input.legal_entity)
    return SetLegalDetailsPayload(legal_entity=LegalEntity.of(found), operation=operation, errors=[])
