"""What a customer may use at an instant: derived from the states of its subscriptions, their plans and exceptions.

Nothing stores it, so it cannot lag behind: access ends with the move that suspends or ends a subscription.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.catalog.entitlement import Entitlement, combined, exceptions
from domain.catalog.feature import features, plan_entitlements
from domain.catalog.plan import PlanVersion, plan_version
from domain.db import Primary
from domain.ids import CustomerId, TenantId
from domain.machine import State
from domain.subscriptions.subscription import Subscription, subscriptions
from domain.subscriptions.terms import terms_history


async def entitlements(db: Primary, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Entitlement]:
    """By feature: the highest of all subscriptions that gave access then, or what an exception says.

    An instant to come is answered as if nothing happened until then.
    """
    states, versions = await _states_at(db, customer, at), list[PlanVersion]()
    for each in await subscriptions(db, customer):
        state = states.get(each.id.uuid)
        if state is not None and replace(each, state=state).is_entitled_at(at):
            versions.append(await _version_at(db, tenant, each, at))
    allowed = await plan_entitlements(db, tenant, [version.id for version in versions])
    made = await exceptions(db, customer)
    return combined(await features(db, tenant), list(allowed.items()), made, at)


async def _states_at(db: Primary, customer: CustomerId, at: datetime) -> dict[UUID, State]:
    """The state that each subscription which had begun was in at the instant."""
    rows = await db.fetch(
        """SELECT t.entity_id, t.seq, t.to_state FROM transition t
             JOIN subscription s ON s.shard_key = t.shard_key AND s.id = t.entity_id
            WHERE t.shard_key = $1 AND s.customer_id = $2 AND t.happened_at <= $3 ORDER BY t.entity_id, t.seq""",
        customer.shard,
        customer.uuid,
        at,
    )
    return {row["entity_id"]: State(row["to_state"], row["seq"]) for row in rows}


async def _version_at(db: Primary, tenant: TenantId, of: Subscription, at: datetime) -> PlanVersion:
    """The plan version of the terms that held at the instant."""
    history = await terms_history(db, of.customer, of.id)
    held = [since for since in history if since.effective_at <= at] or history[:1]
    return await plan_version(db, tenant, held[-1].terms.plan_version if held else of.plan_version)
