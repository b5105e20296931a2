"""Making a link that does one thing for a customer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import STAFF, Grant
from domain.db import Tx
from domain.ids import InvoiceId, PortalLinkId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.portal_link import OPENS, LinkPurpose, link_token, token_hash
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.subscription import subscription

LONGEST = timedelta(days=7)  # an e-mail is read within a week; who reads it later signs in


@dataclass(frozen=True, slots=True)
class CreatePortalLink:
    """A link of that purpose about the customer's invoice or subscription, as the purpose asks for."""

    purpose: LinkPurpose
    invoice: InvoiceId | None
    subscription: SubscriptionId | None
    minutes: int


@dataclass(frozen=True, slots=True)
class PortalLinkCreated:
    """The link; its text is made from these two."""

    link: PortalLinkId
    expires_at: datetime


@operation("links.create", allowed=STAFF | {Grant.SYSTEM, Grant.PARTNER}, begins=True)
async def create_portal_link(tx: Tx, command: CreatePortalLink) -> PortalLinkCreated:
    """INVALID_INPUT for a time that is not 1 minute to LONGEST, and for a subject that the purpose does not ask for;
    NOT_FOUND for one that is not the customer's."""
    if not timedelta(minutes=1) <= (lasts := timedelta(minutes=command.minutes)) <= LONGEST:
        message = f"A link lasts 1 minute to {LONGEST.days} days."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("expiresInMinutes",))
    await _require_subject(tx, command)
    id = tx.new_id(PortalLinkId)
    expires_at = (tx.recorded_at + lasts).replace(microsecond=0)
    await tx.execute(
        """INSERT INTO portal_link (shard_key, id, tenant_id, customer_id, purpose, invoice_id, subscription_id,
               token_hash, expires_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.purpose.value,
        command.invoice.uuid if command.invoice else None,
        command.subscription.uuid if command.subscription else None,
        token_hash(link_token(tx.vault, id, expires_at)), expires_at, tx.recorded_at,
    )  # fmt: skip
    return PortalLinkCreated(id, expires_at)


async def _require_subject(tx: Tx, command: CreatePortalLink) -> None:
    wanted = OPENS[command.purpose][1]
    for name, given in (("invoice", command.invoice), ("subscription", command.subscription)):
        if (given is not None) != (name == wanted):
            message = f"A link of this purpose names {f'one {wanted}' if wanted else 'nothing'}."
            raise Refused(RefusalCode.INVALID_INPUT, message, (f"{name}Id",))
    if command.invoice is not None:
        await invoice(tx, tx.customer, command.invoice)
    if command.subscription is not None:
        await subscription(tx, tx.customer, command.subscription)
