"""What a page is told about the session it has."""

from datetime import UTC, datetime
from typing import Any

from api.auth.principal import Principal
from domain.actor import Actor
from domain.tenants.session import Session


def person_of(actor: Actor) -> str:
    """Whose sessions an actor's are: a user's id, or the scope of a member of staff."""
    return actor.subject if actor.scope == "portal" else actor.scope


def described(session: Session, principal: Principal, actor: Actor) -> dict[str, Any]:
    """The answer of /session/{surface} for somebody who is signed in."""
    acting = principal.acting_staff is not None
    return {
        "surface": session.surface,
        "signedIn": True,
        "subject": principal.acting_staff if acting else actor.subject,
        "roles": [] if actor.customer else sorted(grant.value for grant in actor.grants),
        "customerId": str(actor.customer) if actor.customer else None,
        "signedInAt": _told(principal.auth_time or session.began_at),
        "assurance": principal.acr,
        "expiresAt": _told(session.ends_at),
        "idleUntil": _told(session.idle_until),
        "loginUrl": f"/login/{session.surface}",
        "logoutUrl": f"/logout/{session.surface}",
        "acting": _acting(session, principal, actor) if acting else None,
    }


def _acting(session: Session, principal: Principal, actor: Actor) -> dict[str, Any]:
    return {
        "customerId": str(actor.customer),
        "staff": principal.acting_staff,
        "reason": principal.reason,
        "until": _told(session.ends_at),
        "mayWrite": not actor.only_looks,
    }


def _told(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
