"""Subscriptions, and how an unpaid one comes back."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.agreement import SubscriptionAgreement
from api.graph.catalog import Interval, Plan, Price
from api.graph.context import Info
from api.graph.debt import Access, DebtBlock, block_of
from api.graph.money import Money, Period
from api.graph.node import Node
from api.graph.recovery import Recovery, recovery_of
from api.scalars import GlobalId
from domain.ids import PriceId
from domain.subscriptions import subscription as subscriptions


@strawberry.enum(description="Where a subscription stands. More values may come; use entitled to decide on access.")
class SubscriptionState(Enum):
    """The states of the subscription machine."""

    TRIALING = strawberry.enum_value("trialing", description="It is on trial; the first period is billed after it.")
    INCOMPLETE = strawberry.enum_value("incomplete", description="Its first invoice is not paid yet.")
    INCOMPLETE_EXPIRED = strawberry.enum_value(
        "incomplete_expired", description="Its first invoice was not paid in time; it never began."
    )
    ACTIVE = strawberry.enum_value("active", description="It is paid for.")
    PAST_DUE = strawberry.enum_value("past_due", description="An invoice of it is unpaid and will be tried again.")
    GRACE = strawberry.enum_value(
        "grace", description="An invoice of it is unpaid, nothing is tried any more; access stays."
    )
    SUSPENDED = strawberry.enum_value("suspended", description="Access has ended until the invoice is paid.")
    PAUSED = strawberry.enum_value("paused", description="It is not billed; what was paid for stays, as entitled says.")
    PENDING_CANCELLATION = strawberry.enum_value(
        "pending_cancellation", description="It ends when what was paid for is over; until then it can be kept."
    )
    CANCELED = strawberry.enum_value("canceled", description="It has ended for good.")


@strawberry.type(description="A dearer plan that was asked for and takes effect once its invoice is paid.")
class PendingChange:
    """A change that waits for its payment."""

    plan: Plan = strawberry.field(description="The plan it goes to.")
    price: Price = strawberry.field(description="The price it goes to.")
    quantity: int = strawberry.field(description="The quantity it goes to.")
    invoice_id: GlobalId = strawberry.field(description="The invoice it waits for.")


@strawberry.type(description="What a customer bought, on which terms, and which period is running.")
class Subscription(SubscriptionAgreement, Node):
    """A subscription."""

    state: SubscriptionState = strawberry.field(description="Where it stands.")
    quantity: int = strawberry.field(description="How many units are billed.")
    unit_amount: Money = strawberry.field(description="The price of one unit; it is this customer's until a term ends.")
    interval: Interval = strawberry.field(description="How often it renews.")
    current_period: Period = strawberry.field(description="The period that is running.")
    next_quantity: int | None = strawberry.field(
        description="The quantity it goes to when the running period ends, if that was asked for."
    )
    version: int = strawberry.field(description="Grows with every change; a mutation may say which one it has seen.")
    trial_end: datetime | None = strawberry.field(description="When its trial ends or ended; null: it had none.")
    cancel_at: datetime | None = strawberry.field(description="When it ends, if that was asked for.")
    paused_at: datetime | None = strawberry.field(description="Since when it pauses.")
    resumes_at: datetime | None = strawberry.field(description="When it resumes by itself; null: somebody has to.")
    without_price: bool = strawberry.field(
        description="Whether it pauses, without access, because the contract of its price is over and its plan has no "
        "public price: staff finds one, then it is resumed."
    )
    change_pending: bool = strawberry.field(description="Whether a plan change waits for its payment.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, subscription: subscriptions.Subscription) -> "Subscription":
        """The domain's subscription."""
        return cls(
            source=subscription,
            id=GlobalId(str(subscription.id)),
            state=SubscriptionState(subscription.state.name),
            quantity=subscription.quantity,
            unit_amount=Money.of(subscription.unit_amount),
            interval=Interval.of(subscription.cadence),
            current_period=Period.of(subscription.period),
            next_quantity=subscription.planned.quantity,
            version=subscription.version,
            trial_end=subscription.trial_end,
            cancel_at=subscription.cancel_at,
            paused_at=subscription.paused_at,
            resumes_at=subscription.resumes_at,
            without_price=subscription.is_without_price,
            change_pending=subscription.pending_invoice is not None,
            ended_at=subscription.ended_at,
        )

    @strawberry.field(description="Whether the customer has access now: whether access says GRANTED.")
    async def entitled(self, info: Info) -> bool:
        """Access in the customer's business time."""
        return (await _access(info, self.source)) is Access.GRANTED

    @strawberry.field(description="Whether the customer has access now, and if not, whether debt is why.")
    async def access(self, info: Info) -> Access:
        """Access in the customer's business time."""
        return await _access(info, self.source)

    @strawberry.field(description="What to pay where overdue debt blocks the access it would give; else null.")
    async def blocked_by_debt(self, info: Info) -> DebtBlock | None:
        """The block."""
        if (await _access(info, self.source)) is not Access.BLOCKED_BY_DEBT:
            return None
        return await block_of(info, self.source.customer, None)

    @strawberry.field(description="The plan it is on.")
    async def plan(self, info: Info) -> Plan:
        """The plan."""
        return Plan.of(await info.context.loaders.plans.load((info.context.tenant, self.source.plan)))

    @strawberry.field(description="The plan it goes to when the running period ends, if that was asked for.")
    async def next_plan(self, info: Info) -> Plan | None:
        """The plan of the scheduled price."""
        return (await _offer(info, self.source.next_price))[0] if self.source.next_price else None

    @strawberry.field(description="The price it goes to when the running period ends, if that was asked for.")
    async def next_price(self, info: Info) -> Price | None:
        """The scheduled price."""
        return (await _offer(info, self.source.next_price))[1] if self.source.next_price else None

    @strawberry.field(description="The plan change that waits for its payment; null: none does.")
    async def pending_change(self, info: Info) -> PendingChange | None:
        """The pending change."""
        pending = self.source.pending
        if pending is None:
            return None
        plan, price = await _offer(info, pending.price)
        invoice_id = GlobalId(str(pending.invoice))
        return PendingChange(plan=plan, price=price, quantity=pending.quantity, invoice_id=invoice_id)

    @strawberry.field(description="How it comes back while an invoice of it is unpaid; null otherwise.")
    async def recovery(self, info: Info) -> Recovery | None:
        """The open case."""
        for case in await info.context.loaders.cases.load(self.source.customer):
            if case.subscription == self.source.id and case.is_living:
                return await recovery_of(info, case)
        return None


async def _access(info: Info, of: subscriptions.Subscription) -> Access:
    loaders = info.context.loaders
    entitled = of.is_entitled_at(await loaders.times.load(of.customer))
    if entitled and of.id in await loaders.barred.load(of.customer):
        entitled = False  # a payment of it is in dispute, and the tenant's policy takes its access
    return Access.of(entitled, await loaders.blocks.load(of.customer) if entitled else None)


async def _offer(info: Info, id: PriceId) -> tuple[Plan, Price]:
    """A price and its plan."""
    loaders, tenant = info.context.loaders, info.context.tenant
    price = await loaders.prices.load((tenant, id))
    return Plan.of(await loaders.plans.load((tenant, price.plan))), Price.of(price)
