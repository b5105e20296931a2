"""What a customer may use at an instant: derived from the states of its subscriptions, their plans and exceptions.

Nothing stores it, so it cannot lag behind: access ends with the move that suspends or ends a subscription.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.catalog.entitlement import Entitlement, combined, exceptions
from domain.catalog.feature import features, plan_entitlements
from domain.catalog.plan import PlanVersion, current_version, version_at_renewal
from domain.db import Primary
from domain.ids import CustomerId, TenantId
from domain.machine import State
from domain.subscriptions.subscription import Subscription, subscriptions


async def entitlements(db: Primary, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Entitlement]:
    """By feature: the highest of all subscriptions that gave access then, or what an exception says.

    An instant to come is answered as if nothing happened until then.
    """
    states, versions = await _states_at(db, customer, at), list[PlanVersion]()
    for each in await subscriptions(db, customer):
        began, state = states.get(each.id.uuid, (at, None))
        if state is not None and replace(each, state=state).is_entitled:
            versions.append(await _version_at(db, tenant, each, began, at))
    allowed = await plan_entitlements(db, tenant, [version.id for version in versions])
    made = await exceptions(db, customer)
    return combined(await features(db, tenant), list(allowed.items()), made, at)


async def _states_at(db: Primary, customer: CustomerId, at: datetime) -> dict[UUID, tuple[datetime, State]]:
    """By subscription: when it began, and the state it was in at the instant."""
    rows = await db.fetch(
        """SELECT t.entity_id, t.seq, t.to_state, t.happened_at FROM transition t
             JOIN subscription s ON s.shard_key = t.shard_key AND s.id = t.entity_id
            WHERE t.shard_key = $1 AND s.customer_id = $2 AND t.happened_at <= $3 ORDER BY t.entity_id, t.seq""",
        customer.shard,
        customer.uuid,
        at,
    )
    found: dict[UUID, tuple[datetime, State]] = {}
    for row in rows:
        began = found.get(row["entity_id"], (row["happened_at"],))[0]
        found[row["entity_id"]] = (began, State(row["to_state"], row["seq"]))
    return found


async def _version_at(
    db: Primary, tenant: TenantId, of: Subscription, began: datetime, at: datetime
) -> PlanVersion:  # fmt: skip
    bought = await current_version(db, tenant, of.plan, began)
    return await version_at_renewal(db, tenant, bought.id, min(of.period.start, at))
