"""A customer changes what it is billed under: its name, its address, and with that where it is taxed."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.customer import Customer, find_customer
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import ChangeBillingDetailsError, as_error
from api.graph.tax_ids import WHOSE, owner_of
from api.graph.texts import NAME, NOTE, text
from api.scalars import GlobalId, IdempotencyKey
from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.refusals import Refused


@strawberry.input(description="Replaces what a customer is billed under; issued documents stay as they are.")
class ChangeBillingDetailsInput:
    """Input of changeBillingDetails."""

    name: str = strawberry.field(description="The name on invoices.")
    email: str = strawberry.field(description="Where documents are sent.")
    address: str = strawberry.field(description="The address on invoices, its lines separated by commas.")
    country: str = strawberry.field(description="The ISO 3166 code of the address, two capitals.")
    region: str = strawberry.field(default="", description="The state or province, as ISO 3166-2 has it; or nothing.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The customer with its new details.")
class ChangeBillingDetailsPayload:
    """Payload of changeBillingDetails."""

    customer: Customer | None = strawberry.field(description="The customer as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChangeBillingDetailsError] = strawberry.field(description=ERRORS)


async def change(info: Info, input: ChangeBillingDetailsInput) -> ChangeBillingDetailsPayload:
    """For portal users, and for staff who name the customer."""
    try:
        owner = owner_of(info, input.customer_id)
        command = ChangeBillingPerson(
            country=input.country,
            region=input.region,
            name=text(NAME, input.name, "name"),
            email=text(NAME, input.email, "email"),
            address=text(NOTE, input.address, "address"),
        )
        done = await performed(info, change_billing_person, owner, command, input.idempotency_key)
    except Refused as refused:
        return ChangeBillingDetailsPayload(customer=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    return ChangeBillingDetailsPayload(customer=await find_customer(info, owner), operation=operation, errors=[])
