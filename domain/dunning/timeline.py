"""The timeline of a case: the policy of its plan and customer, lengthened where the customer's country asks for it."""

from dataclasses import dataclass, replace

from domain.db import Primary
from domain.dunning.policy import Policy, Scope, policy_for
from domain.ids import CustomerId, PlanId, TenantId
from domain.payments.grace_rule import GraceRule, rule_for, whereabouts


@dataclass(frozen=True, slots=True)
class Timeline:
    """What holds for one customer; ``source`` is the rule that had a say in it, None where a policy was enough."""

    policy: Policy
    source: str | None


def lengthened(of: Policy, rule: GraceRule) -> Policy:
    """The policy with no step that takes anything away before the rule allows it; what follows is moved as far.

    Where no reminder comes in time for the rule, one is added on the last day that is.
    """
    least = rule.least_days
    longer = max(0, least - of.suspend_day)
    moved = replace(of, suspend_day=of.suspend_day + longer, give_up_day=of.give_up_day + longer)
    if moved.restrict_day is not None and max(least, moved.restrict_day) >= moved.suspend_day:
        moved = replace(moved, restrict_day=None, kept_features=())
    elif moved.restrict_day is not None:
        moved = replace(moved, restrict_day=max(least, moved.restrict_day))
    in_time = moved.suspend_day - rule.notice_days
    if in_time >= 1 and not any(day <= in_time for day in moved.reminders):
        moved = replace(moved, notice_days=tuple(sorted({*moved.reminders, in_time})))
    return moved


async def timeline_for(db: Primary, tenant: TenantId, customer: CustomerId, plan: PlanId | None) -> Timeline:
    """The timeline of a case of the customer that opened now, about that plan or none."""
    country, kind = await whereabouts(db, customer)
    found = await policy_for(db, tenant, Scope(plan, kind))
    rule = await rule_for(db, tenant, country, kind)
    if rule is None or (longer := lengthened(found, rule)) == found:
        return Timeline(found, None)
    return Timeline(longer, rule.source)
