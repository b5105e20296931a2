"""What the door asks of a customer's callers beside their grant: the right of their role in the account, that the
function is on, and the link's own limits."""

from domain.actor import Actor
from domain.db import Tx
from domain.member_role import may_perform
from domain.operation import C, O, Operation
from domain.portal_function import require_function
from domain.portal_link import OPENS
from domain.refusals import RefusalCode, Refused


def require_purpose(actor: Actor, operation: Operation[C, O]) -> None:
    """FORBIDDEN for the caller of a link that is for something else."""
    if actor.link is not None and operation.name not in OPENS[actor.link.purpose][0]:
        raise Refused(RefusalCode.FORBIDDEN, "This link is for something else.")


def require_right(actor: Actor, operation: Operation[C, O]) -> None:
    """FORBIDDEN for a user whose role in the customer's account does not give what the operation asks for."""
    if actor.member is not None and not may_perform(actor.member, operation.name):
        raise Refused(RefusalCode.FORBIDDEN, "Your role in this account does not allow that.")


async def let_in(tx: Tx, operation: Operation[C, O], command: C) -> None:
    """FEATURE_OFF for what the tenant has switched off; a link is used up by this, in the same commit.

    NOT_FOUND for another subject than the link's; LINK_OVER for one that was used or has expired. A preview uses none.
    """
    await require_function(tx, tx.actor, tx.head.tenant, operation.function)
    link = tx.actor.link
    if link is None:
        return
    field = OPENS[link.purpose][1]
    if field is not None and getattr(command, field) != link.subject:
        raise Refused(RefusalCode.NOT_FOUND, "The link is about another one.", (f"{field}Id",))
    used = await tx.fetchval(
        """UPDATE portal_link SET used_at = $3, used_by = $4
            WHERE shard_key = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 RETURNING id""",
        link.id.shard, link.id.uuid, tx.recorded_at, tx.operation.uuid,
    )  # fmt: skip
    if used is None:
        raise Refused(RefusalCode.LINK_OVER, "The link was used already, or has expired; ask for another one.")
