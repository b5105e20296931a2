"""What is known of an order before its run begins: that none of its things can have what it asks for."""

from datetime import datetime

from domain.bulk.run import MOST_ITEMS, Order
from domain.catalog.coupon import Coupon, Scope, coupon_of_code
from domain.db import Primary
from domain.fanout.bulk import Subject, owned, page_of
from domain.ids import TenantId
from domain.refusals import RefusalCode, Refused


async def require_possible(db: Primary, tenant: TenantId, order: Order, now: datetime) -> None:
    """Refuses what each thing alone would be refused. NOT_FOUND for a code that is none, COUPON_OVER for one that is
    over, INVALID_INPUT for a coupon of an account, STATE_CONFLICT for one that is not for the plan; INVALID_INPUT for
    a day to resume that has passed. What has passed by ``now`` has not for a customer whose test clock is behind."""
    settings = order.settings
    if settings.coupon_code is not None:
        await _require_coupon(db, tenant, order, await coupon_of_code(db, tenant, settings.coupon_code), now)
    at = settings.resumes_at
    if at is not None and at <= now and not await _is_ahead(db, tenant, order, at):
        raise Refused(RefusalCode.INVALID_INPUT, "A pause ends later than now.", ("resumesAt",))


async def _require_coupon(db: Primary, tenant: TenantId, order: Order, coupon: Coupon | None, now: datetime) -> None:
    path = ("couponCode",)
    if coupon is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such coupon.", path)
    if coupon.is_over_at(now):
        until = coupon.redeem_until if coupon.active else None
        if until is None or not await _is_ahead(db, tenant, order, until):
            raise Refused(RefusalCode.COUPON_OVER, "This coupon cannot be redeemed any more.", path)
    if coupon.scope is Scope.ACCOUNT:
        raise Refused(RefusalCode.INVALID_INPUT, "This coupon is for all subscriptions at once.", path)
    if order.plan is not None and coupon.plans and order.plan not in coupon.plans:
        raise Refused(RefusalCode.STATE_CONFLICT, "This coupon is not for that plan.", path)


async def _is_ahead(db: Primary, tenant: TenantId, order: Order, at: datetime) -> bool:
    """Whether the test clock of anybody the order is about stands before the instant."""
    customers = {each.customer for each in await _subjects(db, tenant, order)}
    found = await db.fetchval(
        """-- fanout
           SELECT true FROM unnest($1::int[], $2::uuid[]) AS w (shard_key, customer_id)
             JOIN customer_head h ON h.shard_key = w.shard_key AND h.customer_id = w.customer_id
            WHERE h.clock_at < $3 LIMIT 1""",
        [each.shard for each in customers],
        [each.uuid for each in customers],
        at,
    )
    return found is not None


async def _subjects(db: Primary, tenant: TenantId, order: Order) -> tuple[Subject, ...]:
    if order.plan is None:
        return tuple(await owned(db, tenant, order.action, order.ids()))
    return (await page_of(db, tenant, order, None, MOST_ITEMS)).subjects
