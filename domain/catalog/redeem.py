"""Redeeming coupons: once a customer, never more often than the coupon allows, and what comes of it on invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.actor import STAFF, Grant
from domain.catalog.coupon import Coupon, Duration, Scope, coupon_of_code
from domain.catalog.discount import Discount
from domain.catalog.redemption import amount_of
from domain.db import Primary, Tx
from domain.ids import CouponId, CouponRedemptionId, CustomerId, PlanId, SubscriptionId
from domain.operation import operation
from domain.portal_function import PortalFunction
from domain.refusals import RefusalCode, Refused
from domain.tenants.tenant import legal_entities

REDEEMERS = STAFF - {Grant.FINANCE} | {Grant.PORTAL, Grant.PARTNER}


@dataclass(frozen=True, slots=True)
class Spent:
    """A period of a redemption that an invoice of that subscription, if of one, is to use up before another."""

    redemption: CouponRedemptionId
    subscription: SubscriptionId | None


async def available(
    db: Primary, customer: CustomerId, subscription: SubscriptionId | None, at: datetime,
    spent: Sequence[Spent] = (), carried: Sequence[CouponRedemptionId] = (),
) -> list[Discount]:  # fmt: skip
    """What may reduce an invoice of the subscription (None: of no subscription) then, in the order of redemption.

    ``spent`` are periods that invoices before it are to use up, in their order; one that is ``carried`` used up
    the invoice's own period before.
    """
    rows = await db.fetch(
        """SELECT r.shard_key, r.id, c.name, c.percent_ppm, c.currency, c.amount, c.plan_ids, c.duration
             FROM coupon_redemption r JOIN coupon c ON c.id = r.coupon_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.redeemed_at <= $4
              AND (r.ended_at IS NULL OR r.ended_at > $4)
              AND (r.periods_left IS NULL OR r.id = ANY ($7::uuid[])
                   OR r.periods_left > cardinality(array_positions($5::uuid[], r.id)))
              AND (c.scope = 'account'
                   OR coalesce(r.subscription_id, ($6::uuid[])[array_position($5::uuid[], r.id)], $3) = $3)
            ORDER BY r.redeemed_at, r.id""",
        customer.shard, customer.uuid, subscription.uuid if subscription else None, at,
        [each.redemption.uuid for each in spent],
        [each.subscription.uuid if each.subscription else None for each in spent],
        [each.uuid for each in carried],
    )  # fmt: skip
    return [
        Discount(
            redemption=CouponRedemptionId(row["shard_key"], row["id"]),
            name=row["name"],
            percent_ppm=row["percent_ppm"],
            amount=amount_of(row),
            plans=frozenset(map(PlanId, row["plan_ids"])),
            recurring=Duration(row["duration"]) is not Duration.ONCE,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class RedeemCoupon:
    """``subscription`` None: for the whole account, or for the next subscription whose period the coupon reduces."""

    code: str
    subscription: SubscriptionId | None


@dataclass(frozen=True, slots=True)
class CouponRedeemed:
    """The redemption; ``periods_left`` None is for ever."""

    redemption: CouponRedemptionId
    coupon: CouponId
    periods_left: int | None


@operation(
    "catalog.redeem_coupon", allowed=REDEEMERS, moves_money=True, function=PortalFunction.REDEEM_COUPON, begins=True
)
async def redeem_coupon(tx: Tx, command: RedeemCoupon) -> CouponRedeemed:
    """NOT_FOUND for no such code or subscription; COUPON_OVER; COUPON_USED_UP; ALREADY_EXISTS for a second time;
    CURRENCY_MISMATCH; STATE_CONFLICT for a subscription it is not for; INVALID_INPUT for one of an account's coupon.

    It takes the coupon's counter under the tenant's home key: another operation calls it before it takes a number.
    """
    coupon = await coupon_of_code(tx, tx.head.tenant, command.code)
    if coupon is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such coupon.", ("code",))
    if coupon.is_over_at(tx.now):
        raise Refused(RefusalCode.COUPON_OVER, "This coupon cannot be redeemed any more.", ("code",))
    await _require_currency(tx, coupon)
    if command.subscription is not None:
        await _require_fit(tx, coupon, command.subscription)
    redeemed = await _insert(tx, coupon, command.subscription)
    await _count(tx, coupon)
    tx.emit("coupon.redeemed", redemption=redeemed.redemption)
    return redeemed


async def _require_currency(tx: Tx, coupon: Coupon) -> None:
    billed = await tx.fetchval(
        "SELECT currency FROM customer WHERE shard_key = $1 AND id = $2", tx.customer.shard, tx.customer.uuid
    )
    if billed is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    if coupon.amount is not None and str(coupon.amount.currency) != billed:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"This customer is billed in {billed}.", ("code",))


async def _require_fit(tx: Tx, coupon: Coupon, id: SubscriptionId) -> None:
    path = ("subscriptionId",)
    if coupon.scope is Scope.ACCOUNT:
        raise Refused(RefusalCode.INVALID_INPUT, "This coupon is for all subscriptions at once.", path)
    row = await tx.fetchrow(
        "SELECT plan_id, ended_at FROM subscription WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != tx.customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such subscription.", path)
    if row["ended_at"] is not None or (coupon.plans and PlanId(row["plan_id"]) not in coupon.plans):
        raise Refused(RefusalCode.STATE_CONFLICT, "This coupon is not for that subscription.", path)


async def _insert(tx: Tx, coupon: Coupon, subscription: SubscriptionId | None) -> CouponRedeemed:
    periods = 1 if coupon.duration is Duration.ONCE else coupon.periods
    id = tx.new_id(CouponRedemptionId)
    stored = await tx.fetchval(
        """INSERT INTO coupon_redemption (shard_key, id, tenant_id, customer_id, coupon_id, subscription_id,
               periods_left, redeemed_at, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, coupon.id.uuid,
        subscription.uuid if subscription else None, periods, tx.now, tx.recorded_at,
    )  # fmt: skip
    if stored is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "This coupon was redeemed already.", ("code",))
    return CouponRedeemed(id, coupon.id, periods)


async def _count(tx: Tx, coupon: Coupon) -> None:
    """The row is one for all customers, so it is taken last; the others wait for this commit and look again."""
    entities = await legal_entities(tx, tx.head.tenant)
    home = next(entity.house.shard for entity in entities if not entity.sandbox)
    if home != tx.customer.shard:
        tx.many_keys_reason = "a coupon is counted under the tenant's home key"
    counted = await tx.fetchval(
        """UPDATE coupon_counter SET redeemed = redeemed + 1
            WHERE shard_key = $1 AND coupon_id = $2 AND sandbox = $3
              AND (max_redemptions IS NULL OR redeemed < max_redemptions) RETURNING redeemed""",
        home, coupon.id.uuid, next(entity.sandbox for entity in entities if entity.id == tx.head.legal_entity),
    )  # fmt: skip
    if counted is None:
        raise Refused(RefusalCode.COUPON_USED_UP, "This coupon was redeemed as often as it may be.", ("code",))
