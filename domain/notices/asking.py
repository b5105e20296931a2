"""Links in letters: what a notice asks for can be done by who reads it, without a sign-in.

A link is made when the letter is written, under a key of the notice's own: each try writes the same one, and its text
stands in the letter alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from domain.actor import Actor
from domain.database import Database
from domain.ids import InvoiceId, SubscriptionId
from domain.links.create import LONGEST, CreatePortalLink, create_portal_link
from domain.links.link import portal_origin
from domain.notices.news import Ask
from domain.notices.notice import Notice
from domain.perform import perform
from domain.portal_function import PortalFunction, switched_off
from domain.portal_link import LinkPurpose, link_token

_MINUTES: Final = LONGEST // timedelta(minutes=1)  # who reads an e-mail after a week signs in
_FUNCTIONS: Final = {
    LinkPurpose.CHANGE_PLAN: PortalFunction.CHANGE_PLAN,
    LinkPurpose.UPDATE_CARD: PortalFunction.UPDATE_CARD,
    LinkPurpose.PAY_INVOICE: PortalFunction.PAY_INVOICE,
    LinkPurpose.CANCEL: PortalFunction.CANCEL,
}


async def links_for(db: Database, actor: Actor, of: Notice, asks: Sequence[Ask]) -> list[tuple[LinkPurpose, str]]:
    """An address for each, in their order; none where the tenant has no portal, or has switched that off in it."""
    origin = await portal_origin(db.primary, of.tenant) if asks else None
    if origin is None:
        return []
    off = await switched_off(db.primary, of.tenant)
    return [
        (ask.purpose, f"{origin}/link#{await _token(db, actor, of, ask)}")
        for ask in asks
        if _FUNCTIONS[ask.purpose] not in off
    ]


async def _token(db: Database, actor: Actor, of: Notice, ask: Ask) -> str:
    invoice = ask.subject if isinstance(ask.subject, InvoiceId) else None
    subscription = ask.subject if isinstance(ask.subject, SubscriptionId) else None
    command = CreatePortalLink(ask.purpose, invoice, subscription, _MINUTES)
    key = f"notice:{of.id}:link:{ask.purpose.value}"
    made = (await perform(db, create_portal_link, actor, of.customer, command, key)).outcome
    return link_token(db.vault, made.link, made.expires_at)
