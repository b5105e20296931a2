"""How a tenant treats those who leave, pause or shrink; each part has a default."""

from dataclasses import dataclass
from enum import Enum

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

MAX_REMINDER_DAYS = 30  # before the end of a trial; earlier than a month nobody remembers it


class Unused(Enum):
    """What becomes of time that was paid for and is not used, when a subscription ends at once."""

    NONE = "none"
    CREDIT = "credit"
    REFUND = "refund"


class SeatDecrease(Enum):
    """When fewer seats take effect: with the next period, or now, the unused time being credited."""

    PERIOD_END = "period_end"
    NOW = "now"


class PauseAccess(Enum):
    """What a pause leaves: access until the paid period ends, none at all, or all of it."""

    PAID = "paid"
    NONE = "none"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class SubscriptionPolicy:
    """A tenant's rules. The defaults give nothing back unasked and take nothing away that was paid for."""

    cancel_now: Unused = Unused.NONE
    seat_decrease: SeatDecrease = SeatDecrease.PERIOD_END
    pause_access: PauseAccess = PauseAccess.PAID
    trial_reminder_days: int = 3  # what card networks ask for, and early enough to act


async def subscription_policy(db: Primary, tenant: TenantId) -> SubscriptionPolicy:
    """The tenant's rules, or the defaults where it has set none."""
    row = await db.fetchrow(
        """SELECT cancel_now, seat_decrease, pause_access, trial_reminder_days FROM subscription_policy
            WHERE tenant_id = $1""",
        tenant.uuid,
    )
    if row is None:
        return SubscriptionPolicy()
    return SubscriptionPolicy(
        Unused(row["cancel_now"]),
        SeatDecrease(row["seat_decrease"]),
        PauseAccess(row["pause_access"]),
        row["trial_reminder_days"],
    )


@dataclass(frozen=True, slots=True)
class SetSubscriptionPolicy:
    """The tenant's rules from now on; what was decided under earlier ones stays."""

    policy: SubscriptionPolicy


@dataclass(frozen=True, slots=True)
class SubscriptionPolicySet:
    """The rules that hold now."""

    policy: SubscriptionPolicy


@operation("subscriptions.set_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_subscription_policy(tx: Tx, command: SetSubscriptionPolicy) -> SubscriptionPolicySet:
    """INVALID_INPUT for a reminder that is not 0 to MAX_REMINDER_DAYS days before the end."""
    rules = command.policy
    if not 0 <= rules.trial_reminder_days <= MAX_REMINDER_DAYS:
        message = f"A trial's end is told 0 to {MAX_REMINDER_DAYS} days before it."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("trialReminderDays",))
    await tx.execute(
        """INSERT INTO subscription_policy (tenant_id, cancel_now, seat_decrease, pause_access, trial_reminder_days)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (tenant_id) DO UPDATE SET cancel_now = EXCLUDED.cancel_now,
              seat_decrease = EXCLUDED.seat_decrease, pause_access = EXCLUDED.pause_access,
              trial_reminder_days = EXCLUDED.trial_reminder_days""",
        tx.head.tenant.uuid,
        rules.cancel_now.value,
        rules.seat_decrease.value,
        rules.pause_access.value,
        rules.trial_reminder_days,
    )
    return SubscriptionPolicySet(rules)
