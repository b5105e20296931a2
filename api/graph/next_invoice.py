"""What the next invoice of a subscription will say."""

from datetime import datetime

import strawberry

from api.graph.catalog import Price
from api.graph.context import Info
from api.graph.invoices import InvoiceLine, invoice_lines
from api.graph.money import Money, Period
from api.graph.outcome import performed
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.subscriptions import next_invoice as foreseen


@strawberry.type(description="The next invoice of a subscription, if nothing changes until then.")
class NextInvoice:
    """A preview of a renewal."""

    moves_to: strawberry.Private[PriceId | None]
    period: Period = strawberry.field(description="The period it will bill.")
    issued_at: datetime = strawberry.field(description="When it will be issued and charged.")
    lines: list[InvoiceLine] = strawberry.field(description="What it will say.")
    total: Money = strawberry.field(description="What it will come to.")
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
        total=Money.of(done.total),
        credited=Money.of(done.credited),
        due=Money.of(done.due),
    )
