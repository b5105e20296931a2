"""From a verified principal to somebody who is known here, with what the tenant lets it do."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from api.audience import Audience
from api.auth.directory import REMEMBERED, Directory
from api.auth.principal import Principal
from api.errors import Code, Fault
from domain.actor import Actor, Grant, acting, partner, portal, staff
from domain.customers.signed_in import SignedIn
from domain.database import Database
from domain.ids import CustomerId, CustomerUserId
from domain.refusals import Refused, StepUp
from domain.tenants.access import has_customer, is_partner, staff_role
from domain.tenants.tenant import home_of

ACTING_MOST: Final = timedelta(minutes=30)  # a call with a customer; a longer one begins anew, with its reason
LEEWAY: Final = timedelta(seconds=60)  # an issuer's own clock between two of its claims
ACTING_WRITERS: Final = frozenset({Grant.LEAD, Grant.ADMIN})  # who may be let change things in a customer's place


async def actor_of(
    db: Database, directory: Directory, principal: Principal, request_id: str, step_up: StepUp
) -> tuple[Actor, SignedIn | None]:  # fmt: skip
    """The actor, with what was read beside a portal user; FORBIDDEN for one nobody here knows or lets in any more."""
    if principal.acting_staff is not None:
        return await _acting(db, directory, principal, principal.acting_staff, request_id, step_up), None
    if principal.kind is Audience.PORTAL:
        found = await directory.find(principal.tenant, principal.issuer, principal.subject)
        if found is not None and _counts(principal, (login := found.login).tokens_from):
            return portal(principal.tenant, login.customer, _text(login.user), request_id, login.role), found
    elif principal.kind is Audience.STAFF:
        member = await _member(db, principal, principal.subject, request_id, step_up)
        if member is not None:
            return member, None
    elif principal.client_id and await is_partner(db.primary, principal.tenant, principal.client_id):
        home = await home_of(db.primary, principal.tenant)
        return partner(principal.tenant, home, principal.client_id, request_id), None
    raise _unknown()


async def _member(
    db: Database, principal: Principal, subject: str, request_id: str, step_up: StepUp
) -> Actor | None:  # fmt: skip
    known = await staff_role(db.primary, principal.tenant, principal.issuer, subject)
    if known is None or not _counts(principal, known.tokens_from):
        return None
    lacks = None if _is_sure(db, principal, step_up) else step_up
    return staff(principal.tenant, known.home, principal.issuer, subject, frozenset({known.role}), request_id, lacks)


async def _acting(
    db: Database, directory: Directory, principal: Principal, subject: str, request_id: str, step_up: StepUp
) -> Actor:  # fmt: skip
    member = await _member(db, principal, subject, request_id, step_up)
    customer = await _stood_for(db, directory, principal)
    if member is None or customer is None:
        raise _unknown()
    if principal.until - principal.issued_at > ACTING_MOST + LEEWAY:
        raise Fault(Code.FORBIDDEN, "Nobody acts for a customer for longer than 30 minutes at a time.")
    may_write = principal.may_write and bool(member.grants & ACTING_WRITERS)
    assert principal.reason is not None
    return acting(member, customer, principal.reason, may_write=may_write)


async def _stood_for(db: Database, directory: Directory, principal: Principal) -> CustomerId | None:
    """The customer that the subject names, by its own id or as one of its users."""
    found = await directory.find(principal.tenant, principal.issuer, principal.subject)
    if found is not None:
        return found.login.customer
    try:
        customer = CustomerId.parse(principal.subject)
    except Refused:
        return None
    return customer if await has_customer(db.primary, principal.tenant, customer) else None


def _is_sure(db: Database, principal: Principal, step_up: StepUp) -> bool:
    """Whether the person signed in as moving money asks for."""
    if principal.auth_time is None or principal.acr != step_up.level:
        return False
    return db.clock.now() - principal.auth_time <= step_up.max_age


def _counts(principal: Principal, tokens_from: datetime | None) -> bool:
    """Whether the token is of after the person was signed out everywhere, if it ever was; tokens tell whole seconds."""
    return tokens_from is None or principal.issued_at >= tokens_from.replace(microsecond=0)


@lru_cache(REMEMBERED)  # to print an id takes longer than all the rest that makes an actor
def _text(user: CustomerUserId) -> str:
    return str(user)


def _unknown() -> Fault:
    return Fault(Code.FORBIDDEN, "Nobody of that name is known here.")
