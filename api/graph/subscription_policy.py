"""How the tenant treats those who leave, pause or shrink: seen by staff, set by admins."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetSubscriptionPolicyError, as_error
from api.scalars import IdempotencyKey
from domain.refusals import Refused
from domain.subscriptions import policy as policies

_value = strawberry.enum_value


@strawberry.enum(description="What becomes of paid time that a subscription which ends at once leaves unused.")
class UnusedTime(Enum):
    """The domain's Unused."""

    NONE = _value("none", description="Nothing is given back.")
    CREDIT = _value("credit", description="It becomes the customer's credit.")
    REFUND = _value("refund", description="It goes back to where it was paid from.")


@strawberry.enum(description="When fewer seats take effect.")
class SeatDecreaseTiming(Enum):
    """The domain's SeatDecrease."""

    PERIOD_END = _value("period_end", description="When the running period ends.")
    NOW = _value("now", description="Now; the unused time becomes credit.")


@strawberry.enum(description="What access a pause leaves.")
class PauseAccess(Enum):
    """The domain's PauseAccess."""

    PAID = _value("paid", description="Until what was paid for is over.")
    NONE = _value("none", description="None at all.")
    FULL = _value("full", description="All of it, also after what was paid for is over.")


@strawberry.type(description="How the tenant treats those who leave, pause or shrink.")
class SubscriptionPolicy:
    """The tenant's rules."""

    cancel_now: UnusedTime = strawberry.field(description="What becomes of unused time when one ends at once.")
    seat_decrease: SeatDecreaseTiming = strawberry.field(description="When fewer seats take effect.")
    pause_access: PauseAccess = strawberry.field(description="What access a pause leaves.")
    trial_reminder_days: int = strawberry.field(description="How many days before a trial's end it is told.")

    @classmethod
    def of(cls, rules: policies.SubscriptionPolicy) -> "SubscriptionPolicy":
        """The domain's rules."""
        return cls(
            cancel_now=UnusedTime(rules.cancel_now.value),
            seat_decrease=SeatDecreaseTiming(rules.seat_decrease.value),
            pause_access=PauseAccess(rules.pause_access.value),
            trial_reminder_days=rules.trial_reminder_days,
        )


@strawberry.input(description="Sets all rules for those who leave, pause or shrink from now on.")
class SetSubscriptionPolicyInput:
    """Input of setSubscriptionPolicy."""

    cancel_now: UnusedTime = strawberry.field(description="What becomes of unused time when one ends at once.")
    seat_decrease: SeatDecreaseTiming = strawberry.field(description="When fewer seats take effect.")
    pause_access: PauseAccess = strawberry.field(description="What access a pause leaves; pauses that run keep theirs.")
    trial_reminder_days: int = strawberry.field(description="How many days before a trial's end it is told, 0 to 30.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The rules that hold now.")
class SetSubscriptionPolicyPayload:
    """Payload of setSubscriptionPolicy."""

    policy: SubscriptionPolicy | None = strawberry.field(description="The rules as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetSubscriptionPolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetSubscriptionPolicyInput) -> SetSubscriptionPolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        rules = policies.SubscriptionPolicy(
            policies.Unused(input.cancel_now.value),
            policies.SeatDecrease(input.seat_decrease.value),
            policies.PauseAccess(input.pause_access.value),
            input.trial_reminder_days,
        )
        command = policies.SetSubscriptionPolicy(rules)
        done = await performed(info, policies.set_subscription_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SetSubscriptionPolicyPayload(policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SetSubscriptionPolicyPayload(
        policy=SubscriptionPolicy.of(done.outcome.policy), operation=operation, errors=[]
    )
