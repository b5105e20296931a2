"""Another role for a member of a customer's account, or its end there."""

from dataclasses import dataclass
from datetime import timedelta

from domain.customers.invite_member import GIVERS, MENDERS, withdraw_unless_its_to_give
from domain.customers.member import member, require_another_owner, require_rank
from domain.db import Tx
from domain.ids import CustomerUserId
from domain.member_role import MemberRole
from domain.operation import operation
from domain.portal_function import PortalFunction


@dataclass(frozen=True, slots=True)
class ChangeMemberRole:
    """A member, and what it is from now on."""

    member: CustomerUserId
    role: MemberRole


@dataclass(frozen=True, slots=True)
class MemberRoleChanged:
    """The member, and what it is now."""

    member: CustomerUserId
    role: MemberRole


@operation("members.change_role", allowed=GIVERS, function=PortalFunction.MEMBERS, begins=True)
async def change_member_role(tx: Tx, command: ChangeMemberRole) -> MemberRoleChanged:
    """Holds from the member's next request on; invitations of it that it could not make any more open nothing.

    NOT_FOUND; FORBIDDEN where an owner is concerned, for who is none; STATE_CONFLICT for the last owner.
    """
    of = await member(tx, tx.customer, command.member)
    await require_rank(tx, of.role, command.role)
    if command.role is not MemberRole.OWNER:
        await require_another_owner(tx, of)
    await tx.execute(
        "UPDATE customer_user SET role = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, command.role.value,
    )  # fmt: skip
    await withdraw_unless_its_to_give(tx, of.id, command.role)
    return MemberRoleChanged(of.id, command.role)


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """A member who has nothing to do here any more."""

    member: CustomerUserId


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """Who it was, and how many browsers it was signed in with."""

    member: CustomerUserId
    sessions: int


@operation("members.remove", allowed=MENDERS, function=PortalFunction.MEMBERS)
async def remove_member(tx: Tx, command: RemoveMember) -> MemberRemoved:
    """Its sessions and tokens open nothing from now on, nor do invitations of it; its address is forgotten, its login
    may be another's.

    NOT_FOUND; FORBIDDEN for an owner, for who is none; STATE_CONFLICT for the last owner.
    """
    of = await member(tx, tx.customer, command.member)
    await require_rank(tx, of.role, path="memberId")
    await require_another_owner(tx, of)
    tokens_from = tx.recorded_at.replace(microsecond=0) + timedelta(seconds=1)  # tokens tell whole seconds
    await tx.execute(
        """UPDATE customer_user SET active = false, email = NULL, tokens_from = $4
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, tokens_from,
    )  # fmt: skip
    await withdraw_unless_its_to_give(tx, of.id, None)
    ended = await tx.fetch(
        """UPDATE web_session SET ended_at = $3
            WHERE shard_key = $1 AND customer_id = $2 AND person = $4 AND ended_at IS NULL RETURNING id""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at, str(of.id),
    )  # fmt: skip
    return MemberRemoved(of.id, len(ended))
