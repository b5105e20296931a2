"""Members: the users of a customer, each with its role in the account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, CustomerUserId
from domain.member_role import MemberRole, Right, has
from domain.refusals import RefusalCode, Refused

MAX_MEMBERS: Final = 100  # living ones and open invitations; a list that a page shows whole


@dataclass(frozen=True, slots=True)
class Member:
    """A user who may sign in. ``email`` is where it was invited; None for who came with the customer."""

    id: CustomerUserId
    role: MemberRole
    email: str | None
    since: datetime


def _of(row: Row) -> Member:
    return Member(
        CustomerUserId(row["shard_key"], row["id"]), MemberRole(row["role"]), row["email"], row["recorded_at"]
    )


async def members(db: Primary, customer: CustomerId) -> list[Member]:
    """The customer's users, the longest there first; those who were removed are not among them."""
    rows = await db.fetch(
        """SELECT shard_key, id, role, email, recorded_at FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND active ORDER BY id LIMIT $3""",
        customer.shard, customer.uuid, MAX_MEMBERS,
    )  # fmt: skip
    return [_of(row) for row in rows]


async def member(db: Primary, customer: CustomerId, id: CustomerUserId) -> Member:
    """The customer's user of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, role, email, recorded_at FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND active""",
        customer.shard, customer.uuid, id.uuid,
    )  # fmt: skip
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such member.", ("memberId",))
    return _of(row)


async def require_another_owner(tx: Tx, of: Member) -> None:
    """STATE_CONFLICT where an account would be left without an owner."""
    others = await tx.fetchval(
        """SELECT count(*) FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND active AND role = $3 AND id <> $4""",
        tx.customer.shard, tx.customer.uuid, MemberRole.OWNER.value, of.id.uuid,
    )  # fmt: skip
    if of.role is MemberRole.OWNER and not others:
        raise Refused(RefusalCode.STATE_CONFLICT, "This is the last owner; make another one first.", ("memberId",))


async def require_rank(tx: Tx, *roles: MemberRole, path: str = "role") -> None:
    """FORBIDDEN for a user who may not change members any more, its right having been taken while its call waited, and
    for one without the right to owners, where one of the roles is an owner's."""
    if tx.actor.member is None:
        return
    now = await tx.fetchval(
        "SELECT role FROM customer_user WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND active",
        tx.customer.shard, tx.customer.uuid, CustomerUserId.parse(tx.actor.subject).uuid,
    )  # fmt: skip
    if now is None or not has(MemberRole(now), Right.MEMBERS):
        raise Refused(RefusalCode.FORBIDDEN, "The members of this account are no longer yours to change.", ())
    if MemberRole.OWNER in roles and not has(MemberRole(now), Right.OWNERS):
        raise Refused(RefusalCode.FORBIDDEN, "Only owners make and change owners.", (path,))
