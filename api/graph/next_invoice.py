"""What the next invoice of a subscription will say."""

from datetime import datetime

import strawberry

from api.graph.catalog import Price
from api.graph.context import Info
from api.graph.invoices import InvoiceLine, invoice_lines
from api.graph.money import Money, Period
from api.graph.outcome import performed
from api.graph.taxes import DiscountAmount, TaxAmount, discounts_on, taxes_on
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.money import total
from domain.subscriptions import next_invoice as foreseen


@strawberry.type(description="The next invoice of a subscription, if nothing changes until then.")
class NextInvoice:
    """A preview of a renewal."""

    moves_to: strawberry.Private[PriceId | None]
    period: Period = strawberry.field(description="The period it will bill.")
    issued_at: datetime = strawberry.field(description="When it will be issued and charged.")
    lines: list[InvoiceLine] = strawberry.field(description="What it will say.")
    subtotal: Money = strawberry.field(description="The sum of the lines before tax.")
    tax: Money = strawberry.field(description="The sum of the taxes.")
    taxes: list[TaxAmount] = strawberry.field(description="The taxes by rate.")
    discounts: list[DiscountAmount] = strawberry.field(description="What each coupon will take off.")
    total: Money = strawberry.field(description="What it will come to: subtotal and tax.")
    credited: Money = strawberry.field(description="What the customer's present credit would pay of it.")
    due: Money = strawberry.field(description="What would be charged.")

    @strawberry.field(
        description="The price it moves to, where that is not the present one: as planned, by a price rise, or because "
        "the contract of its price is over by then."
    )
    async def new_price(self, info: Info) -> Price | None:
        """The other price."""
        if self.moves_to is None:
            return None
        return Price.of(await info.context.loaders.prices.load((info.context.tenant, self.moves_to)))


async def next_invoice_preview(info: Info, customer: CustomerId, subscription_id: GlobalId) -> NextInvoice:
    """The renewal to come, by the steps that will make it; nothing is kept, so any key serves."""
    command = foreseen.PreviewNextInvoice(id_of(SubscriptionId.parse, subscription_id, "subscriptionId"))
    operation = foreseen.preview_next_invoice
    done = (await performed(info, operation, customer, command, "preview", preview=True)).outcome
    return NextInvoice(
        moves_to=done.new_price,
        period=Period(start=done.period_start, end=done.period_end),
        issued_at=done.issued_at,
        lines=invoice_lines(done.lines),
        subtotal=Money.of(total((line.net for line in done.lines), done.total.currency)),
        tax=Money.of(total((line.tax for line in done.lines), done.total.currency)),
        taxes=taxes_on(done.lines),
        discounts=discounts_on(done.lines),
        total=Money.of(done.total),
        credited=Money.of(done.credited),
        due=Money.of(done.due),
    )
