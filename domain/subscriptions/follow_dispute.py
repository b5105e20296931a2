"""What becomes of a subscription whose payment is in dispute: its access by the policy of then, and perhaps its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import CustomerId, DisputeId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.operation import operation
from domain.payments.dispute import ASK_DISPUTE, dispute
from domain.payments.dispute_policy import OnLost
from domain.payments.payment import payment
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.cancel import end_now
from domain.subscriptions.lifecycle import ENDED
from domain.subscriptions.policy import Unused
from domain.subscriptions.subscription import subscription

FOLLOW_AGAIN = timedelta(hours=1)  # a payment under way is mostly known by then, and nobody waits for this


async def barred_by_dispute(db: Primary, customer: CustomerId, at: datetime) -> frozenset[SubscriptionId]:
    """The subscriptions that gave no access at the instant: a payment of theirs was in dispute, or lost by one."""
    rows = await db.fetch(
        """SELECT DISTINCT i.subscription_id
             FROM dispute d
             JOIN payment p ON p.shard_key = d.shard_key AND p.id = d.payment_id
             JOIN invoice i ON i.shard_key = p.shard_key AND i.id = p.invoice_id
            WHERE d.shard_key = $1 AND d.customer_id = $2 AND i.subscription_id IS NOT NULL
              AND ((d.on_open = 'suspend' AND d.happened_at <= $3 AND (d.closed_at IS NULL OR d.closed_at > $3))
                   OR (d.on_lost = 'suspend' AND d.closed_at <= $3))""",
        customer.shard,
        customer.uuid,
        at,
    )
    return frozenset(SubscriptionId(customer.shard, row["subscription_id"]) for row in rows)


@dataclass(frozen=True, slots=True)
class FollowDispute:
    """A dispute that was lost."""

    dispute: DisputeId


@dataclass(frozen=True, slots=True)
class DisputeFollowed:
    """The subscription that ended by it; None where none did."""

    subscription: SubscriptionId | None


@operation("subscriptions.follow_dispute", allowed=frozenset({Grant.SYSTEM}), moves_money=True)
async def follow_dispute(tx: Tx, command: FollowDispute) -> DisputeFollowed:
    """Ends the subscription at once where the tenant's policy said so when the dispute was lost, giving nothing back:
    what was unused of it was disputed. While its first payment may still succeed this is due work, looked at again."""
    of = await dispute(tx, tx.customer, command.dispute)
    if of.on_lost is not OnLost.CANCEL:
        return DisputeFollowed(None)
    id = (await invoice(tx, tx.customer, (await payment(tx, tx.customer, of.payment)).invoice)).subscription
    if id is None:
        return DisputeFollowed(None)
    subscribed = await subscription(tx, tx.customer, id)
    if subscribed.state.name in ENDED:
        return DisputeFollowed(None)
    try:
        await end_now(tx, subscribed, Unused.NONE)
    except Refused as refused:
        if refused.code is not RefusalCode.PAYMENT_IN_PROGRESS:  # which is said before anything is written
            raise
        await due.schedule(tx, ASK_DISPUTE, of.id.uuid, tx.recorded_at + FOLLOW_AGAIN, follows="wall")
        return DisputeFollowed(None)
    return DisputeFollowed(id)
