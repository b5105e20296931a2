"""Publishing and ending coupons."""

import re
from dataclasses import dataclass
from datetime import datetime

from domain.actor import Grant
from domain.catalog.coupon import Duration, Scope
from domain.catalog.discount import PPM
from domain.catalog.plan import plans_by_id
from domain.catalog.publish import UNIT_AMOUNT_MAX
from domain.db import Tx
from domain.ids import CouponId, PlanId
from domain.money import Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.tenant import home_of

MAX_PERIODS = 1_200  # a century of months
MAX_REDEMPTIONS = 2**31 - 1  # what the counter holds
MAX_PLANS = 100  # that one coupon names; more is "any plan"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")


@dataclass(frozen=True, slots=True)
class PublishCoupon:
    """The fields are those of ``Coupon``; the code is kept in capitals."""

    code: str
    name: str
    percent_ppm: int | None
    amount: Money | None
    duration: Duration
    periods: int | None
    plans: tuple[PlanId, ...]
    scope: Scope
    redeem_until: datetime | None
    max_redemptions: int | None


@dataclass(frozen=True, slots=True)
class CouponPublished:
    """The coupon of that code."""

    coupon: CouponId
    code: str


@operation("catalog.publish_coupon", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def publish_coupon(tx: Tx, command: PublishCoupon) -> CouponPublished:
    """ALREADY_EXISTS for a code that is taken; NOT_FOUND for a plan that is not the tenant's; INVALID_AMOUNT and
    INVALID_INPUT for a reduction, duration or limit that cannot be."""
    code = command.code.strip().upper()
    _check(code, command)
    named = set(command.plans)
    if len(await plans_by_id(tx, tx.head.tenant, list(named))) < len(named):
        raise Refused(RefusalCode.NOT_FOUND, "There is no such plan.", ("planIds",))
    id = await tx.fetchval(
        """INSERT INTO coupon (id, tenant_id, code, name, percent_ppm, currency, amount, duration, periods, plan_ids,
               scope, redeem_until, max_redemptions, active, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, true, $14)
           ON CONFLICT DO NOTHING RETURNING id""",
        tx.new_uuid(), tx.head.tenant.uuid, code, command.name, command.percent_ppm,
        str(command.amount.currency) if command.amount else None, command.amount.minor if command.amount else None,
        command.duration.value, command.periods, sorted(plan.uuid for plan in named), command.scope.value,
        command.redeem_until, command.max_redemptions, tx.recorded_at,
    )  # fmt: skip
    if id is None:
        raise Refused(RefusalCode.ALREADY_EXISTS, "There is a coupon of that code already.", ("code",))
    await _open_counters(tx, CouponId(id), command.max_redemptions)
    return CouponPublished(CouponId(id), code)


async def _open_counters(tx: Tx, coupon: CouponId, most: int | None) -> None:
    """What sandbox customers try out is counted apart: it takes nothing from those who are billed."""
    home = await home_of(tx, tx.head.tenant)
    if home.shard != tx.customer.shard:
        tx.many_keys_reason = "a coupon is counted under the tenant's home key"
    await tx.execute(
        """INSERT INTO coupon_counter (shard_key, coupon_id, sandbox, tenant_id, redeemed, max_redemptions)
           VALUES ($1, $2, false, $3, 0, $4), ($1, $2, true, $3, 0, $4)""",
        home.shard, coupon.uuid, tx.head.tenant.uuid, most,
    )  # fmt: skip


def _check(code: str, command: PublishCoupon) -> None:
    if not _CODE.fullmatch(code):
        message = "A code has 2 to 40 letters, digits, dashes and underscores."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("code",))
    if (command.percent_ppm is None) == (command.amount is None):
        message = "A coupon takes off a percentage or an amount."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("percentPpm",))
    if command.percent_ppm is not None and not 1 <= command.percent_ppm <= PPM:
        raise Refused(RefusalCode.INVALID_INPUT, f"A percentage is 1 to {PPM} in a million.", ("percentPpm",))
    if command.amount is not None and not 1 <= command.amount.minor <= UNIT_AMOUNT_MAX:
        message = f"A coupon takes off 1 to {UNIT_AMOUNT_MAX} minor units."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, ("amount",))
    if (command.periods is None) == (command.duration is Duration.PERIODS):
        message = "A coupon for some periods says how many, and no other does."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("periods",))
    for value, most, part in (
        (command.periods, MAX_PERIODS, "periods"), (command.max_redemptions, MAX_REDEMPTIONS, "maxRedemptions")
    ):  # fmt: skip
        if value is not None and not 1 <= value <= most:
            raise Refused(RefusalCode.INVALID_INPUT, f"{part} is 1 to {most}.", (part,))
    if len(command.plans) > MAX_PLANS:
        raise Refused(RefusalCode.INVALID_INPUT, f"A coupon names at most {MAX_PLANS} plans.", ("planIds",))


@dataclass(frozen=True, slots=True)
class EndCoupon:
    """Nobody redeems it any more; who has redeemed it keeps it."""

    coupon: CouponId


@dataclass(frozen=True, slots=True)
class CouponEnded:
    """The coupon that has ended."""

    coupon: CouponId


@operation("catalog.end_coupon", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def end_coupon(tx: Tx, command: EndCoupon) -> CouponEnded:
    """NOT_FOUND for no coupon of the tenant; STATE_CONFLICT for one that has ended."""
    active = await tx.fetchval(
        "SELECT active FROM coupon WHERE tenant_id = $1 AND id = $2", tx.head.tenant.uuid, command.coupon.uuid
    )
    if active is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such coupon.", ("couponId",))
    if not active:
        raise Refused(RefusalCode.STATE_CONFLICT, "The coupon has ended already.", ("couponId",))
    await tx.execute(
        "UPDATE coupon SET active = false WHERE tenant_id = $1 AND id = $2", tx.head.tenant.uuid, command.coupon.uuid
    )
    return CouponEnded(command.coupon)
