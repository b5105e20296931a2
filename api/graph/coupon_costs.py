"""What coupons cost, for those who publish them."""

from datetime import datetime

import strawberry

from api.connection import Source
from api.errors import Code, Fault
from api.graph.context import Info
from api.graph.coupons import Coupon, all_coupons
from api.graph.money import Money
from api.graph.pages import history_of
from api.scalars import ConsistencyToken, GlobalId
from domain.fanout import coupon_costs as domain


@strawberry.type(description="What a coupon took off invoices in one currency.")
class CouponCost:
    """A line of the report."""

    coupon: Coupon = strawberry.field(description="The coupon.")
    taken: Money = strawberry.field(description="How much it took off, before tax; void invoices do not count.")
    undone: Money = strawberry.field(
        description="The part of it that was taken off charges which credit notes or unused time gave back since."
    )
    cost: Money = strawberry.field(description="What it really cost: taken less undone.")
    redemptions: int = strawberry.field(description="How many redemptions took something off.")
    invoices: int = strawberry.field(description="How many invoices it took something off.")


@strawberry.type(description="What the tenant's coupons cost on the invoices of a span, from the replica.")
class CouponReport:
    """The report."""

    as_of: datetime = strawberry.field(description="The instant up to which everything is counted.")
    source: Source = strawberry.field(description="Where it was read.")
    costs: list[CouponCost] = strawberry.field(description="By coupon and currency.")


async def coupon_report(
    info: Info, since: datetime, until: datetime, sandbox: bool, at_least: ConsistencyToken | None
) -> CouponReport:
    """The report; BAD_INPUT for a span that is none."""
    if until <= since:
        raise Fault(Code.BAD_INPUT, "A span ends after it begins.")
    named = {each.id: each for each in await all_coupons(info)}
    async with history_of(info, at_least) as history:
        found = await domain.coupon_costs(history.replica, info.context.tenant, since, until, sandbox=sandbox)
    costs = [
        CouponCost(
            coupon=named[GlobalId(str(each.coupon))],
            taken=Money.of(each.taken),
            undone=Money.of(each.undone),
            cost=Money.of(each.cost),
            redemptions=each.redemptions,
            invoices=each.invoices,
        )
        for each in found
        if str(each.coupon) in named  # one that was published since then is in the next report
    ]
    return CouponReport(as_of=history.as_of, source=Source(history.source.value), costs=costs)
