"""What a customer is told before it decides: each is the operation itself, worked out and rolled back."""

from typing import Annotated

import strawberry

from api.graph.arguments import PREVIEW, CancelWhen, Id, Quantity
from api.graph.context import Info
from api.graph.ending import Cancellation, cancel_preview
from api.graph.next_invoice import NextInvoice, next_invoice_preview
from api.graph.plan_change import PlanChange, change_preview, quantity_preview
from api.graph.purchase import Purchase, purchase_preview
from api.graph.quotes import MaybeQuantity, MaybeTiming, PlanChangeQuote, plan_change_quote
from api.graph.redemptions import CouponEffect, coupon_preview
from api.graph.retention import CancellationFlow, cancellation_flow
from api.graph.timing import CancelTiming, ChangeTiming
from domain.customers import customer as customers

Code = Annotated[str, strawberry.argument(description="The coupon's code, in whatever letters.")]
MaybeCode = Annotated[str | None, strawberry.argument(description="A coupon that would be redeemed with it.")]


@strawberry.type
class CustomerPreviews:
    """The part of a customer that says what would be charged."""

    source: strawberry.Private[customers.Customer]

    @strawberry.field(
        metadata=PREVIEW, description="What startSubscription would charge now; an error says why it would be refused."
    )
    async def start_subscription_preview(
        self, info: Info, price_id: Id, quantity: Quantity = 1, coupon_code: MaybeCode = None
    ) -> Purchase | None:
        """The first invoice; nothing is kept."""
        return await purchase_preview(info, self.source.id, price_id, quantity, coupon_code)

    @strawberry.field(
        metadata=PREVIEW,
        description="What a coupon would take off a purchase; an error says why it could not be redeemed with it.",
    )
    async def coupon_preview(self, info: Info, code: Code, price_id: Id) -> CouponEffect | None:
        """The coupon and its effect; nothing is kept."""
        return await coupon_preview(info, self.source.id, code, price_id)

    @strawberry.field(
        metadata=PREVIEW, description="What changePlan would do now; an error says why it would be refused."
    )
    async def change_plan_preview(self, info: Info, subscription_id: Id, price_id: Id) -> PlanChange | None:
        """The proration; nothing is kept."""
        return await change_preview(info, self.source.id, subscription_id, price_id)

    @strawberry.field(
        metadata=PREVIEW, description="A binding quote for changePlan; an error says why the change would be refused."
    )
    async def plan_change_quote(
        self,
        info: Info,
        subscription_id: Id,
        price_id: Id,
        quantity: MaybeQuantity = None,
        timing: MaybeTiming = ChangeTiming.BY_RULE,
    ) -> PlanChangeQuote | None:
        """The quote; nothing is kept."""
        return await plan_change_quote(info, self.source.id, subscription_id, price_id, quantity, timing)

    @strawberry.field(
        metadata=PREVIEW, description="What changeQuantity would do now; an error says why it would be refused."
    )
    async def change_quantity_preview(self, info: Info, subscription_id: Id, quantity: Quantity) -> PlanChange | None:
        """The proration; nothing is kept."""
        return await quantity_preview(info, self.source.id, subscription_id, quantity)

    @strawberry.field(
        metadata=PREVIEW, description="What cancelSubscription would do now; an error says why it would be refused."
    )
    async def cancel_preview(
        self, info: Info, subscription_id: Id, timing: CancelWhen = CancelTiming.PERIOD_END
    ) -> Cancellation | None:
        """The end; nothing is kept."""
        return await cancel_preview(info, self.source.id, subscription_id, timing)

    @strawberry.field(
        metadata=PREVIEW,
        description="What to ask and offer somebody who is about to cancel; an error says why it cannot cancel here.",
    )
    async def cancellation_flow(self, info: Info, subscription_id: Id) -> CancellationFlow | None:
        """The reasons and the offer; nothing is kept."""
        return await cancellation_flow(info, self.source.id, subscription_id)

    @strawberry.field(
        metadata=PREVIEW, description="The next invoice of a subscription; an error says why none can be foreseen."
    )
    async def next_invoice_preview(self, info: Info, subscription_id: Id) -> NextInvoice | None:
        """The renewal to come; nothing is kept."""
        return await next_invoice_preview(info, self.source.id, subscription_id)
