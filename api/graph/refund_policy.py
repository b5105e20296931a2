"""The tenant's refund policy: what a member of staff gives back without another person."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money, MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetRefundPolicyError, as_error
from api.scalars import IdempotencyKey, Int64
from domain.actor import Grant
from domain.payments import refund_policy as rules
from domain.refusals import Refused


@strawberry.enum(description="A role of staff.")
class LimitedRole(Enum):
    """The roles that have a limit."""

    SUPPORT = strawberry.enum_value("support", description="Support.")
    LEAD = strawberry.enum_value("lead", description="Leads of support.")
    FINANCE = strawberry.enum_value("finance", description="Finance.")
    ADMIN = strawberry.enum_value("admin", description="Admins.")


@strawberry.type(description="What a role gives back alone by one refund.")
class RefundLimit:
    """A limit."""

    role: LimitedRole = strawberry.field(description="Whose limit.")
    amount: Money = strawberry.field(description="The most, in that currency.")


@strawberry.type(description="What a member of staff gives back without another person.")
class RefundPolicy:
    """The rules of a tenant."""

    limits: list[RefundLimit] = strawberry.field(
        description="By role and currency; elsewhere support has 10,000 minor units, a lead 100,000, others 1,000,000."
    )
    old_after_days: int = strawberry.field(description="Older payments are given back by finance and admins.")
    expire_after_days: int = strawberry.field(description="What nobody decides on in so many days is rejected.")
    window_days: int = strawberry.field(description="Over how many days counts and sums are taken.")
    customer_count: int = strawberry.field(description="How many refunds a customer gets in that time without a lead.")
    customer_sum: Int64 = strawberry.field(description="How much of each currency, in minor units.")
    staff_count: int = strawberry.field(description="How many a member of staff asks for in that time without a lead.")
    staff_sum: Int64 = strawberry.field(description="How much of each currency, in minor units.")


@strawberry.input(description="What a role may give back alone by one refund.")
class RefundLimitInput:
    """A limit to set."""

    role: LimitedRole = strawberry.field(description="Whose limit.")
    amount: MoneyInput = strawberry.field(description="The most, in that currency.")


@strawberry.input(description="Replaces the refund policy; requests that wait are decided under their old rules.")
class SetRefundPolicyInput:
    """Input of setRefundPolicy."""

    limits: list[RefundLimitInput] = strawberry.field(
        default_factory=list, description="By role and currency, each once; the others have their defaults."
    )
    old_after_days: int = strawberry.field(default=120, description="1 to 3,650.")
    expire_after_days: int = strawberry.field(default=14, description="1 to 90.")
    window_days: int = strawberry.field(default=7, description="1 to 3,650.")
    customer_count: int = strawberry.field(default=10, description="0 to 1,000,000.")
    customer_sum: Int64 = strawberry.field(default=Int64(100_000), description="In minor units.")
    staff_count: int = strawberry.field(default=200, description="0 to 1,000,000.")
    staff_sum: Int64 = strawberry.field(default=Int64(2_000_000), description="In minor units.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The policy as it stands now.")
class SetRefundPolicyPayload:
    """Payload of setRefundPolicy."""

    refund_policy: RefundPolicy | None = strawberry.field(description="The policy.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetRefundPolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetRefundPolicyInput) -> SetRefundPolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        limits = tuple(
            rules.RefundLimit(Grant(each.role.name.lower()), amount_of(each.amount, "limits", "amount"))
            for each in input.limits
        )
        policy = rules.RefundPolicy(
            limits=limits,
            old_after_days=input.old_after_days,
            expire_after_days=input.expire_after_days,
            window_days=input.window_days,
            customer_count=input.customer_count,
            customer_sum=int(input.customer_sum),
            staff_count=input.staff_count,
            staff_sum=int(input.staff_sum),
        )
        command = rules.SetRefundPolicy(policy)
        done = await performed(info, rules.set_refund_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SetRefundPolicyPayload(refund_policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SetRefundPolicyPayload(refund_policy=await current_policy(info), operation=operation, errors=[])


async def current_policy(info: Info) -> RefundPolicy:
    """The rules that hold now."""
    found = await rules.refund_policy(info.context.db.primary, info.context.tenant)
    return RefundPolicy(
        limits=[RefundLimit(role=LimitedRole(each.role.value), amount=Money.of(each.amount)) for each in found.limits],
        old_after_days=found.old_after_days,
        expire_after_days=found.expire_after_days,
        window_days=found.window_days,
        customer_count=found.customer_count,
        customer_sum=Int64(found.customer_sum),
        staff_count=found.staff_count,
        staff_sum=Int64(found.staff_sum),
    )
