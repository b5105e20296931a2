"""How a tenant takes payments; each part has a default."""

from dataclasses import dataclass
from enum import StrEnum

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import TenantId
from domain.operation import operation
from domain.payments.payment import CaptureMode


class PartialAuthorization(StrEnum):
    """What becomes of a hold of less than was asked: let go as a soft decline, or taken as a part of the payment."""

    VOID = "void"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class PaymentPolicy:
    """A tenant's rules. By default what is due is taken at once, and less than that is no payment."""

    capture: CaptureMode = CaptureMode.NOW
    partial_authorization: PartialAuthorization = PartialAuthorization.VOID


async def payment_policy(db: Primary, tenant: TenantId) -> PaymentPolicy:
    """The tenant's rules, or the defaults where it has set none."""
    row = await db.fetchrow(
        "SELECT capture, partial_authorization FROM payment_policy WHERE tenant_id = $1", tenant.uuid
    )
    if row is None:
        return PaymentPolicy()
    return PaymentPolicy(CaptureMode(row["capture"]), PartialAuthorization(row["partial_authorization"]))


@dataclass(frozen=True, slots=True)
class SetPaymentPolicy:
    """The tenant's rules from now on; payments that were begun keep theirs."""

    policy: PaymentPolicy


@dataclass(frozen=True, slots=True)
class PaymentPolicySet:
    """The rules that hold now."""

    policy: PaymentPolicy


@operation("payments.set_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_payment_policy(tx: Tx, command: SetPaymentPolicy) -> PaymentPolicySet:
    """Replaces all rules."""
    rules = command.policy
    await tx.execute(
        """INSERT INTO payment_policy (tenant_id, capture, partial_authorization) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id) DO UPDATE SET capture = EXCLUDED.capture,
              partial_authorization = EXCLUDED.partial_authorization""",
        tx.head.tenant.uuid,
        rules.capture.value,
        rules.partial_authorization.value,
    )
    return PaymentPolicySet(rules)
