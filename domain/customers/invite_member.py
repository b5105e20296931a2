"""Inviting somebody into a customer's account, taking that back, and accepting it by signing in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from domain.actor import Grant
from domain.customers.create_customer import insert_user
from domain.customers.invitation import find_invitation, open_invitation
from domain.customers.member import MAX_MEMBERS, require_rank
from domain.db import Tx
from domain.ids import CustomerUserId, InvitationId
from domain.member_role import RIGHTS, MemberRole, Right
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.wire import PERSONAL, personal

LASTS: Final = timedelta(days=7)  # an e-mail is read within a week; who reads it later asks for another one
MOST_A_DAY: Final = 30  # of one account, so that nobody floods strangers' mailboxes in the seller's name
# Who can be made an owner can pay, cancel and lock others out: one of staff who may write in a customer's place.
GIVERS: Final = frozenset({Grant.SYSTEM, Grant.PORTAL, Grant.LEAD, Grant.ADMIN})
# Finance is about money; taking access away is for all who talk with customers.
MENDERS: Final = GIVERS | {Grant.SUPPORT}


@dataclass(frozen=True, slots=True)
class InviteMember:
    """Whom, at an address that mail can go to, and what it is to be in the account."""

    role: MemberRole
    email: str = personal()


@dataclass(frozen=True, slots=True)
class MemberInvited:
    """The invitation, and until when it can be accepted."""

    invitation: InvitationId
    expires_at: datetime


@operation("members.invite", allowed=GIVERS, function=PortalFunction.MEMBERS)
async def invite_member(tx: Tx, command: InviteMember) -> MemberInvited:
    """Takes the place of an open invitation of that address. ALREADY_EXISTS for a member's; FORBIDDEN to make an owner,
    or to take an owner's invitation back by this, for who is none; STATE_CONFLICT for too many."""
    replaced = await _replace(tx, command.email)
    await require_rank(tx, command.role, *replaced)
    await _refuse_member(tx, command.email)
    await _refuse_too_many(tx)
    id, expires_at = tx.new_id(InvitationId), (tx.recorded_at + LASTS).replace(microsecond=0)
    await tx.execute(
        """INSERT INTO member_invitation (shard_key, id, tenant_id, customer_id, email, role, expires_at, recorded_at,
               invited_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, command.email, command.role.value, expires_at,
        tx.recorded_at, None if tx.actor.member is None else CustomerUserId.parse(tx.actor.subject).uuid,
    )  # fmt: skip
    tx.emit("member.invited", invitation=id)
    return MemberInvited(id, expires_at)


async def _replace(tx: Tx, email: str) -> list[MemberRole]:
    """Takes back what is open for that address; the roles that it was for."""
    rows = await tx.fetch(
        """UPDATE member_invitation SET email = NULL, withdrawn_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND lower(email) = lower($3) RETURNING role""",
        tx.customer.shard, tx.customer.uuid, email, tx.recorded_at,
    )  # fmt: skip
    return [MemberRole(row["role"]) for row in rows]


async def _refuse_member(tx: Tx, email: str) -> None:
    known = await tx.fetchval(
        """SELECT id FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND active AND lower(email) = lower($3) LIMIT 1""",
        tx.customer.shard, tx.customer.uuid, email,
    )  # fmt: skip
    if known is not None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "Somebody of that address is a member already.", ("email",))


async def _refuse_too_many(tx: Tx) -> None:
    living = await tx.fetchval(
        "SELECT count(*) FROM customer_user WHERE shard_key = $1 AND customer_id = $2 AND active",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    invited = await tx.fetchrow(
        """SELECT count(*) FILTER (WHERE email IS NOT NULL) AS open, count(*) FILTER (WHERE recorded_at > $3) AS today
             FROM member_invitation WHERE shard_key = $1 AND customer_id = $2""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at - timedelta(days=1),
    )  # fmt: skip
    assert invited is not None, "a count has one row"
    if living + invited["open"] >= MAX_MEMBERS:
        message = f"An account has at most {MAX_MEMBERS} members and invitations."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("email",))
    if invited["today"] >= MOST_A_DAY:
        raise Refused(RefusalCode.STATE_CONFLICT, f"There are {MOST_A_DAY} invitations a day.", ("email",))


@dataclass(frozen=True, slots=True)
class WithdrawInvitation:
    """An invitation that nobody accepted."""

    invitation: InvitationId


@dataclass(frozen=True, slots=True)
class InvitationWithdrawn:
    """The invitation, which opens nothing any more."""

    invitation: InvitationId


@operation("members.withdraw_invitation", allowed=MENDERS, function=PortalFunction.MEMBERS)
async def withdraw_invitation(tx: Tx, command: WithdrawInvitation) -> InvitationWithdrawn:
    """NOT_FOUND for one that is not open, or another customer's."""
    of = await open_invitation(tx, tx.customer, command.invitation)
    await require_rank(tx, of.role, path="invitationId")
    await tx.execute(
        """UPDATE member_invitation SET email = NULL, withdrawn_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, tx.recorded_at,
    )  # fmt: skip
    return InvitationWithdrawn(of.id)


async def withdraw_unless_its_to_give(tx: Tx, inviter: CustomerUserId, now: MemberRole | None) -> None:
    """Takes back the open invitations of a user that it may not make any more, as what it is now; None: it is gone."""
    rights = frozenset[Right]() if now is None else RIGHTS[now]
    given = [role.value for role in MemberRole if role is not MemberRole.OWNER or Right.OWNERS in rights]
    await tx.execute(
        """UPDATE member_invitation SET email = NULL, withdrawn_at = $4
            WHERE shard_key = $1 AND customer_id = $2 AND invited_by = $3 AND email IS NOT NULL
              AND role <> ALL ($5::text[])""",
        tx.customer.shard, tx.customer.uuid, inviter.uuid, tx.recorded_at, given if Right.MEMBERS in rights else [],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """An invitation, and the login of who signed in with its text; what the login is called is its own."""

    invitation: InvitationId
    issuer: str
    subject: str = field(metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """The new user, and what it is in the account."""

    user: CustomerUserId
    role: MemberRole


@operation("members.accept_invitation", allowed=frozenset({Grant.SYSTEM}))
async def accept_invitation(tx: Tx, command: AcceptInvitation) -> MemberJoined:
    """LINK_OVER for one that is not open any more; ALREADY_EXISTS for a login that belongs to a customer already."""
    tx.many_keys_reason = "the directory of logins stands apart, and a login may have been another customer's"
    of = await find_invitation(tx, command.invitation)
    if of is None or of.customer != tx.customer or of.expires_at <= tx.recorded_at:
        message = "The invitation was used already, was taken back, or has expired; ask for another one."
        raise Refused(RefusalCode.LINK_OVER, message)
    user = await insert_user(tx, tx.customer, command.issuer, command.subject, of.role, of.email)
    await tx.execute(
        """UPDATE member_invitation SET email = NULL, accepted_at = $4, user_id = $5
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, tx.recorded_at, user.uuid,
    )  # fmt: skip
    return MemberJoined(user, of.role)
