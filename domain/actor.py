"""Who performs an operation, and what that kind of actor may do."""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from domain.ids import CustomerId, TenantId
from domain.member_role import MemberRole
from domain.portal_link import LinkScope
from domain.refusals import StepUp


class Grant(StrEnum):
    """A kind of caller or a staff role; an operation lists those that may perform it."""

    PORTAL = "portal"
    PARTNER = "partner"
    SYSTEM = "system"
    SUPPORT = "support"
    LEAD = "lead"
    FINANCE = "finance"
    ADMIN = "admin"


MARK_LENGTH = 12  # hex digits: 48 bits tell the few issuers of a tenant apart, and a person still reads the line
_PORTAL = frozenset({Grant.PORTAL})
STAFF = frozenset({Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN})


@dataclass(frozen=True, slots=True)
class Actor:
    """A verified caller.

    ``scope`` separates keys: ``portal`` for all users of a customer, a partner's client id, a staff member's subject
    with the mark of who vouches for it, or ``system``. ``customer`` is the only customer a portal actor reaches;
    ``tenant`` bounds everybody but the system. ``home`` is where its refusals are logged: its own customer, or the
    house customer of its tenant. ``step_up`` is the sign-in that a member of staff lacks to move money or destroy
    data; one that acts for a customer and ``only_looks`` performs nothing. Who comes by a ``link`` may do what that
    is for. ``member`` is what a user is in its customer's account; nobody else has it.
    """

    scope: str
    subject: str
    grants: frozenset[Grant]
    tenant: TenantId | None
    customer: CustomerId | None
    home: CustomerId | None
    on_behalf_of: str | None = None
    reason: str | None = None
    request_id: str = ""
    step_up: StepUp | None = None
    only_looks: bool = False
    link: LinkScope | None = None
    member: MemberRole | None = None

    def reaches(self, tenant: TenantId, customer: CustomerId) -> bool:
        """Whether rows of this customer exist for the actor at all."""
        if self.tenant is not None and self.tenant != tenant:
            return False
        return self.customer is None or self.customer == customer


def is_same_person(one: str, other: str) -> bool:
    """Whether two scopes may be one person: an issuer's alice may well be another issuer's, and decides nothing alone.

    To keep two people of one name apart is the tenant's, by the subjects it registers.
    """
    return _named(one) == _named(other)


def _named(scope: str) -> str:
    return scope.rpartition("@")[0] or scope


def system(request_id: str) -> Actor:
    """The house itself: jobs, webhooks and the relay."""
    return Actor("system", "system", frozenset({Grant.SYSTEM}), None, None, None, request_id=request_id)


def portal(
    tenant: TenantId, customer: CustomerId, subject: str, request_id: str, member: MemberRole = MemberRole.OWNER
) -> Actor:
    """A user of a customer."""
    return Actor("portal", subject, _PORTAL, tenant, customer, customer, request_id=request_id, member=member)


def staff(
    tenant: TenantId, home: CustomerId, issuer: str, subject: str, roles: frozenset[Grant], request_id: str,
    step_up: StepUp | None = None,
) -> Actor:  # fmt: skip
    """A member of a tenant's staff, with the roles its tenant gave it; ``staff:alice@1f0c9a52be07`` in the trail.

    What follows the last @ is a mark of the issuer, since two issuers may each have an alice.
    """
    scope = staff_scope(issuer, subject)
    return Actor(scope, subject, roles & STAFF, tenant, None, home, request_id=request_id, step_up=step_up)


def staff_scope(issuer: str, subject: str) -> str:
    """How a member of staff is named in keys and in the trail."""
    return f"staff:{subject}@{sha256(issuer.encode()).hexdigest()[:MARK_LENGTH]}"


def acting(member: Actor, customer: CustomerId, reason: str, *, may_write: bool) -> Actor:
    """A member of staff in the place of a customer's users: it reaches that customer alone, and does what they may.

    Its keys are its own, its refusals are logged at its tenant, and the trail names it, the customer and the reason.
    """
    return replace(
        member, grants=frozenset({Grant.PORTAL}), customer=customer, on_behalf_of=str(customer), reason=reason,
        only_looks=not may_write,
    )  # fmt: skip


def partner(tenant: TenantId, home: CustomerId, client_id: str, request_id: str) -> Actor:
    """A partner's client of a tenant."""
    grants = frozenset({Grant.PARTNER})
    return Actor(f"partner:{client_id}", client_id, grants, tenant, None, home, request_id=request_id)
