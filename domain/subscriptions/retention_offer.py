"""What a tenant offers a customer who is about to cancel, by plan: a coupon, a pause, a smaller plan."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.actor import Grant
from domain.catalog.coupon import Scope, coupon_of_code
from domain.catalog.plan import offered_price, plan
from domain.db import Primary, Row, Tx
from domain.ids import CouponId, PlanId, PriceId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

LONGEST_PAUSE = 366  # days; as of any pause with a day to come back
LONGEST_WAIT = 120  # months; ten years is once and never again


class Retention(StrEnum):
    """What may be offered; the names stand in the database."""

    COUPON = "coupon"
    PAUSE = "pause"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True)
class RetentionOffer:
    """The offer of a plan, of which a customer takes one part; ``every_months`` is how seldom a subscription may."""

    plan: PlanId
    coupon: CouponId | None
    coupon_code: str | None
    pause_days: int | None
    price: PriceId | None
    every_months: int

    @property
    def parts(self) -> tuple[Retention, ...]:
        """What it holds; nothing once it was withdrawn."""
        there = {Retention.COUPON: self.coupon, Retention.PAUSE: self.pause_days, Retention.DOWNGRADE: self.price}
        return tuple(part for part, value in there.items() if value is not None)


async def retention_offers(db: Primary, tenant: TenantId, of: PlanId | None = None) -> list[RetentionOffer]:
    """The tenant's offers, or that of one plan; withdrawn ones are left out."""
    rows = await db.fetch(
        """SELECT o.plan_id, o.coupon_id, c.code, o.pause_days, o.price_id, o.every_months
             FROM retention_offer o LEFT JOIN coupon c ON c.tenant_id = o.tenant_id AND c.id = o.coupon_id
            WHERE o.tenant_id = $1 AND ($2::uuid IS NULL OR o.plan_id = $2) ORDER BY o.plan_id""",
        tenant.uuid,
        of.uuid if of else None,
    )
    return [offer for offer in map(_offer, rows) if offer.parts]


def _offer(row: Row) -> RetentionOffer:
    coupon: UUID | None = row["coupon_id"]
    price: UUID | None = row["price_id"]
    return RetentionOffer(
        PlanId(row["plan_id"]), CouponId(coupon) if coupon else None, row["code"], row["pause_days"],
        PriceId(price) if price else None, row["every_months"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetRetentionOffer:
    """The offer of a plan from now on; one that holds nothing is withdrawn. What was taken stays."""

    plan: PlanId
    coupon_code: str | None
    pause_days: int | None
    price: PriceId | None
    every_months: int


@dataclass(frozen=True, slots=True)
class RetentionOfferSet:
    """Whose offer was set, and what it holds now."""

    plan: PlanId
    parts: tuple[Retention, ...]


@operation("subscriptions.set_retention_offer", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_retention_offer(tx: Tx, command: SetRetentionOffer) -> RetentionOfferSet:
    """NOT_FOUND for a plan, code or price that is not the tenant's; STATE_CONFLICT for a price that is not sold;
    COUPON_OVER for a coupon that is not redeemed any more; INVALID_INPUT for a coupon of a whole account or of other
    plans, a price of the plan itself, and a number out of bounds."""
    await plan(tx, tx.head.tenant, command.plan)
    if command.pause_days is not None and not 1 <= command.pause_days <= LONGEST_PAUSE:
        raise Refused(RefusalCode.INVALID_INPUT, f"A pause is of 1 to {LONGEST_PAUSE} days.", ("pauseDays",))
    if not 1 <= command.every_months <= LONGEST_WAIT:
        raise Refused(RefusalCode.INVALID_INPUT, f"Once in 1 to {LONGEST_WAIT} months.", ("everyMonths",))
    if command.price is not None and (await offered_price(tx, tx.head.tenant, command.price, tx.now))[0].id == (
        command.plan
    ):
        raise Refused(RefusalCode.INVALID_INPUT, "Offer a price of another plan.", ("priceId",))
    offer = RetentionOffer(
        command.plan, await _coupon(tx, command), None, command.pause_days, command.price, command.every_months
    )
    await tx.execute(
        """INSERT INTO retention_offer (tenant_id, plan_id, coupon_id, pause_days, price_id, every_months, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (tenant_id, plan_id) DO UPDATE SET coupon_id = EXCLUDED.coupon_id,
              pause_days = EXCLUDED.pause_days, price_id = EXCLUDED.price_id, every_months = EXCLUDED.every_months,
              recorded_at = EXCLUDED.recorded_at""",
        tx.head.tenant.uuid, offer.plan.uuid, offer.coupon.uuid if offer.coupon else None, offer.pause_days,
        offer.price.uuid if offer.price else None, offer.every_months, tx.recorded_at,
    )  # fmt: skip
    return RetentionOfferSet(offer.plan, offer.parts)


async def _coupon(tx: Tx, command: SetRetentionOffer) -> CouponId | None:
    if command.coupon_code is None:
        return None
    coupon = await coupon_of_code(tx, tx.head.tenant, command.coupon_code)
    if coupon is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such coupon.", ("couponCode",))
    if coupon.is_over_at(tx.now):
        raise Refused(RefusalCode.COUPON_OVER, "This coupon cannot be redeemed any more.", ("couponCode",))
    if coupon.scope is not Scope.SUBSCRIPTION or (coupon.plans and command.plan not in coupon.plans):
        raise Refused(RefusalCode.INVALID_INPUT, "Offer a coupon of one subscription to that plan.", ("couponCode",))
    return coupon.id
