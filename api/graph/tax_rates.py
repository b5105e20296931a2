"""Tax rates as finance publishes them: versions, none of which is ever changed."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import PublishTaxRateError, as_error
from api.graph.texts import NAME, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import TaxRateId
from domain.refusals import Refused
from domain.tax import rate as domain
from domain.tax.publish_rate import PublishTaxRate, publish_tax_rate

MAX_RATES = 100  # of one answer, as for lists elsewhere; the next ones are asked for by the id of the last


@strawberry.enum(description="For which buyers a tax rate holds.")
class TaxCustomerKind(Enum):
    """The kinds."""

    ANY = strawberry.enum_value("any", description="For everybody.")
    CONSUMER = strawberry.enum_value("consumer", description="For buyers without a valid tax id.")
    BUSINESS = strawberry.enum_value("business", description="For buyers with a valid tax id.")


@strawberry.type(description="One version of a tax rate. It never changes.")
class TaxRate:
    """A rate."""

    id: GlobalId = strawberry.field(description="Its id, as tax decisions name it.")
    country: str = strawberry.field(description="The ISO 3166 code of the country.")
    region: str = strawberry.field(description="The region in it, such as CA, or CA-SF for a place inside; or nothing.")
    category: str = strawberry.field(description="The tax category of what is sold; standard is for all the others.")
    customer_kind: TaxCustomerKind = strawberry.field(description="For which buyers it holds.")
    component: str = strawberry.field(description="Which of the taxes of the place it is, such as VAT or PST.")
    name: str = strawberry.field(description="What documents call it.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million: 190000 is 19 %.")
    exempt: bool = strawberry.field(description="Whether the law exempts it, which is not the same as 0 %.")
    authority: str = strawberry.field(description="The region where a seller must be registered to owe it; or nothing.")
    effective_from: datetime = strawberry.field(description="From when on it holds, until the next one begins.")
    version: int = strawberry.field(description="The greatest one of an instant holds; a later one is a correction.")

    @classmethod
    def of(cls, rate: domain.Rate) -> "TaxRate":
        """The domain's rate."""
        return cls(
            id=GlobalId(str(rate.id)),
            country=rate.country,
            region=rate.region,
            category=rate.category,
            customer_kind=TaxCustomerKind(rate.customer_kind.value),
            component=rate.component,
            name=rate.name,
            rate_ppm=rate.rate_ppm,
            exempt=rate.exempt,
            authority=rate.authority,
            effective_from=rate.effective_from,
            version=rate.version,
        )


async def rates_of(info: Info, country: str | None, after: GlobalId | None) -> list[TaxRate]:
    """At most MAX_RATES of the tenant's rates, the last published first."""
    start, db = TaxRateId.parse(after) if after is not None else None, info.context.db.primary
    found = await domain.published_rates(db, info.context.tenant, country, start, MAX_RATES)
    return [TaxRate.of(each) for each in found]


@strawberry.input(description="Adds the next version of a tax rate: one from an instant on, or a correction of one.")
class PublishTaxRateInput:
    """Input of publishTaxRate."""

    country: str = strawberry.field(description="The ISO 3166 code, two capitals.")
    region: str = strawberry.field(default="", description="The region in it, as ISO 3166-2 has it; or nothing.")
    category: str = strawberry.field(default="standard", description="The tax category of what is sold.")
    customer_kind: TaxCustomerKind = strawberry.field(default=TaxCustomerKind.ANY, description="For which buyers.")
    component: str = strawberry.field(description="Which of the taxes of the place it is, such as VAT or PST.")
    name: str = strawberry.field(description="What documents call it.")
    rate_ppm: int = strawberry.field(description="The rate in parts of a million, up to 1000000.")
    exempt: bool = strawberry.field(default=False, description="Whether the law exempts it; the rate is 0 then.")
    authority: str = strawberry.field(
        default="", description="The region where a seller must be registered to owe it; nothing: in the country."
    )
    effective_from: datetime = strawberry.field(description="From when on it holds; may lie in the past.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The new version.")
class PublishTaxRatePayload:
    """Payload of publishTaxRate."""

    tax_rate: TaxRate | None = strawberry.field(description="The rate.")
    in_the_past: bool | None = strawberry.field(
        description="Whether it already holds, so that invoices may have been issued at another rate."
    )
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[PublishTaxRateError] = strawberry.field(description=ERRORS)


async def publish_a_rate(info: Info, input: PublishTaxRateInput) -> PublishTaxRatePayload:
    """For admins and finance."""
    try:
        home = info.context.staff_home()
        done = await performed(info, publish_tax_rate, home, _command(input), input.idempotency_key)
    except Refused as refused:
        return PublishTaxRatePayload(tax_rate=None, in_the_past=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    rate = await domain.rate(info.context.db.primary, info.context.tenant, done.outcome.rate)
    return PublishTaxRatePayload(
        tax_rate=TaxRate.of(rate) if rate else None,
        in_the_past=done.outcome.in_the_past,
        operation=operation,
        errors=[],
    )


def _command(input: PublishTaxRateInput) -> PublishTaxRate:
    return PublishTaxRate(
        country=input.country,
        region=input.region,
        category=input.category,
        customer_kind=domain.CustomerKind[input.customer_kind.name],
        component=input.component,
        name=text(NAME, input.name, "name"),
        rate_ppm=input.rate_ppm,
        exempt=input.exempt,
        authority=input.authority,
        effective_from=input.effective_from,
    )
