"""What a customer has and owes, alike for itself and for its parent."""

import strawberry

from api.connection import HistoryConnection
from api.graph import pages
from api.graph.arguments import After, AtLeast, First, Id
from api.graph.context import Info
from api.graph.invoice_filter import Filter, wanted
from api.graph.invoices import Invoice
from api.graph.subscriptions import Subscription
from domain.customers import customer as customers
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.invoice import invoice
from domain.subscriptions.subscription import subscription, subscriptions


@strawberry.type(description="The fields of a customer that are about its subscriptions and invoices.")
class CustomerBills:
    """A part of Customer and of ChildCustomer."""

    source: strawberry.Private[customers.Customer]

    @strawberry.field(description="Its subscriptions, newest first, at most 100.")
    async def subscriptions(self, info: Info) -> list[Subscription]:
        """The subscriptions."""
        return [Subscription.of(each) for each in await subscriptions(info.context.db.primary, self.source.id)]

    @strawberry.field(description="One of its subscriptions.")
    async def subscription(self, info: Info, id: Id) -> Subscription | None:
        """The subscription of that id."""
        parsed = SubscriptionId.parse(id)
        return Subscription.of(await subscription(info.context.db.primary, self.source.id, parsed))

    @strawberry.field(description="One of its invoices, as it stands on the primary.")
    async def invoice(self, info: Info, id: Id) -> Invoice | None:
        """The invoice of that id."""
        return Invoice.of(await invoice(info.context.db.primary, self.source.id, InvoiceId.parse(id)))

    @strawberry.field(description="Its invoices, newest first, from the replica; null where that is away.")
    async def invoices(
        self, info: Info, first: First, after: After = None, at_least: AtLeast = None, filter: Filter = None
    ) -> HistoryConnection[Invoice] | None:
        """A page of history."""
        return await pages.invoice_page(info, self.source.id, first, after, at_least, wanted(filter))
