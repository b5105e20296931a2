"""How the tenant gets back what is unpaid beside its timelines: seen by staff, set by admins."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money, MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetRecoveryPolicyError, as_error
from api.scalars import IdempotencyKey
from domain.dunning import recovery_policy as domain
from domain.dunning import retry_rule as rules
from domain.refusals import Refused

BACKUPS = "Whether a retry that is declined goes on to the backup methods, in their order."
AT_FIRST = "Whether the first charge does so too; else the customer has until the first retry."
LEAST = "The smallest part of a split by currency; elsewhere one whole unit."


@strawberry.enum(description="What follows a decline. More values may come.")
class RetryStep(Enum):
    """The domain's RetryStep."""

    STOP = strawberry.enum_value("stop", description="This method is not tried again; another one is.")
    TIMELINE = strawberry.enum_value("timeline", description="It is tried again on the next day of the timeline.")
    PAYDAY = strawberry.enum_value("payday", description="On the first payday between that day and the one after it.")
    AFTER = strawberry.enum_value("after", description="So many days after the decline, in the place of days between.")


@strawberry.type(description="What follows one decline code.")
class RetryRule:
    """A rule that holds."""

    code: str = strawberry.field(description="The code, in the provider's neutral words.")
    step: RetryStep = strawberry.field(description="What follows.")
    days: int = strawberry.field(description="For AFTER the days; else 0.")


@strawberry.input(description="A rule to set.")
class RetryRuleInput:
    """A rule of one code."""

    code: str = strawberry.field(description="The code, in the provider's neutral words.")
    step: RetryStep = strawberry.field(description="What follows; only STOP for a code that nobody may try again.")
    days: int = strawberry.field(default=0, description="For AFTER 1 to 30; else 0.")


@strawberry.type(description="How the tenant gets back what is unpaid, beside its dunning policies.")
class RecoveryPolicy:
    """The rules of a tenant."""

    backups: bool = strawberry.field(description=BACKUPS)
    backups_at_first: bool = strawberry.field(description=AT_FIRST)
    methods_per_step: int = strawberry.field(description="How many methods one step charges, the default included.")
    own_tries: int = strawberry.field(description="How often customers try to pay an overdue invoice by themselves.")
    paydays: list[int] = strawberry.field(description="Days of the month on which customers have money.")
    payday_choices: int = strawberry.field(description="How often a customer moves the next retry of a case.")
    split_parts: int = strawberry.field(description="In how many parts an overdue invoice is split at most.")
    split_days: int = strawberry.field(description="Within how many days; a country's rule can only lengthen it.")
    split_plans: int = strawberry.field(description="How many plans a customer makes for a case.")
    least_parts: list[Money] = strawberry.field(description=LEAST)
    rules: list[RetryRule] = strawberry.field(description="What follows each code that is known; others: TIMELINE.")

    @classmethod
    def of(cls, policy: domain.RecoveryPolicy) -> "RecoveryPolicy":
        """The domain's rules."""
        return cls(
            backups=policy.backups,
            backups_at_first=policy.backups_at_first,
            methods_per_step=policy.methods_per_step,
            own_tries=policy.own_tries,
            paydays=list(policy.paydays),
            payday_choices=policy.payday_choices,
            split_parts=policy.split_parts,
            split_days=policy.split_days,
            split_plans=policy.split_plans,
            least_parts=[Money.of(each) for each in policy.least],
            rules=[
                RetryRule(code=each.code, step=RetryStep(each.step.value), days=each.days)
                for each in rules.rules_of(policy.rules)
            ],
        )


@strawberry.input(description="Replaces these rules; what is left out has its default.")
class SetRecoveryPolicyInput:
    """Input of setRecoveryPolicy."""

    backups: bool = strawberry.field(default=True, description=BACKUPS)
    backups_at_first: bool = strawberry.field(default=False, description=AT_FIRST)
    methods_per_step: int = strawberry.field(default=3, description="1 to 10.")
    own_tries: int = strawberry.field(default=5, description="0 to 50, for each case.")
    paydays: list[int] = strawberry.field(default_factory=list, description="Each 1 to 31; 31 is a month's last day.")
    payday_choices: int = strawberry.field(default=1, description="0 to 10, for each case.")
    split_parts: int = strawberry.field(default=3, description="0 to 24; fewer than 2: nothing is split.")
    split_days: int = strawberry.field(default=30, description="1 to 365.")
    split_plans: int = strawberry.field(default=1, description="0 to 10, for each case.")
    least_parts: list[MoneyInput] = strawberry.field(default_factory=list, description=LEAST)
    rules: list[RetryRuleInput] = strawberry.field(
        default_factory=list, description="Rules of the tenant's own; other codes have their defaults."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The rules that hold now.")
class SetRecoveryPolicyPayload:
    """Payload of setRecoveryPolicy."""

    recovery_policy: RecoveryPolicy | None = strawberry.field(description="The rules as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetRecoveryPolicyError] = strawberry.field(description=ERRORS)


async def set_recovery_rules(info: Info, input: SetRecoveryPolicyInput) -> SetRecoveryPolicyPayload:
    """For admins."""
    try:
        home, command = info.context.staff_home(), domain.SetRecoveryPolicy(_policy(input))
        done = await performed(info, domain.set_recovery_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SetRecoveryPolicyPayload(recovery_policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SetRecoveryPolicyPayload(
        recovery_policy=RecoveryPolicy.of(done.outcome.policy), operation=operation, errors=[]
    )


def _policy(input: SetRecoveryPolicyInput) -> domain.RecoveryPolicy:
    return domain.RecoveryPolicy(
        backups=input.backups,
        backups_at_first=input.backups_at_first,
        methods_per_step=input.methods_per_step,
        own_tries=input.own_tries,
        paydays=tuple(input.paydays),
        payday_choices=input.payday_choices,
        split_parts=input.split_parts,
        split_days=input.split_days,
        split_plans=input.split_plans,
        least=tuple(amount_of(each, "leastParts") for each in input.least_parts),
        rules=tuple(rules.RetryRule(each.code, rules.RetryStep[each.step.name], each.days) for each in input.rules),
    )
