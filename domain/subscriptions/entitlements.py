"""What a customer may use at an instant: derived from its subscriptions, their plans, overdue debt and exceptions.

Nothing stores it, so it cannot lag behind: access ends with the move that suspends or ends a subscription, or with the
instant from which debt blocks it, and is back with the payment.
"""

from dataclasses import replace
from datetime import datetime

from domain.catalog.entitlement import Entitlement, combined, exceptions
from domain.catalog.feature import PlanEntitlement, features, plan_entitlements
from domain.db import Primary
from domain.ids import CustomerId, PlanVersionId, SubscriptionId, TenantId
from domain.payments.debt import debt_block
from domain.subscriptions.follow_dispute import barred_by_dispute
from domain.subscriptions.past import Stood, stood
from domain.subscriptions.restricted import kept_features


async def entitlements(db: Primary, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Entitlement]:
    """By feature: the highest of all subscriptions that gave access then, or what an exception says.

    An instant that is over is answered by the states, pauses and plan versions of then, one to come as if nothing
    happened until then. Of an unpaid subscription perhaps only the features that its policy keeps are left, and of one
    whose payment is disputed none where the tenant's policy takes them. What plans
    allow is 0 while debt blocks it; what staff gave by an exception stays.
    """
    entitled = [each for each in await stood(db, customer, at) if each.entitled]
    is_blocked = bool(entitled) and await debt_block(db, customer, at) is not None
    allowed = await plan_entitlements(db, tenant, [each.terms.plan_version for each in entitled])
    kept = await kept_features(db, customer, at)
    kept |= dict.fromkeys(await barred_by_dispute(db, customer, at), frozenset())
    left = [(each.terms.plan_version, _left(allowed, each, kept)) for each in entitled]
    made = await exceptions(db, customer)
    found = combined(await features(db, tenant), left, made, at)
    return [_blocked(each) if is_blocked else each for each in found]


def _left(
    allowed: dict[PlanVersionId, tuple[PlanEntitlement, ...]], of: Stood, kept: dict[SubscriptionId, frozenset[str]]
) -> list[PlanEntitlement]:
    by_plan = allowed.get(of.terms.plan_version, ())
    return [each for each in by_plan if of.subscription not in kept or each.feature in kept[of.subscription]]


def _blocked(allowed: Entitlement) -> Entitlement:
    by_plan = isinstance(allowed.source, PlanVersionId)
    return replace(allowed, value=0, blocked=True) if by_plan else allowed
