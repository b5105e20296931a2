"""What the tenant does while a payment is in dispute: seen by staff, set by admins."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetDisputePolicyError, as_error
from api.scalars import IdempotencyKey
from domain.payments import dispute_policy as policies
from domain.refusals import Refused

_OPENED = "What becomes of the access that was paid for, until the dispute is decided."
_LOST = "What becomes of it once the dispute is lost."


@strawberry.enum(description=_OPENED)
class OnDisputeOpened(Enum):
    """The domain's OnOpen."""

    KEEP = strawberry.enum_value("keep", description="It stays.")
    SUSPEND = strawberry.enum_value("suspend", description="It is taken, and is back once the dispute is won.")


@strawberry.enum(description=_LOST)
class OnDisputeLost(Enum):
    """The domain's OnLost."""

    KEEP = strawberry.enum_value("keep", description="It stays: the invoice is paid, and the loss is the tenant's.")
    SUSPEND = strawberry.enum_value("suspend", description="It is taken; what staff grant by an exception stays.")
    CANCEL = strawberry.enum_value("cancel", description="The subscription ends at once, and gives nothing back.")


@strawberry.type(description="What the tenant does while a payment is in dispute. The disputed method is not charged.")
class DisputePolicy:
    """The tenant's rules."""

    on_opened: OnDisputeOpened = strawberry.field(description=_OPENED)
    on_lost: OnDisputeLost = strawberry.field(description=_LOST)

    @classmethod
    def of(cls, rules: policies.DisputePolicy) -> "DisputePolicy":
        """The domain's rules."""
        return cls(on_opened=OnDisputeOpened(rules.on_open.value), on_lost=OnDisputeLost(rules.on_lost.value))


@strawberry.input(description="Sets all rules for what is opened or lost from now on.")
class SetDisputePolicyInput:
    """Input of setDisputePolicy."""

    on_opened: OnDisputeOpened = strawberry.field(description=_OPENED)
    on_lost: OnDisputeLost = strawberry.field(description=_LOST)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The rules that hold now.")
class SetDisputePolicyPayload:
    """Payload of setDisputePolicy."""

    policy: DisputePolicy | None = strawberry.field(description="The rules as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetDisputePolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetDisputePolicyInput) -> SetDisputePolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        rules = policies.DisputePolicy(
            policies.OnOpen[input.on_opened.name], policies.OnLost[input.on_lost.name]
        )  # fmt: skip
        command = policies.SetDisputePolicy(rules)
        done = await performed(info, policies.set_dispute_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SetDisputePolicyPayload(policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SetDisputePolicyPayload(policy=DisputePolicy.of(done.outcome.policy), operation=operation, errors=[])
