"""Staff sign customers up."""

import re
from datetime import datetime
from typing import Final

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.customer import Customer, find_customer
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import CreateCustomerError, as_error
from api.graph.texts import NAME, NOTE, refused, text, word
from api.scalars import CurrencyCode, IdempotencyKey
from domain.customers.create_customer import CreateCustomer, create_customer
from domain.invoices.typesetting import Print, UnknownLocale
from domain.money import Currency
from domain.refusals import Refused
from domain.tenants.tenant import legal_entity

# Tags of RFC 5646 as they are in use: a language, perhaps a script, perhaps a region; babel takes more than that.
_TAG: Final = re.compile(r"[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|[0-9]{3}))?")


@strawberry.input(description="A customer of a legal entity, with a login of its own if issuer and subject are given.")
class CreateCustomerInput:
    """Input of createCustomer."""

    legal_entity: str = strawberry.field(description="The code of the legal entity that bills it.")
    reference: str = strawberry.field(description="The tenant's own name for it, unique in the tenant.")
    currency: CurrencyCode = strawberry.field(description="The currency it is billed in.")
    time_zone: str = strawberry.field(description="The IANA zone whose calendar its billing days follow.")
    locale: str = strawberry.field(description="The language of its documents, such as en or de-AT.")
    country: str = strawberry.field(description="The ISO 3166 code of its address, two capitals.")
    region: str = strawberry.field(default="", description="The state or province, as ISO 3166-2 has it; or nothing.")
    name: str = strawberry.field(description="The name on invoices.")
    email: str = strawberry.field(description="Where documents are sent.")
    address: str = strawberry.field(description="The address on invoices, its lines separated by commas.")
    clock_at: datetime | None = strawberry.field(default=None, description="Puts a sandbox customer on a test clock.")
    issuer: str | None = strawberry.field(default=None, description="Whose tokens its first user signs in with.")
    subject: str | None = strawberry.field(default=None, description="What those tokens call the user.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The new customer.")
class CreateCustomerPayload:
    """Payload of createCustomer."""

    customer: Customer | None = strawberry.field(description="The customer as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CreateCustomerError] = strawberry.field(description=ERRORS)


async def create(info: Info, input: CreateCustomerInput) -> CreateCustomerPayload:
    """Signs a customer up under the house of its legal entity."""
    context = info.context
    try:
        context.staff_home()
        entity = await legal_entity(context.db.primary, context.tenant, input.legal_entity)
        done = await performed(info, create_customer, entity.house, _command(input), input.idempotency_key)
    except Refused as refusal:
        return CreateCustomerPayload(customer=None, operation=None, errors=[as_error(refusal)])
    operation = await followed(info, done, done.outcome.customer)
    customer = await find_customer(info, done.outcome.customer)
    return CreateCustomerPayload(customer=customer, operation=operation, errors=[])


def _command(input: CreateCustomerInput) -> CreateCustomer:
    if (input.issuer is None) != (input.subject is None):
        raise refused("A login has both an issuer and a subject.", "subject" if input.issuer else "issuer")
    return CreateCustomer(
        reference=text(NAME, input.reference, "reference"),
        currency=Currency(input.currency),
        time_zone=text(NAME, input.time_zone, "timeZone"),
        locale=locale(input.locale, "locale"),
        country=input.country,
        clock_at=input.clock_at,
        issuer=word(input.issuer, "issuer") if input.issuer is not None else None,
        subject=word(input.subject, "subject") if input.subject is not None else None,
        name=text(NAME, input.name, "name"),
        email=text(NAME, input.email, "email"),
        address=text(NOTE, input.address, "address"),
        region=input.region,
    )


def locale(name: str, *path: str) -> str:
    """The locale itself; INVALID_INPUT for one that our documents have no words in."""
    try:
        if not _TAG.fullmatch(name):
            raise UnknownLocale
        Print.for_locale(name)
    except UnknownLocale:
        raise refused("Our documents are not written in that language.", *path) from None
    return name
