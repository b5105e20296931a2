"""To whom a notice goes: the billing person, or whom it is about."""

from dataclasses import dataclass, field

from domain.customers.customer import BillingPerson
from domain.customers.invitation import find_invitation, invitation_token
from domain.database import Database
from domain.ids import InvitationId
from domain.notices.kind import Kind
from domain.notices.notice import Notice


@dataclass(frozen=True, slots=True)
class Addressee:
    """A name to greet, an address as it was typed, and what the link of the letter ends with for this reader alone."""

    name: str
    email: str
    secret: str = field(default="", repr=False)


async def addressee(db: Database, of: Notice, person: BillingPerson) -> Addressee | None:
    """Whom the notice is for; None where that is nobody any more."""
    if of.kind is not Kind.MEMBER_INVITED:
        return Addressee(person.name, person.email)
    found = await find_invitation(db.primary, InvitationId(of.id.shard, of.subject))
    if found is None:
        return None
    # Behind #, which no server's log sees.
    return Addressee(found.email, found.email, f"#{invitation_token(db.vault, found.id, found.expires_at)}")
