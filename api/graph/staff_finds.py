"""What staff find by a word that the customer has in hand."""

from typing import Annotated, Final

import strawberry

from api.graph.context import Info
from api.graph.customer import Customer, find_customer
from api.graph.invoices import Invoice
from api.graph.staff_refunds import StaffRefunds
from api.scalars import GlobalId, Text
from domain.fanout.by_word import customers_of_email, invoices_of_number
from domain.invoices.invoice import invoice

Email = Annotated[str, strawberry.argument(description="The whole address, in capitals or not.")]
Number = Annotated[str, strawberry.argument(description="The number as it is printed.")]
_email: Final = Text(max_length=254)  # RFC 5321: no longer path can be sent to
_number: Final = Text(max_length=60)  # a prefix, a year and ten digits are half of it


@strawberry.type(description="An invoice with what only staff see of it: whose it is.")
class StaffInvoice:
    """An invoice on the support desk."""

    customer_id: GlobalId = strawberry.field(description="The customer who owes it.")
    invoice: Invoice = strawberry.field(description="The invoice as its customer sees it.")


@strawberry.type(description="What staff find.")
class StaffFinds(StaffRefunds):
    """Fields of the root of staff."""

    @strawberry.field(
        description="Customers whose documents go to that address, the latest to change it first; at most 20."
    )
    async def customers_by_email(self, info: Info, email: Email) -> list[Customer]:
        """The customers of the address."""
        wanted = _email(email, "email").strip()
        found = await customers_of_email(info.context.db.primary, info.context.tenant, wanted)
        return [await find_customer(info, each) for each in found]

    @strawberry.field(description="The tenant's invoices of that number; several where legal entities number alike.")
    async def invoices_by_number(self, info: Info, number: Number) -> list[StaffInvoice]:
        """The invoices of the number."""
        db = info.context.db.primary
        found = await invoices_of_number(db, info.context.tenant, _number(number, "number").strip())
        return [
            StaffInvoice(customer_id=GlobalId(str(owner)), invoice=Invoice.of(await invoice(db, owner, id)))
            for owner, id in found
        ]
