"""What those did who were about to cancel: why they wanted to, what they were offered, and what they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import CustomerId, PlanId, SubscriptionId
from domain.portal_function import PortalFunction, switched_off
from domain.subscriptions.retention_offer import Retention, RetentionOffer, retention_offers
from domain.subscriptions.subscription import Subscription


class CancelReason(StrEnum):
    """Why somebody wants to cancel: a closed list, so that nobody writes about anybody."""

    TOO_EXPENSIVE = "too_expensive"
    NOT_USED = "not_used"
    MISSING_FEATURES = "missing_features"
    OTHER_PRODUCT = "other_product"
    TECHNICAL_TROUBLE = "technical_trouble"
    BAD_SUPPORT = "bad_support"
    ONLY_FOR_A_WHILE = "only_for_a_while"
    OTHER = "other"


# What of an offer is another function of the portal as well; a coupon of an offer is nothing that customers type.
SWITCHES: Final = {Retention.PAUSE: PortalFunction.PAUSE, Retention.DOWNGRADE: PortalFunction.CHANGE_PLAN}


@dataclass(frozen=True, slots=True)
class RetentionAnswer:
    """One who was about to cancel; ``taken`` None: it cancelled all the same. ``answered_at`` is business time."""

    subscription: SubscriptionId
    plan: PlanId
    reason: CancelReason | None
    offered: tuple[Retention, ...]
    taken: Retention | None
    answered_at: datetime


async def offer_to(tx: Tx, of: Subscription) -> tuple[RetentionOffer, tuple[Retention, ...]] | None:
    """The offer of the subscription's plan and what of it is open to the caller; None where nothing is.

    Nothing is offered for a subscription that ends already or is neither active nor in a trial, nor again before the
    time between two offers is over; nor a pause of a trial, which nobody is billed for.
    """
    if of.state.name not in ("active", "trialing") or of.pending is not None:
        return None
    found = await retention_offers(tx, of.tenant, of.plan)
    if not found or await _took_lately(tx, of, found[0].every_months):
        return None
    own_user = Grant.PORTAL in tx.actor.grants and tx.actor.on_behalf_of is None
    off = await switched_off(tx, of.tenant) if own_user else frozenset()
    barred = {Retention.PAUSE} if of.state.name == "trialing" else set()
    parts = tuple(part for part in found[0].parts if SWITCHES.get(part) not in off and part not in barred)
    return (found[0], parts) if parts else None


async def _took_lately(tx: Tx, of: Subscription, months: int) -> bool:
    found = await tx.fetchval(
        """SELECT id FROM retention_answer
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND taken IS NOT NULL
              AND answered_at + make_interval(months => $4) > $5 LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        months,
        tx.now,
    )
    return found is not None


async def store_answer(
    tx: Tx, of: Subscription, reason: CancelReason | None, offered: Sequence[Retention], taken: Retention | None
) -> None:
    """Remembers what the caller of this operation did."""
    await tx.execute(
        """INSERT INTO retention_answer (shard_key, id, tenant_id, customer_id, subscription_id, plan_id, reason,
               offered, taken, answered_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        tx.customer.shard, tx.operation.uuid, tx.head.tenant.uuid, tx.customer.uuid, of.id.uuid, of.plan.uuid,
        reason.value if reason else None, [part.value for part in offered], taken.value if taken else None, tx.now,
        tx.recorded_at,
    )  # fmt: skip


async def retention_answers(db: Primary, customer: CustomerId, limit: int = 100) -> list[RetentionAnswer]:
    """What the customer did each time, newest first."""
    rows = await db.fetch(
        """SELECT shard_key, subscription_id, plan_id, reason, offered, taken, answered_at FROM retention_answer
            WHERE shard_key = $1 AND customer_id = $2 ORDER BY answered_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
    )
    return [
        RetentionAnswer(
            SubscriptionId(row["shard_key"], row["subscription_id"]),
            PlanId(row["plan_id"]),
            CancelReason(row["reason"]) if row["reason"] else None,
            tuple(Retention(part) for part in row["offered"]),
            Retention(row["taken"]) if row["taken"] else None,
            row["answered_at"],
        )
        for row in rows
    ]
