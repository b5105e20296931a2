"""Look-ups behind a verified token: whom it belongs to here. All read on the primary, so that a revocation counts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.db import Autocommit, Primary
from domain.ids import CustomerId, CustomerUserId, TenantId
from domain.member_role import MemberRole


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer row: for which tenant and surface its tokens are believed, and how they are verified."""

    issuer: str
    audience: str
    tenant: TenantId
    surface: str
    jwks_uri: str
    algorithms: tuple[str, ...]


async def trusted_issuer(db: Primary, issuer: str, audience: str) -> TrustedIssuer | None:
    """The issuer row for a token's unverified issuer and audience, or None."""
    row = await db.fetchrow(
        """SELECT issuer, audience, tenant_id, surface, jwks_uri, algorithms FROM token_issuer
            WHERE issuer = $1 AND audience = $2""",
        issuer,
        audience,
    )
    if row is None:
        return None
    return TrustedIssuer(
        row["issuer"],
        row["audience"],
        TenantId(row["tenant_id"]),
        row["surface"],
        row["jwks_uri"],
        tuple(row["algorithms"]),
    )


async def staff_issuers(db: Primary, tenant: TenantId) -> list[str]:
    """The issuers whose tokens are believed of the tenant's staff, each once."""
    rows = await db.fetch(
        "SELECT DISTINCT issuer FROM token_issuer WHERE tenant_id = $1 AND surface = 'staff' ORDER BY issuer",
        tenant.uuid,
    )
    return [row["issuer"] for row in rows]


def login_key(issuer: str, subject: str) -> str:
    """The directory's key for a login: a hash, so that no identity stands in the directory."""
    return hashlib.sha256(f"{issuer}\x00{subject}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Login:
    """The customer that a portal user belongs to, the user, and what it is there."""

    customer: CustomerId
    user: CustomerUserId
    tokens_from: datetime | None
    role: MemberRole


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A row of the directory: the key, and the tenant whose it is."""

    key: str
    tenant: TenantId


@dataclass(frozen=True, slots=True)
class Listed:
    """What the directory says of a login: whose it is. Whether it still counts stands with the customer."""

    customer: CustomerId
    user: CustomerUserId


async def listed_login(db: Primary, tenant: TenantId, issuer: str, subject: str) -> Listed | None:
    """Whose user this subject is at the tenant, active or not, or None."""
    row = await db.fetchrow(
        """SELECT shard_key, customer_id, user_id FROM login_directory WHERE login_key = $1 AND tenant_id = $2""",
        login_key(issuer, subject),
        tenant.uuid,
    )
    if row is None:
        return None
    return Listed(CustomerId(row["shard_key"], row["customer_id"]), CustomerUserId(row["shard_key"], row["user_id"]))


async def find_login(db: Primary, tenant: TenantId, issuer: str, subject: str) -> Login | None:
    """Whose active user this subject is at the tenant, or None."""
    listed = await listed_login(db, tenant, issuer, subject)
    return None if listed is None else await active_login(db, listed)


async def free_login(marks: Autocommit, customer: CustomerId, login: LoginRow) -> None:
    """Lets anybody take the login again; one that somebody else took meanwhile stays."""
    await marks.execute(
        "DELETE FROM login_directory WHERE login_key = $1 AND tenant_id = $2 AND shard_key = $3 AND customer_id = $4",
        login.key,
        login.tenant.uuid,
        customer.shard,
        customer.uuid,
    )


async def active_login(db: Primary, listed: Listed) -> Login | None:
    """The login of a user that may still sign in; the directory, which stands elsewhere, cannot tell."""
    customer, user = listed.customer, listed.user
    row = await db.fetchrow(
        """SELECT tokens_from, role FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND active""",
        customer.shard,
        customer.uuid,
        user.uuid,
    )
    return None if row is None else Login(customer, user, row["tokens_from"], MemberRole(row["role"]))


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff: its role, from when on its tokens count if it was signed out everywhere, and the tenant's
    house, under which it works."""

    role: Grant
    tokens_from: datetime | None
    home: CustomerId


async def staff_role(db: Primary, tenant: TenantId, issuer: str, subject: str) -> Member | None:
    """What the tenant knows of this subject, or None."""
    row = await db.fetchrow(
        """SELECT m.role, m.tokens_from, h.home_shard_key, h.house_customer_id
             FROM staff_member m
             JOIN LATERAL (SELECT home_shard_key, house_customer_id FROM legal_entity
                            WHERE tenant_id = $1 AND NOT sandbox ORDER BY code LIMIT 1) AS h ON true
            WHERE m.tenant_id = $1 AND m.issuer = $2 AND m.subject = $3 AND m.active""",
        tenant.uuid,
        issuer,
        subject,
    )
    if row is None:
        return None
    home = CustomerId(row["home_shard_key"], row["house_customer_id"])
    return Member(Grant(row["role"]), row["tokens_from"], home)


async def has_customer(db: Primary, tenant: TenantId, customer: CustomerId) -> bool:
    """Whether that is a customer of the tenant's, and not one of its houses."""
    found = await db.fetchval(
        """SELECT customer_id FROM customer_head
            WHERE shard_key = $1 AND customer_id = $2 AND tenant_id = $3 AND kind <> 'house'""",
        customer.shard,
        customer.uuid,
        tenant.uuid,
    )
    return found is not None


async def is_partner(db: Primary, tenant: TenantId, client_id: str) -> bool:
    """Whether the tenant lets this client in."""
    found = await db.fetchval(
        "SELECT client_id FROM partner_client WHERE tenant_id = $1 AND client_id = $2 AND active",
        tenant.uuid,
        client_id,
    )
    return found is not None


async def partner_name(db: Primary, tenant: TenantId, client_id: str) -> str:
    """The display name of a client that is let in."""
    name: str = await db.fetchval(
        "SELECT name FROM partner_client WHERE tenant_id = $1 AND client_id = $2 AND active", tenant.uuid, client_id
    )
    return name
