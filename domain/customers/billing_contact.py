"""Billing contacts: who else gets a customer's letters about invoices or dunning, without a sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.actor import STAFF, Grant
from domain.db import Primary, Tx
from domain.ids import BillingContactId, CustomerId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import personal

MAX_CONTACTS: Final = 10  # a mail server takes each beside the letter's own reader, within the time of one job
_WHO: Final = STAFF | {Grant.SYSTEM, Grant.PORTAL}


class Topic(StrEnum):
    """What a contact hears of; the name stands in the database."""

    INVOICES = "invoices"
    DUNNING = "dunning"


@dataclass(frozen=True, slots=True)
class BillingContact:
    """A contact; personal data."""

    id: BillingContactId
    name: str = field(repr=False)
    email: str = field(repr=False)
    topics: tuple[Topic, ...]


async def billing_contacts(db: Primary, customer: CustomerId) -> list[BillingContact]:
    """The customer's contacts, the oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, name, email, topics FROM billing_contact
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY id LIMIT $3""",
        customer.shard, customer.uuid, MAX_CONTACTS,
    )  # fmt: skip
    return [
        BillingContact(
            BillingContactId(row["shard_key"], row["id"]), row["name"], row["email"],
            tuple(Topic(each) for each in row["topics"]),
        )
        for row in rows
    ]  # fmt: skip


async def invoice_email(db: Primary, customer: CustomerId) -> str | None:
    """Where the customer wants letters about invoices, if not where its billing person reads."""
    found: str | None = await db.fetchval(
        "SELECT invoice_email FROM billing_person WHERE shard_key = $1 AND customer_id = $2",
        customer.shard, customer.uuid,
    )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class SaveBillingContact:
    """A contact as it is from now on; ``contact`` None adds another one. Mail can go to the address."""

    contact: BillingContactId | None
    topics: tuple[Topic, ...]
    name: str = personal()
    email: str = personal()


@dataclass(frozen=True, slots=True)
class BillingContactSaved:
    """The contact."""

    contact: BillingContactId


@operation("customers.save_billing_contact", allowed=_WHO, function=PortalFunction.BILLING_DETAILS)
async def save_billing_contact(tx: Tx, command: SaveBillingContact) -> BillingContactSaved:
    """Holds from the next letter on. INVALID_INPUT for no topic or one twice; NOT_FOUND; ALREADY_EXISTS for another
    contact's address; STATE_CONFLICT for too many."""
    if not command.topics or len(set(command.topics)) < len(command.topics):
        raise Refused(RefusalCode.INVALID_INPUT, "Name one topic or both, each once.", ("topics",))
    others = [each for each in await billing_contacts(tx, tx.customer) if each.id != command.contact]
    if any(each.email.lower() == command.email.lower() for each in others):
        raise Refused(RefusalCode.ALREADY_EXISTS, "That address is a contact's already.", ("email",))
    if command.contact is None:
        return await _add(tx, command, others)
    changed = await tx.fetchval(
        """UPDATE billing_contact SET name = $4, email = $5, topics = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 RETURNING id""",
        tx.customer.shard, tx.customer.uuid, command.contact.uuid, command.name, command.email, sorted(command.topics),
    )  # fmt: skip
    if changed is None or command.contact.shard != tx.customer.shard:
        raise no_contact()
    return BillingContactSaved(command.contact)


async def _add(tx: Tx, command: SaveBillingContact, others: Sequence[BillingContact]) -> BillingContactSaved:
    if len(others) >= MAX_CONTACTS:
        raise Refused(RefusalCode.STATE_CONFLICT, f"There are at most {MAX_CONTACTS} contacts.", ("contactId",))
    id = tx.new_id(BillingContactId)
    await tx.execute(
        """INSERT INTO billing_contact (shard_key, id, tenant_id, customer_id, name, email, topics, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.name, command.email, sorted(command.topics),
        tx.recorded_at,
    )  # fmt: skip
    return BillingContactSaved(id)


@dataclass(frozen=True, slots=True)
class RemoveBillingContact:
    """A contact who is told nothing any more."""

    contact: BillingContactId


@operation("customers.remove_billing_contact", allowed=_WHO, function=PortalFunction.BILLING_DETAILS)
async def remove_billing_contact(tx: Tx, command: RemoveBillingContact) -> BillingContactSaved:
    """Nothing of the contact is kept. NOT_FOUND for another customer's."""
    gone = await tx.fetchval(
        "DELETE FROM billing_contact WHERE shard_key = $1 AND customer_id = $2 AND id = $3 RETURNING id",
        tx.customer.shard, tx.customer.uuid, command.contact.uuid,
    )  # fmt: skip
    if gone is None or command.contact.shard != tx.customer.shard:
        raise no_contact()
    return BillingContactSaved(command.contact)


def no_contact() -> Refused:
    """What is said of a contact that is not there, or not the customer's."""
    return Refused(RefusalCode.NOT_FOUND, "There is no such contact.", ("contactId",))
