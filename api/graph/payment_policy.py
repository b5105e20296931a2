"""How the tenant takes payments: seen by staff, set by admins."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payments import CaptureMode
from api.graph.refusal import SetPaymentPolicyError, as_error
from api.scalars import IdempotencyKey
from domain.payments import payment as payments
from domain.payments import policy as policies
from domain.refusals import Refused


@strawberry.enum(description="What becomes of a hold of less than was asked.")
class PartialAuthorization(Enum):
    """The domain's PartialAuthorization."""

    VOID = strawberry.enum_value("void", description="It is let go, and the payment has failed; it may be tried again.")
    CAPTURE = strawberry.enum_value("capture", description="It is taken, and the invoice is partly paid.")


@strawberry.type(description="How the tenant takes payments.")
class PaymentPolicy:
    """The tenant's rules."""

    capture: CaptureMode = strawberry.field(description="When the money of a payment is taken, if nobody says.")
    partial_authorization: PartialAuthorization = strawberry.field(description="What less than was asked is.")

    @classmethod
    def of(cls, rules: policies.PaymentPolicy) -> "PaymentPolicy":
        """The domain's rules."""
        return cls(
            capture=CaptureMode(rules.capture.value),
            partial_authorization=PartialAuthorization(rules.partial_authorization.value),
        )


@strawberry.input(description="Sets all rules for taking payments from now on.")
class SetPaymentPolicyInput:
    """Input of setPaymentPolicy."""

    capture: CaptureMode = strawberry.field(description="When the money of a payment is taken, if nobody says.")
    partial_authorization: PartialAuthorization = strawberry.field(description="What less than was asked is.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The rules that hold now.")
class SetPaymentPolicyPayload:
    """Payload of setPaymentPolicy."""

    policy: PaymentPolicy | None = strawberry.field(description="The rules as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetPaymentPolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetPaymentPolicyInput) -> SetPaymentPolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        rules = policies.PaymentPolicy(
            payments.CaptureMode[input.capture.name],
            policies.PartialAuthorization[input.partial_authorization.name],
        )
        command = policies.SetPaymentPolicy(rules)
        done = await performed(info, policies.set_payment_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SetPaymentPolicyPayload(policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SetPaymentPolicyPayload(policy=PaymentPolicy.of(done.outcome.policy), operation=operation, errors=[])
