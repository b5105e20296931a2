"""Where a legal entity is registered for tax, and how it rounds."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import RegisterForTaxError, SetSellerTaxError, as_error
from api.graph.texts import NAME, text
from api.scalars import IdempotencyKey
from domain.refusals import Refused
from domain.tax import registration as domain
from domain.tax.decision import Rounding
from domain.tax.register import RegisterForTax, SetSellerTax, register_for_tax, set_seller_tax
from domain.tenants.tenant import legal_entity

ENTITY = "The code of the legal entity."


@strawberry.enum(description="What kind of registration it is.")
class TaxScheme(Enum):
    """The schemes."""

    DOMESTIC = strawberry.enum_value("domestic", description="With the authority of a country, at home or abroad.")
    OSS = strawberry.enum_value("oss", description="The Union's one-stop shop: consumers in all its other countries.")
    STATE = strawberry.enum_value("state", description="With the authority of a state or province.")
    GST = strawberry.enum_value("gst", description="For a goods and services tax.")


@strawberry.enum(description="Where tax is rounded, half to even.")
class TaxRounding(Enum):
    """The rules."""

    LINE = strawberry.enum_value("line", description="Each tax of each line.")
    INVOICE = strawberry.enum_value("invoice", description="Each rate once over the whole invoice.")


@strawberry.type(description="A registration of a legal entity.")
class TaxRegistration:
    """A registration."""

    country: str = strawberry.field(description="The ISO 3166 code of the country.")
    region: str = strawberry.field(description="The state or province; or nothing.")
    scheme: TaxScheme = strawberry.field(description="What kind it is.")
    tax_number: str = strawberry.field(description="The number that documents show.")
    registered_from: datetime = strawberry.field(description="From when on tax is owed there.")
    registered_until: datetime | None = strawberry.field(
        description="From when on it is not owed any more, or owed under the next registration there."
    )

    @classmethod
    def of(cls, registration: domain.Registration) -> "TaxRegistration":
        """The domain's registration."""
        return cls(
            country=registration.country,
            region=registration.region,
            scheme=TaxScheme(registration.scheme.value),
            tax_number=registration.tax_number,
            registered_from=registration.registered_from,
            registered_until=registration.registered_until,
        )


async def registrations_of(info: Info, code: str) -> list[TaxRegistration]:
    """The registrations of the tenant's legal entity of that code, ended ones too."""
    entity = await legal_entity(info.context.db.primary, info.context.tenant, code)
    return [TaxRegistration.of(each) for each in await domain.registrations(info.context.db.primary, entity.id)]


@strawberry.input(
    description="Registers a legal entity; the same place, scheme and begin again replaces the end and the number."
)
class RegisterForTaxInput:
    """Input of registerForTax."""

    legal_entity: str = strawberry.field(description=ENTITY)
    country: str = strawberry.field(description="The ISO 3166 code, two capitals.")
    region: str = strawberry.field(default="", description="The state or province; or nothing.")
    scheme: TaxScheme = strawberry.field(default=TaxScheme.DOMESTIC, description="What kind it is.")
    tax_number: str = strawberry.field(description="The number that documents show.")
    registered_from: datetime = strawberry.field(description="From when on; a standard rate must be published for it.")
    registered_until: datetime | None = strawberry.field(default=None, description="Until when; left out: no end.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The registrations after it.")
class RegisterForTaxPayload:
    """Payload of registerForTax."""

    registrations: list[TaxRegistration] | None = strawberry.field(description="All of the legal entity.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RegisterForTaxError] = strawberry.field(description=ERRORS)


async def register(info: Info, input: RegisterForTaxInput) -> RegisterForTaxPayload:
    """For admins and finance."""
    context = info.context
    try:
        context.staff_home()
        house = (await legal_entity(context.db.primary, context.tenant, input.legal_entity)).house
        command = RegisterForTax(
            input.country, input.region, domain.Scheme[input.scheme.name], text(NAME, input.tax_number, "taxNumber"),
            input.registered_from, input.registered_until,
        )  # fmt: skip
        done = await performed(info, register_for_tax, house, command, input.idempotency_key)
    except Refused as refused:
        return RegisterForTaxPayload(registrations=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, house)
    found = await registrations_of(info, input.legal_entity)
    return RegisterForTaxPayload(registrations=found, operation=operation, errors=[])


@strawberry.input(description="Says in which region a legal entity sits, and where its tax is rounded from now on.")
class SetSellerTaxInput:
    """Input of setSellerTax."""

    legal_entity: str = strawberry.field(description=ENTITY)
    region: str = strawberry.field(description="The region in its country, as ISO 3166-2 has it; or nothing.")
    rounding: TaxRounding = strawberry.field(description="Where tax is rounded.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="How the legal entity is taxed now.")
class SetSellerTaxPayload:
    """Payload of setSellerTax."""

    region: str | None = strawberry.field(description="Its region.")
    rounding: TaxRounding | None = strawberry.field(description="Where its tax is rounded.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetSellerTaxError] = strawberry.field(description=ERRORS)


async def set_seller(info: Info, input: SetSellerTaxInput) -> SetSellerTaxPayload:
    """For admins and finance."""
    context = info.context
    try:
        context.staff_home()
        house = (await legal_entity(context.db.primary, context.tenant, input.legal_entity)).house
        command = SetSellerTax(input.region, Rounding[input.rounding.name])
        done = await performed(info, set_seller_tax, house, command, input.idempotency_key)
    except Refused as refused:
        return SetSellerTaxPayload(region=None, rounding=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, house)
    rounding = TaxRounding(done.outcome.rounding.value)
    return SetSellerTaxPayload(region=done.outcome.region, rounding=rounding, operation=operation, errors=[])
