"""What a customer may use at an instant: derived from its subscriptions, their plans, overdue debt and exceptions.

Nothing stores it, so it cannot lag behind: access ends with the move that suspends or ends a subscription, or with the
instant from which debt blocks it, and is back with the payment.
"""

from dataclasses import replace
from datetime import datetime

from domain.catalog.entitlement import Entitlement, combined, exceptions
from domain.catalog.feature import features, plan_entitlements
from domain.db import Primary
from domain.ids import CustomerId, PlanVersionId, TenantId
from domain.payments.debt import debt_block
from domain.subscriptions.past import stood


async def entitlements(db: Primary, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Entitlement]:
    """By feature: the highest of all subscriptions that gave access then, or what an exception says.

    An instant that is over is answered by the states, pauses and plan versions of then, one to come as if nothing
    happened until then. What plans allow is 0 while debt blocks it; what staff gave by an exception stays.
    """
    versions = [each.terms.plan_version for each in await stood(db, customer, at) if each.entitled]
    is_blocked = bool(versions) and await debt_block(db, customer, at) is not None
    allowed = await plan_entitlements(db, tenant, versions)
    made = await exceptions(db, customer)
    found = combined(await features(db, tenant), list(allowed.items()), made, at)
    return [_blocked(each) if is_blocked else each for each in found]


def _blocked(allowed: Entitlement) -> Entitlement:
    by_plan = isinstance(allowed.source, PlanVersionId)
    return replace(allowed, value=0, blocked=True) if by_plan else allowed
