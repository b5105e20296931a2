"""What if: the invoices that would come, and what a failing card would lead to."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graph.context import Info
from api.graph.invoices import InvoiceLine, invoice_lines
from api.graph.money import Money, Period
from api.graph.outcome import performed
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.timeline import simulate as what_if


@strawberry.enum(description="How the customer's payment method behaves from now on.")
class CardBehaviour(Enum):
    """Cards of a scenario."""

    PAYS = strawberry.enum_value("pays", description="Every payment succeeds.")
    FAILS = strawberry.enum_value("fails", description="Every payment is declined, and could be tried again.")


@strawberry.input(description="What is supposed; left out is what stands now.")
class Scenario:
    """A scenario."""

    card: CardBehaviour = strawberry.field(default=CardBehaviour.PAYS, description="How the payment method behaves.")
    price_id: GlobalId | None = strawberry.field(
        default=None, description="The price it goes to with the next period; in a trial at once."
    )
    quantity: int | None = strawberry.field(
        default=None, description="The quantity it goes to with the next period; in a trial at once."
    )


MaybeScenario = Annotated[Scenario | None, strawberry.argument(description="What is supposed; left out: all goes on.")]


@strawberry.type(description="An invoice that would come.")
class ForeseenInvoice:
    """An invoice to come."""

    period: Period = strawberry.field(description="The period it would bill.")
    issued_at: datetime = strawberry.field(description="When it would be issued and charged.")
    lines: list[InvoiceLine] = strawberry.field(description="What it would say.")
    subtotal: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="Its tax.")
    total: Money = strawberry.field(description="What it would come to.")
    credited: Money = strawberry.field(description="What the credit of today, as far as it goes, would pay of it.")
    due: Money = strawberry.field(description="What would be charged.")

    @classmethod
    def of(cls, found: what_if.ForeseenInvoice) -> "ForeseenInvoice":
        """The domain's invoice."""
        return cls(
            period=Period(start=found.period_start, end=found.period_end),
            issued_at=found.issued_at,
            lines=invoice_lines(found.lines),
            subtotal=Money.of(found.subtotal),
            tax=Money.of(found.tax),
            total=Money.of(found.total),
            credited=Money.of(found.credited),
            due=Money.of(found.due),
        )


@strawberry.type(description="What follows a failed payment if every retry fails too.")
class PaymentTrouble:
    """A timeline."""

    failed_at: datetime = strawberry.field(description="When the first payment fails.")
    retries: list[datetime] = strawberry.field(description="When it is tried again.")
    access_until: datetime = strawberry.field(description="When access ends.")
    gives_up_at: datetime = strawberry.field(description="When the invoice is given up and the subscription ends.")


@strawberry.type(description="What would come of a scenario. It holds for as long as nothing else happens.")
class Simulation:
    """A simulation."""

    invoices: list[ForeseenInvoice] = strawberry.field(description="The invoices, in the order of issue.")
    ends_at: datetime | None = strawberry.field(description="When the subscription ends, if it does until then.")
    without_price_at: datetime | None = strawberry.field(
        description="When it pauses for want of a price: the contract of its own is over, and there is no public one."
    )
    trouble: PaymentTrouble | None = strawberry.field(description="What a failing card leads to; null: it pays.")


async def simulation_of(
    info: Info, customer: CustomerId, subscription_id: GlobalId, invoices: int, scenario: Scenario | None
) -> Simulation:
    """The run of a virtual clock; nothing is kept, so any key serves."""
    asked = scenario or Scenario()
    command = what_if.Simulate(
        id_of(SubscriptionId.parse, subscription_id, "subscriptionId"),
        invoices,
        what_if.Card(asked.card.value),
        id_of(PriceId.parse, asked.price_id, "priceId") if asked.price_id else None,
        asked.quantity,
    )
    done = (await performed(info, what_if.simulate, customer, command, "preview", preview=True)).outcome
    trouble = done.trouble
    return Simulation(
        invoices=[ForeseenInvoice.of(each) for each in done.invoices],
        ends_at=done.ends_at,
        without_price_at=done.without_price_at,
        trouble=PaymentTrouble(
            failed_at=trouble.failed_at,
            retries=list(trouble.retries),
            access_until=trouble.access_until,
            gives_up_at=trouble.gives_up_at,
        )
        if trouble
        else None,
    )
