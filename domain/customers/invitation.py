"""Invitations to a customer's account: signed, expiring, of one use. Who has the text, and signs in, becomes a member.

The text says an id of ours and when it expires, and nothing of anybody; the same row always gives the same text.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.actor import Actor, Grant
from domain.db import Primary, Row
from domain.ids import CustomerId, InvitationId, TenantId
from domain.member_role import MemberRole
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault

PREFIX: Final = "qinvite_"  # by which leaked ones are found in logs and repositories
_SIGNED_FOR: Final = "member invitation"
_FORM: Final = re.compile(rf"{PREFIX}(invitation_[0-9a-z]{{32}})\.([0-9]{{1,11}})\.([0-9a-f]{{64}})")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that nobody accepted or took back; ``expires_at`` counts in whole seconds of wall time."""

    id: InvitationId
    customer: CustomerId
    tenant: TenantId
    email: str = field(repr=False)
    role: MemberRole
    expires_at: datetime
    made_at: datetime

    def guest(self, request_id: str) -> Actor:
        """Who accepts it: nobody that is known here yet, so it reaches this customer alone."""
        return Actor(
            f"invitation:{self.id}", str(self.id), frozenset({Grant.SYSTEM}), self.tenant, self.customer,
            self.customer, request_id=request_id,
        )  # fmt: skip


def invitation_token(vault: Vault, id: InvitationId, expires_at: datetime) -> str:
    """The text of an invitation."""
    body = f"{id}.{int(expires_at.timestamp())}"
    return f"{PREFIX}{body}.{vault.token(_SIGNED_FOR, body)}"


def invitation_of(vault: Vault, token: str) -> InvitationId | None:
    """Which invitation a text is; None for a text that we did not sign."""
    read = _FORM.fullmatch(token)
    if read is None or not hmac.compare_digest(read[3], vault.token(_SIGNED_FOR, f"{read[1]}.{read[2]}")):
        return None
    return InvitationId.parse(read[1])


def _of(row: Row) -> Invitation:
    shard = row["shard_key"]
    return Invitation(
        InvitationId(shard, row["id"]), CustomerId(shard, row["customer_id"]), TenantId(row["tenant_id"]),
        row["email"], MemberRole(row["role"]), row["expires_at"], row["recorded_at"],
    )  # fmt: skip


async def open_invitations(db: Primary, customer: CustomerId) -> list[Invitation]:
    """Those nobody accepted or took back, expired ones too, the oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, tenant_id, email, role, expires_at, recorded_at FROM member_invitation
            WHERE shard_key = $1 AND customer_id = $2 AND email IS NOT NULL ORDER BY recorded_at, id LIMIT 100""",
        customer.shard, customer.uuid,
    )  # fmt: skip
    return [_of(row) for row in rows]


async def find_invitation(db: Primary, id: InvitationId) -> Invitation | None:
    """The open invitation of that id, whosever it is; None where there is none."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, tenant_id, email, role, expires_at, recorded_at FROM member_invitation
            WHERE shard_key = $1 AND id = $2 AND email IS NOT NULL""",
        id.shard, id.uuid,
    )  # fmt: skip
    return _of(row) if row else None


async def open_invitation(db: Primary, customer: CustomerId, id: InvitationId) -> Invitation:
    """The customer's open invitation of that id, else NOT_FOUND."""
    found = await find_invitation(db, id) if id.shard == customer.shard else None
    if found is None or found.customer != customer:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such invitation.", ("invitationId",))
    return found
