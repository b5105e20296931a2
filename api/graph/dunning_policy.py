"""The tenant's dunning policies: timelines of days after a failed payment, for plans and kinds of customers."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SaveDunningPolicyError, as_error
from api.graph.tax_rates import TaxCustomerKind
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.dunning import policy as domain
from domain.dunning.save_policy import SaveDunningPolicy, save_dunning_policy
from domain.ids import PlanId
from domain.refusals import Refused
from domain.tax.rate import CustomerKind

PLAN = "The plan that it is for; null: for all that have none of their own."
KIND = "For which customers: whoever has a valid tax id is a business."
NOTICES = "When the customer is reminded; null: with each retry, and the day before access ends."
RESTRICTION = "From when on only the kept features are left; null: all of them are, until access ends."


@strawberry.enum(description="What happens on a day of a dunning timeline. More values may come.")
class DunningStepKind(Enum):
    """The steps."""

    RETRY = strawberry.enum_value("retry", description="The payment is tried again.")
    NOTICE = strawberry.enum_value("notice", description="The customer is reminded.")
    RESTRICT = strawberry.enum_value("restrict", description="Only the kept features are left.")
    SUSPEND = strawberry.enum_value("suspend", description="Access ends.")
    GIVE_UP = strawberry.enum_value("give_up", description="The subscription ends and the invoice is written off.")


@strawberry.type(description="One step of a dunning timeline.")
class DunningStep:
    """A day and what happens on it."""

    day: int = strawberry.field(description="Days after the first failure.")
    kind: DunningStepKind = strawberry.field(description="What happens.")


@strawberry.type(description="What happens when a payment has failed, in days after that.")
class DunningPolicy:
    """A timeline that new cases follow."""

    retry_days: list[int] = strawberry.field(description="When it is tried again.")
    suspend_day: int = strawberry.field(description="When access ends, never before the last retry.")
    give_up_day: int = strawberry.field(description="When the subscription ends and the invoice is written off.")
    notice_days: list[int] = strawberry.field(description="When the customer is reminded.")
    restrict_day: int | None = strawberry.field(description=RESTRICTION)
    kept_features: list[str] = strawberry.field(description="The codes of the features that are kept then.")
    plan_id: GlobalId | None = strawberry.field(description=PLAN)
    customer_kind: TaxCustomerKind = strawberry.field(description=KIND)
    steps: list[DunningStep] = strawberry.field(description="All of it in the order of the days.")

    @classmethod
    def of(cls, scope: domain.Scope, policy: domain.Policy) -> "DunningPolicy":
        """The domain's policy."""
        return cls(
            retry_days=list(policy.retry_days),
            suspend_day=policy.suspend_day,
            give_up_day=policy.give_up_day,
            notice_days=list(policy.reminders),
            restrict_day=policy.restrict_day,
            kept_features=list(policy.kept_features),
            plan_id=GlobalId(str(scope.plan)) if scope.plan else None,
            customer_kind=TaxCustomerKind(scope.kind.value),
            steps=_steps(policy),
        )


def _steps(of: domain.Policy) -> list[DunningStep]:
    restricted = () if of.restrict_day is None else (of.restrict_day,)
    days = {
        DunningStepKind.RETRY: of.retry_days,
        DunningStepKind.NOTICE: of.reminders,
        DunningStepKind.RESTRICT: restricted,
        DunningStepKind.SUSPEND: (of.suspend_day,),
        DunningStepKind.GIVE_UP: (of.give_up_day,),
    }
    steps = [DunningStep(day=day, kind=kind) for kind, on in days.items() for day in on]
    return sorted(steps, key=lambda step: step.day)


@strawberry.input(description="Saves a policy for cases that open from now on; those that are open keep theirs.")
class SaveDunningPolicyInput:
    """Input of saveDunningPolicy."""

    retry_days: list[int] = strawberry.field(
        description="1 to 20 days in order, the first after a day at least; none where access ends at once."
    )
    suspend_day: int = strawberry.field(
        description="When access ends: day 30 at the latest, never before the last retry. Law may make it later."
    )
    give_up_day: int = strawberry.field(description="After the suspension, day 365 at the latest.")
    notice_days: list[int] | None = strawberry.field(default=None, description=NOTICES)
    restrict_day: int | None = strawberry.field(default=None, description=RESTRICTION)
    kept_features: list[str] = strawberry.field(
        default_factory=list, description="The codes of the features that are kept then."
    )
    plan_id: GlobalId | None = strawberry.field(default=None, description=PLAN)
    customer_kind: TaxCustomerKind = strawberry.field(default=TaxCustomerKind.ANY, description=KIND)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The policy as it stands now.")
class SaveDunningPolicyPayload:
    """Payload of saveDunningPolicy."""

    dunning_policy: DunningPolicy | None = strawberry.field(description="The policy.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SaveDunningPolicyError] = strawberry.field(description=ERRORS)


async def save_a_policy(info: Info, input: SaveDunningPolicyInput) -> SaveDunningPolicyPayload:
    """For admins."""
    try:
        home, command = info.context.staff_home(), _command(input)
        done = await performed(info, save_dunning_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SaveDunningPolicyPayload(dunning_policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    scope = domain.Scope(command.plan, command.kind)
    saved = next(each for each in await all_policies(info) if _scope(each) == scope)
    return SaveDunningPolicyPayload(dunning_policy=saved, operation=operation, errors=[])


def _command(input: SaveDunningPolicyInput) -> SaveDunningPolicy:
    return SaveDunningPolicy(
        retry_days=tuple(input.retry_days),
        suspend_day=input.suspend_day,
        give_up_day=input.give_up_day,
        notice_days=None if input.notice_days is None else tuple(input.notice_days),
        restrict_day=input.restrict_day,
        kept_features=tuple(input.kept_features),
        plan=id_of(PlanId.parse, input.plan_id, "planId") if input.plan_id is not None else None,
        kind=CustomerKind[input.customer_kind.name],
    )


def _scope(of: DunningPolicy) -> domain.Scope:
    return domain.Scope(PlanId.parse(of.plan_id) if of.plan_id else None, CustomerKind[of.customer_kind.name])


async def current_policy(info: Info) -> DunningPolicy:
    """The tenant's own policy."""
    return DunningPolicy.of(domain.Scope(), await domain.policy(info.context.db.primary, info.context.tenant))


async def all_policies(info: Info) -> list[DunningPolicy]:
    """The tenant's own policy, and those of plans and kinds of customers."""
    found = await domain.policies(info.context.db.primary, info.context.tenant)
    return [DunningPolicy.of(scope, policy) for scope, policy in found]
