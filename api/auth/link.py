"""Who comes by a link of an e-mail or of the support desk, without a sign-in."""

from typing import Final

from api.audience import Audience
from api.auth.principal import Principal
from api.errors import Code, Fault
from domain.actor import Actor
from domain.database import Database
from domain.links.link import open_link
from domain.portal_link import PREFIX

ISSUER: Final = "portal link"  # whose calls it is that are counted; no issuer of tokens has a space in its name


def is_link(token: str) -> bool:
    """Whether a bearer token is the text of a link."""
    return token.startswith(PREFIX)


async def who_came(db: Database, token: str, request_id: str) -> tuple[Principal, Actor]:
    """The caller, who may do the one thing; UNAUTHENTICATED for a text that was altered, and once it has expired."""
    link = await open_link(db, token)
    if link is None:
        raise Fault(Code.UNAUTHENTICATED, "This link is not valid, or has expired.")
    actor = link.caller(request_id)
    principal = Principal(
        kind=Audience.PORTAL, tenant=link.tenant, issuer=ISSUER, audience="portal", subject=actor.subject,
        client_id=None, scopes=frozenset(), roles=frozenset(), acr=None, auth_time=None, acting_staff=None,
        reason=None, issued_at=link.made_at, sign_in=None, until=link.expires_at,
    )  # fmt: skip
    return principal, actor
