"""A customer says how its invoices look and where they go, and who else gets its letters."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.billing_profile import BillingContact, BillingTopic, InvoicePreferences, contacts_of, preferences_of
from api.graph.context import Info
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import (
    RemoveBillingContactError,
    SaveBillingContactError,
    SetInvoicePreferencesError,
    as_error,
)
from api.graph.sign_up import locale
from api.graph.texts import NAME, id_of, post_address, refused, text
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.customers import billing_contact as contacts
from domain.ids import BillingContactId
from domain.invoices.invoice_preferences import SetInvoicePreferences, set_invoice_preferences
from domain.refusals import Refused


@strawberry.input(description="Says how the invoices that come are wanted; what is left out is taken away.")
class SetInvoicePreferencesInput:
    """Input of setInvoicePreferences."""

    language: str = strawberry.field(description="What documents are written in, such as en or de-AT.")
    purchase_order: str | None = strawberry.field(default=None, description="What invoices are to name.")
    email: str | None = strawberry.field(default=None, description="Where they go; null: to the billing person.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="What holds from the next invoice on.")
class SetInvoicePreferencesPayload:
    """Payload of setInvoicePreferences."""

    preferences: InvoicePreferences | None = strawberry.field(description="The wishes as they are now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetInvoicePreferencesError] = strawberry.field(description=ERRORS)


async def set_preferences(info: Info, input: SetInvoicePreferencesInput) -> SetInvoicePreferencesPayload:
    """For members with the right to billing data, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        email = None if input.email is None else post_address(input.email, "email")
        command = SetInvoicePreferences(locale(input.language, "language"), input.purchase_order, email=email)
        done = await performed(info, set_invoice_preferences, owner, command, input.idempotency_key)
    except Refused as refusal:
        return SetInvoicePreferencesPayload(preferences=None, operation=None, errors=[as_error(refusal)])
    operation = await followed(info, done, owner)
    return SetInvoicePreferencesPayload(
        preferences=await preferences_of(info, owner), operation=operation, errors=[]
    )  # fmt: skip


@strawberry.input(description="Adds a contact, or says what one is from now on.")
class SaveBillingContactInput:
    """Input of saveBillingContact."""

    contact_id: GlobalId | None = strawberry.field(default=None, description="The contact; null adds another one.")
    name: str = strawberry.field(description="Who it is.")
    email: str = strawberry.field(description="Where the letters go; each is a copy, with the links that it has.")
    topics: list[BillingTopic] = strawberry.field(description="Which letters; one or both.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The contacts as they are now.")
class SaveBillingContactPayload:
    """Payload of saveBillingContact."""

    contacts: list[BillingContact] | None = strawberry.field(description="All contacts.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SaveBillingContactError] = strawberry.field(description=ERRORS)


async def save(info: Info, input: SaveBillingContactInput) -> SaveBillingContactPayload:
    """For members with the right to billing data, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        done = await performed(info, contacts.save_billing_contact, owner, _contact(input), input.idempotency_key)
    except Refused as refusal:
        return SaveBillingContactPayload(contacts=None, operation=None, errors=[as_error(refusal)])
    operation = await followed(info, done, owner)
    return SaveBillingContactPayload(contacts=await contacts_of(info, owner), operation=operation, errors=[])


def _contact(input: SaveBillingContactInput) -> contacts.SaveBillingContact:
    email = post_address(input.email, "email")
    if not email.isascii():
        raise refused("Copies go to addresses in ASCII alone.", "email")
    return contacts.SaveBillingContact(
        id_of(BillingContactId.parse, input.contact_id, "contactId") if input.contact_id is not None else None,
        tuple(contacts.Topic[each.name] for each in input.topics),
        name=text(NAME, input.name, "name"),
        email=email,
    )


@strawberry.input(description="Takes a contact away.")
class RemoveBillingContactInput:
    """Input of removeBillingContact."""

    contact_id: GlobalId = strawberry.field(description="The contact, of whom nothing is kept.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The contacts that are left.")
class RemoveBillingContactPayload:
    """Payload of removeBillingContact."""

    contacts: list[BillingContact] | None = strawberry.field(description="Those who are left.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RemoveBillingContactError] = strawberry.field(description=ERRORS)


async def remove(info: Info, input: RemoveBillingContactInput) -> RemoveBillingContactPayload:
    """For members with the right to billing data, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        command = contacts.RemoveBillingContact(id_of(BillingContactId.parse, input.contact_id, "contactId"))
        done = await performed(info, contacts.remove_billing_contact, owner, command, input.idempotency_key)
    except Refused as refusal:
        return RemoveBillingContactPayload(contacts=None, operation=None, errors=[as_error(refusal)])
    operation = await followed(info, done, owner)
    return RemoveBillingContactPayload(contacts=await contacts_of(info, owner), operation=operation, errors=[])


@strawberry.type(description="Changes about how a customer is billed.")
class BillingProfileMutations:
    """Fields of the mutation root."""

    set_invoice_preferences: SetInvoicePreferencesPayload = _mutation(
        set_preferences, "Says how the invoices that come are wanted."
    )
    save_billing_contact: SaveBillingContactPayload = _mutation(save, "Adds or changes a billing contact.")
    remove_billing_contact: RemoveBillingContactPayload = _mutation(remove, "Removes a billing contact.")
