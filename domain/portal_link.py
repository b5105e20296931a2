"""Links that do one thing for one customer without a sign-in: signed, expiring, and of one use.

A link's text says an id of ours and when it expires, and nothing of anybody; what it is for stands in its row. The
same row always gives the same text, so that it never has to be stored.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from domain.ids import EntityId, InvoiceId, PortalLinkId, SubscriptionId
from domain.vault import Vault

PREFIX = "qlink_"  # by which leaked ones are found in logs and repositories
_SIZE = 4 + 16 + 8  # bytes: shard key, UUID, seconds since 1970
_SIGNED_FOR = "portal link"


class LinkPurpose(StrEnum):
    """What a link does; the name stands in the database."""

    CHANGE_PLAN = "change_plan"
    UPDATE_CARD = "update_card"
    PAY_INVOICE = "pay_invoice"
    CANCEL = "cancel"


# The operations of which a link of the purpose may perform one, and the field of their commands that names its subject.
OPENS: dict[LinkPurpose, tuple[frozenset[str], str | None]] = {
    LinkPurpose.CHANGE_PLAN: (frozenset({"subscriptions.change_plan"}), "subscription"),
    LinkPurpose.UPDATE_CARD: (frozenset({"payments.store_method"}), None),
    LinkPurpose.PAY_INVOICE: (frozenset({"payments.pay_invoice"}), "invoice"),
    LinkPurpose.CANCEL: (
        frozenset({"subscriptions.cancel", "subscriptions.accept_retention_offer"}),
        "subscription",
    ),
}


@dataclass(frozen=True, slots=True)
class LinkScope:
    """All that the caller of a link may do: its purpose, about its subject."""

    id: PortalLinkId
    purpose: LinkPurpose
    invoice: InvoiceId | None
    subscription: SubscriptionId | None

    @property
    def subject(self) -> EntityId | None:
        """What the link is about; None for one that is about the customer itself."""
        return self.invoice or self.subscription


def link_token(vault: Vault, id: PortalLinkId, expires_at: datetime) -> str:
    """The text of a link; ``expires_at`` counts in whole seconds."""
    return PREFIX + signed(vault, _SIGNED_FOR, id, expires_at)


def signed(vault: Vault, use: str, id: EntityId, expires_at: datetime) -> str:
    """A text that says an id and when it expires, in whole seconds, and that nobody else can make for that use."""
    raw = id.shard.to_bytes(4, "big") + id.uuid.bytes + int(expires_at.timestamp()).to_bytes(8, "big")
    body = urlsafe_b64encode(raw).rstrip(b"=").decode()
    return f"{body}.{vault.token(use, body)}"


def link_of(vault: Vault, token: str) -> tuple[PortalLinkId, datetime] | None:
    """Which link a text is, and when it expires; None for a text that we did not sign."""
    read = signed_of(vault, _SIGNED_FOR, token.removeprefix(PREFIX))
    return (PortalLinkId(read[0], read[1]), read[2]) if read else None


def signed_of(vault: Vault, use: str, text: str) -> tuple[int, UUID, datetime] | None:
    """The shard key and UUID of a text that we signed for that use, and when it expires; None for any other text."""
    body, _, mark = text.partition(".")
    if not text.isascii() or not hmac.compare_digest(mark, vault.token(use, body)):
        return None
    try:
        raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (ValueError, binascii.Error):
        return None
    if len(raw) != _SIZE:
        return None
    expires_at = datetime.fromtimestamp(int.from_bytes(raw[20:], "big"), UTC)
    return int.from_bytes(raw[:4], "big"), UUID(bytes=raw[4:20]), expires_at


def token_hash(token: str) -> str:
    """What is stored of a link's text."""
    return sha256(token.encode()).hexdigest()
