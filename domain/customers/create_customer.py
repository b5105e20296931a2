"""Sign-up: a customer with its head, accounts, billing person and first user, under the house of its legal entity."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.actor import Grant
from domain.countries import require_known_country, require_region
from domain.customers.place_and_time import clock_instant, require_zone
from domain.db import Tx
from domain.ids import CustomerId, CustomerUserId, LegalEntityId
from domain.ledger.account import open_accounts
from domain.member_role import MemberRole
from domain.money import Currency
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.access import login_key
from domain.tenants.create_tenant import insert_head
from domain.tenants.tenant import shard_key_for
from domain.wire import PERSONAL, added, personal


@dataclass(frozen=True, slots=True)
class CreateCustomer:
    """``reference`` is the tenant's own name for the customer; ``clock_at`` puts a sandbox customer on a test clock.

    The reference, and what the identity provider calls the login, are nobody else's: erasing takes them away too.
    """

    reference: str = field(metadata=PERSONAL)
    currency: Currency
    time_zone: str
    locale: str
    country: str
    clock_at: datetime | None
    issuer: str | None
    subject: str | None = field(metadata=PERSONAL)
    name: str = personal()
    email: str = personal()
    address: str = personal()
    region: str = added("")


@dataclass(frozen=True, slots=True)
class CustomerCreated:
    """The new customer, and its first user where a login was given."""

    customer: CustomerId
    user: CustomerUserId | None


@operation("customers.create", allowed=frozenset({Grant.SYSTEM, Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}))
async def create_customer(tx: Tx, command: CreateCustomer) -> CustomerCreated:
    """ALREADY_EXISTS for a reference or login that is taken; INVALID_INPUT for a zone, country, region or clock."""
    tx.many_keys_reason = "sign-up writes the new customer under its own shard key and the house under its home"
    entity = tx.head.legal_entity
    await _check(tx, command, entity)
    new = tx.new_uuid()
    customer = CustomerId(await shard_key_for(tx, tx.head.tenant, new), new)
    await _insert_directory(tx, customer, command.reference)
    clock_at = clock_instant(command.clock_at, "clockAt") if command.clock_at else None
    await insert_head(tx, customer, tx.head.tenant, entity, "person", clock_at)
    await _insert_customer(tx, customer, entity, command)
    await open_accounts(tx, customer, command.currency)
    user = None
    if command.issuer is not None and command.subject is not None:
        user = await insert_user(tx, customer, command.issuer, command.subject)
    return CustomerCreated(customer, user)


async def _check(tx: Tx, command: CreateCustomer, entity: LegalEntityId) -> None:
    require_zone(command.time_zone)
    require_known_country(command.country, "country")
    require_region(command.country, command.region, "region")
    if command.clock_at is None:
        return
    sandbox = await tx.fetchval("SELECT sandbox FROM legal_entity WHERE id = $1", entity.uuid)
    if not sandbox:
        raise Refused(RefusalCode.INVALID_INPUT, "Only sandbox customers sit on a test clock.", ("clockAt",))


async def _insert_directory(tx: Tx, customer: CustomerId, reference: str) -> None:
    taken = await tx.fetchval(
        """INSERT INTO customer_directory (reference_key, tenant_id, shard_key, customer_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING customer_id""",
        reference, tx.head.tenant.uuid, customer.shard, customer.uuid,
    )  # fmt: skip
    if taken is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "That reference is taken.", ("reference",))


async def _insert_customer(tx: Tx, customer: CustomerId, entity: LegalEntityId, command: CreateCustomer) -> None:
    await tx.execute(
        """INSERT INTO customer (shard_key, id, tenant_id, legal_entity_id, reference, currency, time_zone, locale,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        customer.shard, customer.uuid, tx.head.tenant.uuid, entity.uuid, command.reference, str(command.currency),
        command.time_zone, command.locale, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        """INSERT INTO billing_person (shard_key, customer_id, name, email, address, country, region, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        customer.shard, customer.uuid, command.name, command.email, command.address, command.country, command.region,
        tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO sealing_key (shard_key, customer_id, wrapped, recorded_at) VALUES ($1, $2, $3, $4)",
        customer.shard, customer.uuid, tx.vault.new_key(tx.entropy), tx.recorded_at,
    )  # fmt: skip


async def insert_user(
    tx: Tx, customer: CustomerId, issuer: str, subject: str, role: MemberRole = MemberRole.OWNER,
    email: str | None = None,
) -> CustomerUserId:  # fmt: skip
    """A user of the customer and its directory row; a login that belongs to somebody here is ALREADY_EXISTS."""
    user, login = tx.new_id(CustomerUserId, customer.shard), login_key(issuer, subject)
    await _free_of_removed(tx, login)
    taken = await tx.fetchval(
        """INSERT INTO login_directory (login_key, tenant_id, shard_key, customer_id, user_id, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING user_id""",
        login, tx.head.tenant.uuid, customer.shard, customer.uuid, user.uuid, tx.recorded_at,
    )  # fmt: skip
    if taken is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "That login belongs to a customer already.", ("subject",))
    await tx.execute(
        """INSERT INTO customer_user (shard_key, id, customer_id, active, role, email, recorded_at)
           VALUES ($1, $2, $3, true, $4, $5, $6)""",
        customer.shard, user.uuid, customer.uuid, role.value, email, tx.recorded_at,
    )  # fmt: skip
    return user


async def _free_of_removed(tx: Tx, login: str) -> None:
    """Lets a login go that was somebody's who was removed from its account."""
    row = await tx.fetchrow(
        "SELECT shard_key, customer_id, user_id FROM login_directory WHERE login_key = $1 AND tenant_id = $2",
        login, tx.head.tenant.uuid,
    )  # fmt: skip
    if row is None:
        return
    active = await tx.fetchval(
        "SELECT active FROM customer_user WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        row["shard_key"], row["customer_id"], row["user_id"],
    )  # fmt: skip
    if active is False:
        await tx.execute(
            "DELETE FROM login_directory WHERE login_key = $1 AND tenant_id = $2 AND user_id = $3",
            login, tx.head.tenant.uuid, row["user_id"],
        )  # fmt: skip
