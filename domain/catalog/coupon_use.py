"""The periods of redeemed coupons: each whole period that an invoice reduces uses one up, and a void invoice gives it
back.

It comes back exactly once, because an invoice is voided once. A redemption that was used up is as good as before then,
and so is one of a coupon that was ended meanwhile: ending a coupon only stops others from redeeming it. A redemption
that staff ended stays ended. A credited invoice gives nothing back, also one that was credited whole: it stands, and
its coupon reduced what stands on it; who is to have another period redeems another coupon.

A draft has no claim to a period: of several that wait, whichever is issued first has it, so that their order decides
what a percentage comes to where they are not for the same amount.
"""

from collections.abc import Sequence

from domain.db import Tx
from domain.ids import CouponRedemptionId, InvoiceId, SubscriptionId


async def use_up(
    tx: Tx, used: Sequence[CouponRedemptionId], subscription: SubscriptionId | None, invoice: InvoiceId
) -> None:
    """Counts a period down for redemptions that reduced a whole period's charge of the subscription.

    One for a single subscription that was not yet for any is this subscription's from now on, by that invoice.
    """
    if not used:
        return
    await tx.execute(
        """UPDATE coupon_redemption SET periods_left = coupon_redemption.periods_left - 1,
                  subscription_id = CASE WHEN c.scope = 'subscription'
                                         THEN coalesce(coupon_redemption.subscription_id, $4) END,
                  bound_by_invoice_id = CASE WHEN c.scope = 'subscription' AND coupon_redemption.subscription_id IS NULL
                                             THEN $5 ELSE coupon_redemption.bound_by_invoice_id END
             FROM coupon c
            WHERE coupon_redemption.shard_key = $1 AND coupon_redemption.customer_id = $2
              AND coupon_redemption.id = ANY ($3::uuid[]) AND c.id = coupon_redemption.coupon_id""",
        tx.customer.shard, tx.customer.uuid, [each.uuid for each in used], subscription.uuid if subscription else None,
        invoice.uuid,
    )  # fmt: skip


async def give_uses_back(
    tx: Tx, used: Sequence[CouponRedemptionId], reduced_by: Sequence[CouponRedemptionId], invoice: InvoiceId
) -> None:
    """Counts the period up again that the invoice, which is void now, had used up of each of the redemptions.

    Of those that reduced it, one that became a subscription's by whichever invoice is for any again, once no other
    invoice of that subscription stands that it reduced: parts of periods of others may have been before.
    """
    if used:
        await tx.execute(
            """UPDATE coupon_redemption SET periods_left = periods_left + 1
                WHERE shard_key = $1 AND customer_id = $2 AND id = ANY ($3::uuid[])""",
            tx.customer.shard, tx.customer.uuid, [each.uuid for each in used],
        )  # fmt: skip
    if reduced_by:
        await tx.execute(
            """UPDATE coupon_redemption SET subscription_id = NULL, bound_by_invoice_id = NULL
                WHERE shard_key = $1 AND customer_id = $2 AND id = ANY ($4::uuid[]) AND bound_by_invoice_id IS NOT NULL
                  AND NOT EXISTS (
                      SELECT 1 FROM invoice_line_discount d
                        JOIN invoice i ON i.shard_key = d.shard_key AND i.id = d.invoice_id
                       WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.redemption_id = coupon_redemption.id
                         AND i.subscription_id = coupon_redemption.subscription_id
                         AND i.state <> 'void' AND i.id <> $3)""",
            tx.customer.shard, tx.customer.uuid, invoice.uuid, [each.uuid for each in reduced_by],
        )  # fmt: skip
