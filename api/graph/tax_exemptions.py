"""Exemption certificates that staff keep for customers."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import AddTaxExemptionError, EndTaxExemptionError, as_error
from api.graph.texts import NAME, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.customers import tax_exemption as domain
from domain.ids import CustomerId, TaxExemptionId
from domain.refusals import Refused

_ALL = "Whether one for a country frees from the taxes of all its states or provinces too, as few say."


@strawberry.type(description="A certificate that frees a customer from tax.")
class TaxExemption:
    """A certificate."""

    id: GlobalId = strawberry.field(description="What endTaxExemption takes.")
    country: str = strawberry.field(description="The ISO 3166 code of the country.")
    region: str = strawberry.field(description="The state or province whose taxes it is for; nothing: the country's.")
    all_regions: bool = strawberry.field(description=_ALL)
    category: str = strawberry.field(description="The tax category it is for; nothing: any.")
    certificate: str = strawberry.field(description="The number of the certificate.")
    valid_from: datetime = strawberry.field(description="From when on it counts.")
    valid_until: datetime | None = strawberry.field(description="From when on it does not count any more.")

    @classmethod
    def of(cls, exemption: domain.TaxExemption) -> "TaxExemption":
        """The domain's exemption."""
        return cls(
            id=GlobalId(str(exemption.id)),
            country=exemption.country,
            region=exemption.region,
            all_regions=exemption.all_regions,
            category=exemption.category,
            certificate=exemption.certificate,
            valid_from=exemption.valid_from,
            valid_until=exemption.valid_until,
        )


async def exemptions_of(info: Info, of: CustomerId) -> list[TaxExemption]:
    """The customer's certificates, ended ones too."""
    return [TaxExemption.of(each) for each in await domain.tax_exemptions(info.context.db.primary, of)]


async def _kept(info: Info, of: CustomerId, id: TaxExemptionId) -> TaxExemption:
    return next(each for each in await exemptions_of(info, of) if each.id == str(id))


@strawberry.input(description="Keeps a certificate for a customer; it counts for what is invoiced while it is valid.")
class AddTaxExemptionInput:
    """Input of addTaxExemption."""

    customer_id: GlobalId = strawberry.field(description="Who is exempt.")
    country: str = strawberry.field(description="The ISO 3166 code, two capitals.")
    region: str = strawberry.field(
        default="",
        description="The state or province whose taxes it is for; nothing: the country's. In the United States each "
        "state gives its own, so that one is named, or allRegions said.",
    )
    all_regions: bool = strawberry.field(default=False, description=_ALL)
    category: str = strawberry.field(default="", description="The tax category it is for; nothing: any.")
    certificate: str = strawberry.field(description="The number of the certificate.")
    valid_from: datetime = strawberry.field(description="From when on it counts.")
    valid_until: datetime | None = strawberry.field(default=None, description="Until when; left out: no end.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The certificate.")
class AddTaxExemptionPayload:
    """Payload of addTaxExemption."""

    exemption: TaxExemption | None = strawberry.field(description="The certificate.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[AddTaxExemptionError] = strawberry.field(description=ERRORS)


async def add(info: Info, input: AddTaxExemptionInput) -> AddTaxExemptionPayload:
    """For support and above."""
    try:
        info.context.staff_home()
        owner = id_of(CustomerId.parse, input.customer_id, "customerId")
        command = domain.AddTaxExemption(
            input.country, input.region, input.category, input.valid_from, input.valid_until,
            text(NAME, input.certificate, "certificate"), input.all_regions,
        )  # fmt: skip
        done = await performed(info, domain.add_tax_exemption, owner, command, input.idempotency_key)
    except Refused as refused:
        return AddTaxExemptionPayload(exemption=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    kept = await _kept(info, owner, done.outcome.exemption)
    return AddTaxExemptionPayload(exemption=kept, operation=operation, errors=[])


@strawberry.input(description="Ends a certificate, never later than it ends already.")
class EndTaxExemptionInput:
    """Input of endTaxExemption."""

    customer_id: GlobalId = strawberry.field(description="Who is exempt.")
    exemption_id: GlobalId = strawberry.field(description="The certificate.")
    ends_at: datetime = strawberry.field(description="From when on it does not count any more.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The certificate as it stands now.")
class EndTaxExemptionPayload:
    """Payload of endTaxExemption."""

    exemption: TaxExemption | None = strawberry.field(description="The certificate.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EndTaxExemptionError] = strawberry.field(description=ERRORS)


async def end(info: Info, input: EndTaxExemptionInput) -> EndTaxExemptionPayload:
    """For support and above."""
    try:
        info.context.staff_home()
        owner = id_of(CustomerId.parse, input.customer_id, "customerId")
        id = id_of(TaxExemptionId.parse, input.exemption_id, "exemptionId")
        command = domain.EndTaxExemption(id, input.ends_at)
        done = await performed(info, domain.end_tax_exemption, owner, command, input.idempotency_key)
    except Refused as refused:
        return EndTaxExemptionPayload(exemption=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    kept = await _kept(info, owner, done.outcome.exemption)
    return EndTaxExemptionPayload(exemption=kept, operation=operation, errors=[])
