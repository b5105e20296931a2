"""Trials: a plan for some days before its first period; each customer has one of a plan family, once."""

from datetime import datetime, timedelta

from domain import due
from domain.catalog.plan import PlanVersion
from domain.db import Primary, Tx
from domain.ids import CustomerId, SubscriptionId
from domain.period import days_later
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.lifecycle import REMIND
from domain.subscriptions.policy import subscription_policy


def trial_end(version: PlanVersion, start: datetime, time_zone: str) -> datetime:
    """When a trial that starts then is over: so many calendar days later in the customer's zone."""
    return days_later(start, time_zone, version.trial_days)


async def trial_is_taken(db: Primary, customer: CustomerId, family: str) -> bool:
    """Whether the customer has had a trial of the plan family."""
    found = await db.fetchval(
        "SELECT subscription_id FROM trial_taken WHERE shard_key = $1 AND customer_id = $2 AND family = $3",
        customer.shard,
        customer.uuid,
        family,
    )
    return found is not None


async def take_trial(tx: Tx, of: SubscriptionId, family: str) -> None:
    """Uses up the customer's trial of the family; STATE_CONFLICT where another subscription did."""
    taken = await tx.fetchval(
        """INSERT INTO trial_taken (shard_key, customer_id, family, subscription_id, taken_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING subscription_id""",
        tx.customer.shard,
        tx.customer.uuid,
        family,
        of.uuid,
        tx.now,
    )
    if taken is not None:
        return
    owner = await tx.fetchval(
        "SELECT subscription_id FROM trial_taken WHERE shard_key = $1 AND customer_id = $2 AND family = $3",
        tx.customer.shard,
        tx.customer.uuid,
        family,
    )
    if owner != of.uuid:
        message = "The trial of this plan was used before; change to it when the trial is over."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("priceId",))


async def schedule_reminder(tx: Tx, of: SubscriptionId, end: datetime) -> None:
    """Makes the word about the trial's end due some days before it, at once where the trial is shorter than that."""
    ahead = timedelta(days=(await subscription_policy(tx, tx.head.tenant)).trial_reminder_days)
    await due.schedule(tx, REMIND, of.uuid, max(tx.now, end - ahead))
