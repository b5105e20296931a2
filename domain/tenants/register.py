"""Who may call for a tenant: its token issuers, staff members and partner clients."""

from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Tx
from domain.operation import operation

_ADMINS = frozenset({Grant.SYSTEM, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class TrustIssuer:
    """Tokens of this issuer and audience are believed for the tenant's surface: portal, staff or partner."""

    issuer: str
    audience: str
    surface: str
    jwks_uri: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """What was registered, by its own name."""

    name: str


@operation("tenants.trust_issuer", allowed=frozenset({Grant.SYSTEM}))
async def trust_issuer(tx: Tx, command: TrustIssuer) -> Registered:
    """Adds an issuer; registering the same one again changes nothing."""
    await tx.execute(
        """INSERT INTO token_issuer (issuer, audience, tenant_id, surface, jwks_uri, algorithms)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        command.issuer, command.audience, tx.head.tenant.uuid, command.surface, command.jwks_uri,
        list(command.algorithms),
    )  # fmt: skip
    return Registered(command.audience)


@dataclass(frozen=True, slots=True)
class RegisterStaff:
    """A staff member by issuer and subject, with one role."""

    issuer: str
    subject: str
    role: Grant


@operation("tenants.register_staff", allowed=_ADMINS)
async def register_staff(tx: Tx, command: RegisterStaff) -> Registered:
    """Gives the role, or changes it; the role in the token alone gives nothing."""
    await tx.execute(
        """INSERT INTO staff_member (tenant_id, issuer, subject, role, active, recorded_at)
           VALUES ($1, $2, $3, $4, true, $5)
           ON CONFLICT (tenant_id, issuer, subject) DO UPDATE SET role = EXCLUDED.role, active = true""",
        tx.head.tenant.uuid, command.issuer, command.subject, command.role.value, tx.recorded_at,
    )  # fmt: skip
    return Registered(command.subject)


@dataclass(frozen=True, slots=True)
class RegisterPartner:
    """A partner's client id and display name."""

    client_id: str
    name: str


@operation("tenants.register_partner", allowed=_ADMINS)
async def register_partner(tx: Tx, command: RegisterPartner) -> Registered:
    """Lets a partner's client in; registering it again lets it in again."""
    await tx.execute(
        """INSERT INTO partner_client (tenant_id, client_id, name, active, recorded_at) VALUES ($1, $2, $3, true, $4)
           ON CONFLICT (tenant_id, client_id) DO UPDATE SET active = true""",
        tx.head.tenant.uuid, command.client_id, command.name, tx.recorded_at,
    )  # fmt: skip
    return Registered(command.client_id)
