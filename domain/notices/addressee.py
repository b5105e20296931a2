"""To whom a notice goes: the billing person and the contacts for its topic, or whom it is about."""

from dataclasses import dataclass, field
from typing import Final

from domain.customers.billing_contact import Topic, billing_contacts, invoice_email
from domain.customers.customer import BillingPerson
from domain.customers.invitation import find_invitation, invitation_token
from domain.database import Database
from domain.ids import InvitationId
from domain.notices.kind import OF_CASES, Kind
from domain.notices.notice import Notice

# What contacts hear of, by its topic; all else is for the customer itself.
TOPICS: Final = {
    **dict.fromkeys((Kind.INVOICE_ISSUED, Kind.RECEIPT, Kind.REFUND_SETTLED, Kind.REFUND_FAILED), Topic.INVOICES),
    **dict.fromkeys((*OF_CASES, Kind.PAYMENT_SHORT), Topic.DUNNING),
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """A name to greet, addresses as they were typed, and what the link of the letter ends with for this reader alone.

    ``copies`` go to who is told beside the reader, and greet the reader too.
    """

    name: str
    email: str
    copies: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)


async def addressee(db: Database, of: Notice, person: BillingPerson) -> Addressee | None:
    """Whom the notice is for; None where that is nobody any more."""
    if of.kind is not Kind.MEMBER_INVITED:
        return await _of_bills(db, of, person)
    found = await find_invitation(db.primary, InvitationId(of.id.shard, of.subject))
    if found is None:
        return None
    # Behind #, which no server's log sees.
    return Addressee(found.email, found.email, secret=f"#{invitation_token(db.vault, found.id, found.expires_at)}")


async def _of_bills(db: Database, of: Notice, person: BillingPerson) -> Addressee:
    topic = TOPICS.get(of.kind)
    if topic is None:
        return Addressee(person.name, person.email)
    own = await invoice_email(db.primary, of.customer) if topic is Topic.INVOICES else None
    reader = own or person.email
    told = [each.email for each in await billing_contacts(db.primary, of.customer) if topic in each.topics]
    return Addressee(person.name, reader, tuple(each for each in told if each.lower() != reader.lower()))
