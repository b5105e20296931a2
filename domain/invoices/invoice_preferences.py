"""How a customer wants its invoices: their language, the purchase order that they name, and where they are sent."""

from dataclasses import dataclass, field

from domain.actor import STAFF, Grant
from domain.customers.billing_contact import invoice_email
from domain.customers.customer import customer
from domain.db import Primary, Tx
from domain.ids import CustomerId, TenantId
from domain.invoices.billing_terms import billing_terms, require_purchase_order, store_terms
from domain.invoices.typesetting import Print, UnknownLocale
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import personal


@dataclass(frozen=True, slots=True)
class InvoicePreferences:
    """What holds for the next invoice; ``email`` None is where the billing person reads."""

    language: str
    purchase_order: str | None
    email: str | None = field(repr=False)


async def invoice_preferences(db: Primary, tenant: TenantId, id: CustomerId) -> InvoicePreferences:
    """The customer's own."""
    of = await customer(db, tenant, id)
    terms = await billing_terms(db, id)
    return InvoicePreferences(of.locale, terms.purchase_order, await invoice_email(db, id))


@dataclass(frozen=True, slots=True)
class SetInvoicePreferences:
    """All of them; the language is a locale such as de-AT, and mail can go to the address."""

    language: str
    purchase_order: str | None
    email: str | None = personal()


@dataclass(frozen=True, slots=True)
class InvoicePreferencesSet:
    """What invoices that are issued from now on are written in and name."""

    language: str
    purchase_order: str | None


@operation(
    "invoices.set_preferences", allowed=STAFF | {Grant.SYSTEM, Grant.PORTAL}, function=PortalFunction.BILLING_DETAILS
)
async def set_invoice_preferences(tx: Tx, command: SetInvoicePreferences) -> InvoicePreferencesSet:
    """Issued documents stay as they are. INVALID_INPUT for a language that we have no words in, and for a purchase
    order that cannot be one."""
    require_purchase_order(command.purchase_order)
    try:
        Print.for_locale(command.language)
    except UnknownLocale:
        message = "Our documents are not written in that language."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("language",)) from None
    await tx.execute(
        "UPDATE customer SET locale = $3 WHERE shard_key = $1 AND id = $2",
        tx.customer.shard, tx.customer.uuid, command.language,
    )  # fmt: skip
    await tx.execute(
        "UPDATE billing_person SET invoice_email = $3 WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard, tx.customer.uuid, command.email,
    )  # fmt: skip
    await store_terms(tx, (await billing_terms(tx, tx.customer)).net_days, command.purchase_order)
    return InvoicePreferencesSet(command.language, command.purchase_order)
