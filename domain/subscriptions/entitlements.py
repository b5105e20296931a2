"""What a customer may use at an instant: derived from the states of its subscriptions, their plans and exceptions.

Nothing stores it, so it cannot lag behind: access ends with the move that suspends or ends a subscription.
"""

from datetime import datetime

from domain.catalog.entitlement import Entitlement, combined, exceptions
from domain.catalog.feature import features, plan_entitlements
from domain.db import Primary
from domain.ids import CustomerId, TenantId
from domain.subscriptions.past import stood


async def entitlements(db: Primary, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Entitlement]:
    """By feature: the highest of all subscriptions that gave access then, or what an exception says.

    An instant that is over is answered by the states, pauses and plan versions of then, one to come as if nothing
    happened until then.
    """
    versions = [each.terms.plan_version for each in await stood(db, customer, at) if each.entitled]
    allowed = await plan_entitlements(db, tenant, versions)
    made = await exceptions(db, customer)
    return combined(await features(db, tenant), list(allowed.items()), made, at)
