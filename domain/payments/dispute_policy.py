"""What a tenant does while a payment is in dispute, and when the dispute is lost; each part has a default."""

from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import TenantId
from domain.operation import operation


class OnOpen(StrEnum):
    """What becomes of the access that the disputed payment paid for, until the dispute is decided."""

    KEEP = "keep"
    SUSPEND = "suspend"


class OnLost(StrEnum):
    """What becomes of it once the dispute is lost: it stays, it ends, or its subscription ends with it."""

    KEEP = "keep"
    SUSPEND = "suspend"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class DisputePolicy:
    """A tenant's rules. By default access stays: the invoice is paid, and what a lost dispute took is our loss."""

    on_open: OnOpen = OnOpen.KEEP
    on_lost: OnLost = OnLost.KEEP


async def dispute_policy(db: Primary, tenant: TenantId) -> DisputePolicy:
    """The tenant's rules, or the defaults where it has set none."""
    row = await db.fetchrow("SELECT on_open, on_lost FROM dispute_policy WHERE tenant_id = $1", tenant.uuid)
    return DisputePolicy(OnOpen(row["on_open"]), OnLost(row["on_lost"])) if row else DisputePolicy()


@dataclass(frozen=True, slots=True)
class SetDisputePolicy:
    """The tenant's rules for what is opened or lost from now on; disputes of before keep what was decided for them."""

    policy: DisputePolicy


@dataclass(frozen=True, slots=True)
class DisputePolicySet:
    """The rules that hold now."""

    policy: DisputePolicy


@operation("payments.set_dispute_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_dispute_policy(tx: Tx, command: SetDisputePolicy) -> DisputePolicySet:
    """Replaces all rules."""
    await tx.execute(
        """INSERT INTO dispute_policy (tenant_id, on_open, on_lost) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id) DO UPDATE SET on_open = EXCLUDED.on_open, on_lost = EXCLUDED.on_lost""",
        tx.head.tenant.uuid,
        command.policy.on_open.value,
        command.policy.on_lost.value,
    )
    return DisputePolicySet(command.policy)
