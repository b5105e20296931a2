"""Customers: whom a legal entity bills. Every read here is bounded by tenant and customer."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, LegalEntityId, PaymentMethodId, TenantId
from domain.money import Currency
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the portal shows it; personal data is read apart (``billing_person``)."""

    id: CustomerId
    tenant: TenantId
    legal_entity: LegalEntityId
    reference: str
    currency: Currency
    time_zone: str
    locale: str
    default_method: PaymentMethodId | None
    clock_at: datetime | None
    clock_target: datetime | None
    erased: bool


@dataclass(frozen=True, slots=True)
class BillingPerson:
    """The name and address a customer is billed under; personal data. Its place of supply is country and region."""

    name: str
    email: str
    address: str
    country: str
    region: str = ""  # documents of before there were regions hold none


async def customer(db: Primary, tenant: TenantId, id: CustomerId) -> Customer:
    """The tenant's customer of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT c.legal_entity_id, c.reference, c.currency, c.time_zone, c.locale, c.default_method_id, h.clock_at,
                  h.clock_target, h.erased_at IS NOT NULL AS erased
             FROM customer c
             JOIN customer_head h ON h.shard_key = c.shard_key AND h.customer_id = c.id
            WHERE c.shard_key = $1 AND c.id = $2 AND c.tenant_id = $3""",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.")
    method = row["default_method_id"]
    return Customer(
        id,
        tenant,
        LegalEntityId(row["legal_entity_id"]),
        row["reference"],
        Currency(row["currency"]),
        row["time_zone"],
        row["locale"],
        PaymentMethodId(id.shard, method) if method else None,
        row["clock_at"],
        row["clock_target"],
        row["erased"],
    )


async def is_erased(db: Primary, id: CustomerId) -> bool:
    """Whether there was such a customer, whosever it was, and it was erased."""
    found = await db.fetchval(
        "SELECT 1 FROM customer_head WHERE shard_key = $1 AND customer_id = $2 AND erased_at IS NOT NULL",
        id.shard,
        id.uuid,
    )
    return found is not None


async def billing_person(db: Primary, tenant: TenantId, id: CustomerId) -> BillingPerson | None:
    """The customer's billing person, or None once it was erased."""
    row = await db.fetchrow(
        """SELECT p.name, p.email, p.address, p.country, p.region FROM billing_person p
             JOIN customer_head h ON h.shard_key = p.shard_key AND h.customer_id = p.customer_id
            WHERE p.shard_key = $1 AND p.customer_id = $2 AND h.tenant_id = $3""",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return BillingPerson(row["name"], row["email"], row["address"], row["country"], row["region"]) if row else None


async def find_by_reference(db: Primary, tenant: TenantId, reference: str) -> CustomerId | None:
    """The tenant's customer with that reference of its own, or None."""
    row = await db.fetchrow(
        "SELECT shard_key, customer_id FROM customer_directory WHERE reference_key = $1 AND tenant_id = $2",
        reference,
        tenant.uuid,
    )
    return CustomerId(row["shard_key"], row["customer_id"]) if row else None
