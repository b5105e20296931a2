"""A tenant with its shard keys, a live and a sandbox legal entity, their houses, number series and dunning policy."""

import re
from dataclasses import dataclass
from uuid import UUID

from domain.actor import Grant
from domain.audit import GENESIS
from domain.countries import require_known_country
from domain.db import Head, Tx
from domain.ids import CustomerId, LegalEntityId, TenantId
from domain.operation import operation
from domain.period import UnknownZone, local_date, pin
from domain.refusals import RefusalCode, Refused
from domain.tenants.legal_details import DEFAULT_YEARS, promise, require_years
from domain.tenants.tenant import house_uuid
from domain.wire import added

RETRY_DAYS, SUSPEND_DAY, GIVE_UP_DAY = [2, 5, 9, 14], 14, 30  # the defaults of the requirements, part dunning
_SLUG, _CODE = re.compile(r"[a-z][a-z0-9-]{1,30}"), re.compile(r"[A-Z][A-Z0-9]{1,5}")
SANDBOX_SUFFIX = "TEST"  # seen in every document number of the sandbox entity, so that none is taken for real


@dataclass(frozen=True, slots=True)
class CreateTenant:
    """``code`` starts the numbers of the live entity's documents; ``keys`` are the tenant's shard keys.

    The entry in a public register and the years of retention are those of both legal entities.
    """

    slug: str
    name: str
    code: str
    address: str
    country: str
    time_zone: str
    keys: tuple[int, ...]
    register_entry: str = added("")
    retention_years: int = added(DEFAULT_YEARS)


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """The tenant, its live and its sandbox entity, and the house customer of each."""

    tenant: TenantId
    live: LegalEntityId
    live_house: CustomerId
    sandbox: LegalEntityId
    sandbox_house: CustomerId


@operation("tenants.create", allowed=frozenset({Grant.SYSTEM}), founding=True)
async def create_tenant(tx: Tx, command: CreateTenant) -> TenantCreated:
    """Runs under the live house, which it founds. ALREADY_EXISTS for a slug or shard key that is taken; INVALID_INPUT
    for a slug, code, country, zone or number of years that cannot be one."""
    _check(tx, command)
    tx.many_keys_reason = "a tenant's number series stand under each of its shard keys"
    home = command.keys[0]
    tenant = TenantId(tx.new_uuid())
    live, sandbox = LegalEntityId(tx.new_uuid()), LegalEntityId(tx.new_uuid())
    await _insert_tenant(tx, tenant, command)
    test_house = CustomerId(home, house_uuid(command.slug, command.code + SANDBOX_SUFFIX))
    for entity, code, house in (
        (live, command.code, tx.customer),
        (sandbox, command.code + SANDBOX_SUFFIX, test_house),
    ):
        await _insert_entity(tx, tenant, command, entity, code, house)
        await insert_head(tx, house, tenant, entity, "house")
        for key in command.keys:
            await _insert_series(tx, key, entity, code, many=len(command.keys) > 1)
    tx.hold(Head(tenant, live, "house", 0, 0, GENESIS, 0, None))
    return TenantCreated(tenant, live, tx.customer, sandbox, test_house)


def _check(tx: Tx, command: CreateTenant) -> None:
    for field, form, value in (("slug", _SLUG, command.slug), ("code", _CODE, command.code)):
        if not form.fullmatch(value):
            raise Refused(RefusalCode.INVALID_INPUT, f"{value!r:.40} is no {field} of a tenant.", (field,))
    require_known_country(command.country, "country")
    require_years(command.retention_years)
    try:
        local_date(pin(tx.now), command.time_zone)
    except UnknownZone as error:
        raise Refused(RefusalCode.INVALID_INPUT, "There is no such time zone.", ("timeZone",)) from error


async def _insert_tenant(tx: Tx, tenant: TenantId, command: CreateTenant) -> None:
    taken = await tx.fetchval(
        "INSERT INTO tenant (id, slug, name, recorded_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id",
        tenant.uuid, command.slug, command.name, tx.recorded_at,
    )  # fmt: skip
    if taken is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "There is a tenant of that name already.", ("slug",))
    for key in command.keys:
        taken = await tx.fetchval(
            """INSERT INTO tenant_shard_key (shard_key, tenant_id, accepts_new) VALUES ($1, $2, true)
               ON CONFLICT DO NOTHING RETURNING shard_key""",
            key, tenant.uuid,
        )  # fmt: skip
        if taken is None:
            raise Refused(RefusalCode.ALREADY_EXISTS, "That shard key belongs to another tenant.", ("keys",))
    await tx.execute(
        """INSERT INTO dunning_policy (tenant_id, retry_days, suspend_day, give_up_day, recorded_at)
           VALUES ($1, $2, $3, $4, $5)""",
        tenant.uuid, RETRY_DAYS, SUSPEND_DAY, GIVE_UP_DAY, tx.recorded_at,
    )  # fmt: skip


async def _insert_entity(
    tx: Tx, tenant: TenantId, command: CreateTenant, entity: LegalEntityId, code: str, house: CustomerId
) -> None:
    await tx.execute(
        """INSERT INTO legal_entity (id, tenant_id, code, name, address, country, time_zone, sandbox, home_shard_key,
               house_customer_id, register_entry, retention_years, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        entity.uuid, tenant.uuid, code, command.name, command.address, command.country, command.time_zone,
        code != command.code, house.shard, house.uuid, command.register_entry, command.retention_years, tx.recorded_at,
    )  # fmt: skip
    await promise(tx, entity, command.retention_years)


async def insert_head(
    tx: Tx, customer: CustomerId, tenant: TenantId, entity: LegalEntityId, kind: str, clock_at: object = None
) -> None:
    """The head row of a new customer, with all four counters at zero."""
    await tx.execute(
        """INSERT INTO customer_head (shard_key, customer_id, tenant_id, legal_entity_id, kind, ledger_number,
               audit_number, audit_hash, event_number, clock_at, clock_target)
           VALUES ($1, $2, $3, $4, $5, 0, 0, $6, 0, $7, $7)""",
        customer.shard, customer.uuid, tenant.uuid, entity.uuid, kind, GENESIS, clock_at,
    )  # fmt: skip


async def _insert_series(tx: Tx, key: int, entity: LegalEntityId, code: str, *, many: bool) -> None:
    """Each shard key has series of its own, told apart in the number where the tenant has several keys."""
    place = f"{code}-{key}" if many else code
    await tx.execute(
        """INSERT INTO number_series (shard_key, legal_entity_id, series, prefix, last_number)
           VALUES ($1, $2, 'invoice', $3, 0), ($1, $2, 'receipt', $4, 0), ($1, $2, 'credit_note', $5, 0)""",
        key, entity.uuid, place, f"{place}-R", f"{place}-C",
    )  # fmt: skip


def founding_house(slug: str, code: str, key: int) -> CustomerId:
    """The customer under which a tenant is created: the live house it will have."""
    return CustomerId(key, UUID(bytes=house_uuid(slug, code).bytes))
