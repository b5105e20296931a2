"""Tenants, their legal entities and the allocation of shard keys."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId, LegalEntityId, TenantId
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Tenant:
    """A business that sells."""

    id: TenantId
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """Who issues invoices; ``house`` is the customer of kind house for what belongs to no customer.

    ``region`` is where in its country it sits; ``tax_rounding`` says where its tax is rounded: line or invoice.
    ``register_entry`` is the one in a public register, as documents print it, or nothing; documents are kept for
    ``retention_years`` after the year of their issue. ``promises`` are the years that were said, from when on each,
    oldest first.
    """

    id: LegalEntityId
    tenant: TenantId
    code: str
    name: str
    address: str
    country: str
    time_zone: str
    sandbox: bool
    house: CustomerId
    region: str
    tax_rounding: str
    register_entry: str
    retention_years: int
    promises: tuple[tuple[datetime, int], ...]


def house_uuid(slug: str, code: str) -> UUID:
    """The house customer of a legal entity, known before the entity exists: a version 8 UUID of its names."""
    raw = bytearray(hashlib.sha256(f"house:{slug}:{code}".encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


async def find_tenant(db: Primary, slug: str) -> Tenant | None:
    """The tenant of that slug."""
    row = await db.fetchrow("SELECT id, slug, name FROM tenant WHERE slug = $1", slug)
    return Tenant(TenantId(row["id"]), row["slug"], row["name"]) if row else None


async def legal_entities(db: Primary, tenant: TenantId) -> list[LegalEntity]:
    """The tenant's legal entities by code."""
    rows = await db.fetch(
        """SELECT id, tenant_id, code, name, address, country, time_zone, sandbox, home_shard_key, house_customer_id,
                  region, tax_rounding, register_entry, retention_years,
                  (SELECT coalesce(array_agg(p.recorded_at ORDER BY p.seq), '{}') FROM retention_promise p
                    WHERE p.legal_entity_id = legal_entity.id) AS promised_at,
                  (SELECT coalesce(array_agg(p.years ORDER BY p.seq), '{}') FROM retention_promise p
                    WHERE p.legal_entity_id = legal_entity.id) AS promised_years
             FROM legal_entity WHERE tenant_id = $1 ORDER BY code""",
        tenant.uuid,
    )
    return [
        LegalEntity(
            LegalEntityId(row["id"]),
            TenantId(row["tenant_id"]),
            row["code"],
            row["name"],
            row["address"],
            row["country"],
            row["time_zone"],
            row["sandbox"],
            CustomerId(row["home_shard_key"], row["house_customer_id"]),
            row["region"],
            row["tax_rounding"],
            row["register_entry"],
            row["retention_years"],
            tuple(zip(row["promised_at"], row["promised_years"], strict=True)),
        )
        for row in rows
    ]


async def legal_entity(db: Primary, tenant: TenantId, code: str) -> LegalEntity:
    """The tenant's legal entity of that code, else NOT_FOUND."""
    for entity in await legal_entities(db, tenant):
        if entity.code == code:
            return entity
    raise Refused(RefusalCode.NOT_FOUND, "There is no such legal entity.", ("legalEntity",))


async def home_of(db: Primary, tenant: TenantId) -> CustomerId:
    """The house customer under which the tenant's own operations run: that of its first live legal entity."""
    row = await db.fetchrow(
        """SELECT home_shard_key, house_customer_id FROM legal_entity
            WHERE tenant_id = $1 AND NOT sandbox ORDER BY code LIMIT 1""",
        tenant.uuid,
    )
    assert row is not None, "every tenant has a live legal entity"
    return CustomerId(row["home_shard_key"], row["house_customer_id"])


async def free_shard_key(db: Primary) -> int:
    """A shard key that no tenant has yet; a race for it is lost at the primary key, never shared."""
    value: int = await db.fetchval("SELECT coalesce(max(shard_key), 0) + 1 FROM tenant_shard_key")
    return value


async def shard_key_for(db: Primary, tenant: TenantId, customer: UUID) -> int:
    """The shard key a new customer gets for ever: spread evenly over the tenant's keys that accept new ones."""
    rows = await db.fetch(
        "SELECT shard_key FROM tenant_shard_key WHERE tenant_id = $1 AND accepts_new ORDER BY shard_key", tenant.uuid
    )
    keys: list[int] = [row["shard_key"] for row in rows]
    return keys[int.from_bytes(customer.bytes[-4:], "big") % len(keys)]


async def tenant_shard_keys(db: Primary, tenant: TenantId) -> list[int]:
    """The tenant's shard keys."""
    rows = await db.fetch("SELECT shard_key FROM tenant_shard_key WHERE tenant_id = $1 ORDER BY shard_key", tenant.uuid)
    return [row["shard_key"] for row in rows]
