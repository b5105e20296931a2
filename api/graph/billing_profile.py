"""How a customer wants to be billed: its contacts, how invoices look and where they go, and its terms."""

from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.staff_terms import BillingTerms
from api.scalars import GlobalId
from domain.customers import billing_contact as contacts
from domain.ids import CustomerId
from domain.invoices import invoice_preferences as preferences
from domain.invoices.billing_terms import AUTOMATIC, billing_terms

_value = strawberry.enum_value


@strawberry.enum(description="Which letters a contact gets. More values may come.")
class BillingTopic(Enum):
    """The domain's Topic."""

    INVOICES = _value("invoices", description="Invoices, receipts, refunds.")
    DUNNING = _value("dunning", description="What is not paid, from the first failure until it is.")


@strawberry.type(description="Somebody who gets letters of the customer's, and does not sign in.")
class BillingContact:
    """A contact; personal data."""

    id: GlobalId = strawberry.field(description="What saveBillingContact and removeBillingContact take.")
    name: str = strawberry.field(description="Who it is, for the customer's own list.")
    email: str = strawberry.field(description="Where the letters go.")
    topics: list[BillingTopic] = strawberry.field(description="Which letters.")

    @classmethod
    def of(cls, found: contacts.BillingContact) -> "BillingContact":
        """The domain's contact."""
        topics = [BillingTopic(each.value) for each in found.topics]
        return cls(id=GlobalId(str(found.id)), name=found.name, email=found.email, topics=topics)


@strawberry.type(description="How the customer wants the invoices that come; those that were issued stay as they are.")
class InvoicePreferences:
    """The customer's own wishes."""

    language: str = strawberry.field(description="What documents and letters are written in, such as en or de-AT.")
    purchase_order: str | None = strawberry.field(description="What invoices name, where the draft names no other.")
    email: str | None = strawberry.field(
        description="Where invoices, receipts and refunds are told of; null: where the billing person reads."
    )


@strawberry.type(description="The part of an account that is about its bills.")
class AccountBilling:
    """Fields of CustomerAccount."""

    customer: strawberry.Private[CustomerId]

    @strawberry.field(description="Who gets letters without signing in, the oldest first; at most 10.")
    async def billing_contacts(self, info: Info) -> list[BillingContact]:
        """The contacts."""
        return await contacts_of(info, self.customer)

    @strawberry.field(description="How the invoices that come are wanted.")
    async def invoice_preferences(self, info: Info) -> InvoicePreferences:
        """The wishes."""
        return await preferences_of(info, self.customer)

    @strawberry.field(description="How and by when it pays; the seller sets it.")
    async def billing_terms(self, info: Info) -> BillingTerms:
        """The terms."""
        found = await billing_terms(info.context.db.primary, self.customer)
        return BillingTerms(
            charged_automatically=found.collection == AUTOMATIC, net_days=found.net_days,
            purchase_order=found.purchase_order,
        )  # fmt: skip


async def contacts_of(info: Info, of: CustomerId) -> list[BillingContact]:
    """The customer's contacts."""
    return [BillingContact.of(each) for each in await contacts.billing_contacts(info.context.db.primary, of)]


async def preferences_of(info: Info, of: CustomerId) -> InvoicePreferences:
    """The customer's wishes."""
    found = await preferences.invoice_preferences(info.context.db.primary, info.context.tenant, of)
    return InvoicePreferences(language=found.language, purchase_order=found.purchase_order, email=found.email)
