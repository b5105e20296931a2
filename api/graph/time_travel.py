"""Subscriptions and invoices as they were at an instant."""

from datetime import datetime

import strawberry

from api.graph.catalog import Interval, Plan, Price
from api.graph.context import Info
from api.graph.debt import Access, DebtBlock
from api.graph.invoices import InvoiceState
from api.graph.money import Money, Period
from api.graph.subscriptions import SubscriptionState
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.customers.customer import Customer
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.subscriptions.subscription import subscription
from domain.timeline import invoice_as_of, subscription_as_of

TO_COME = "An instant to come is answered as now is: asOf says which instant it was."


@strawberry.type(description="An invoice as it was: all that happened up to and at the instant is counted.")
class InvoiceThen:
    """Where an invoice stood."""

    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    as_of: datetime = strawberry.field(description="The instant, in the customer's business time.")
    state: InvoiceState = strawberry.field(description="Where it stood.")
    credited: Money = strawberry.field(description="How much of it the customer's credit had paid.")
    noted: Money = strawberry.field(description="How much credit notes had lowered what was owed.")
    paid: Money = strawberry.field(description="How much had been paid with money.")
    due: Money = strawberry.field(description="How much was still due.")
    overdue: bool = strawberry.field(description="Whether its day had passed with something due.")


@strawberry.type(description="A subscription as it was: all that happened up to and at the instant is counted.")
class SubscriptionThen:
    """Where a subscription stood."""

    source: strawberry.Private[subscription_as_of.SubscriptionThen]
    subscription_id: GlobalId = strawberry.field(description="The subscription.")
    as_of: datetime = strawberry.field(description="The instant, in the customer's business time.")
    state: SubscriptionState = strawberry.field(description="Where it stood.")
    since: datetime = strawberry.field(description="Since when it had stood there.")
    quantity: int = strawberry.field(description="How many units were billed.")
    unit_amount: Money = strawberry.field(description="The price of one unit.")
    interval: Interval = strawberry.field(description="How often it renewed.")
    period: Period | None = strawberry.field(description="The billing period that was running; null: none was.")
    entitled: bool = strawberry.field(
        description="Whether it gave access, by the rule of Subscription.entitled and what was known then."
    )
    access: Access = strawberry.field(description="Whether it gave access, and if not, whether debt was why.")
    blocked_by_debt: DebtBlock | None = strawberry.field(description="What was to be paid where debt was why.")

    @strawberry.field(description="The plan it was on.")
    async def plan(self, info: Info) -> Plan:
        """The plan."""
        return Plan.of(await info.context.loaders.plans.load((info.context.tenant, self.source.terms.plan)))

    @strawberry.field(description="The price it was on.")
    async def price(self, info: Info) -> Price:
        """The price."""
        return Price.of(await info.context.loaders.prices.load((info.context.tenant, self.source.terms.price)))


def no_later_than_now(info: Info, of: Customer, at: datetime) -> datetime:
    """The instant, or the customer's own now where it is to come: what did not happen yet is not told as if it had."""
    return min(at, of.clock_at or info.context.loaders.began)


async def invoice_then(info: Info, customer: Customer, id: GlobalId, at: datetime) -> InvoiceThen | None:
    """The customer's invoice, else NOT_FOUND; None before it was issued."""
    db, at = info.context.db.primary, no_later_than_now(info, customer, at)
    of = await invoice(db, customer.id, id_of(InvoiceId.parse, id, "id"))
    found = await invoice_as_of.invoice_as_of(db, of, at)
    if found is None:
        return None
    return InvoiceThen(
        invoice_id=id,
        as_of=at,
        state=InvoiceState(found.state),
        credited=Money.of(found.credited),
        noted=Money.of(found.noted),
        paid=Money.of(found.paid),
        due=Money.of(found.due),
        overdue=found.is_overdue(of.due_at),
    )


async def subscription_then(info: Info, customer: Customer, id: GlobalId, at: datetime) -> SubscriptionThen | None:
    """The customer's subscription, else NOT_FOUND; None before it was started."""
    db, at = info.context.db.primary, no_later_than_now(info, customer, at)
    of = await subscription(db, customer.id, id_of(SubscriptionId.parse, id, "id"))
    found = await subscription_as_of.subscription_as_of(db, of, at)
    if found is None:
        return None
    return SubscriptionThen(
        source=found,
        subscription_id=id,
        as_of=at,
        state=SubscriptionState(found.state),
        since=found.since,
        quantity=found.terms.quantity,
        unit_amount=Money.of(found.terms.unit_amount),
        interval=Interval.of(found.terms.cadence),
        period=Period.of(found.period) if found.period else None,
        entitled=found.entitled and found.blocked is None,
        access=Access.of(found.entitled, found.blocked),
        blocked_by_debt=DebtBlock.of(found.blocked) if found.blocked else None,
    )
