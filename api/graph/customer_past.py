"""What a customer can ask of its past, and of what would come."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.connection import HistoryConnection
from api.graph.activity import Activity, activity_page
from api.graph.arguments import SIMULATION, After, At, AtLeast, First, Id
from api.graph.changes import Change, MaybeBetween, change_page
from api.graph.comparison import ComparisonAnswer, InvoiceComparison, compared, comparison_of
from api.graph.context import Info
from api.graph.simulation import REMOVAL, MaybeScenario, Simulation, SimulationAnswer, simulated, simulation_of
from api.graph.time_travel import TO_COME, InvoiceThen, SubscriptionThen, invoice_then, subscription_then
from api.scalars import GlobalId
from domain.customers import customer as customers

Count = Annotated[int, strawberry.argument(description="How many invoices, 1 to 48.")]
MaybeOne = Annotated[GlobalId | None, strawberry.argument(description="One subscription; null: all that is billed.")]
Until = Annotated[datetime | None, strawberry.argument(description="Up to when, at most twelve years; null: that.")]


@strawberry.type(description="The fields of a customer that look back and ahead.")
class CustomerPast:
    """A part of Customer."""

    source: strawberry.Private[customers.Customer]

    @strawberry.field(description="Why one of its invoices is more or less than another.")
    async def invoice_comparison(self, info: Info, before: Id, after: Id) -> ComparisonAnswer | None:
        """The comparison."""
        return await comparison_of(info, self.source.id, before, after)

    @strawberry.field(
        description="Why one of its invoices is more or less than another.",
        deprecation_reason=f"Use invoiceComparison, which tells refusals apart. {REMOVAL}",
    )
    async def compare_invoices(self, info: Info, before: Id, after: Id) -> InvoiceComparison | None:
        """The comparison."""
        return await compared(info, self.source.id, before, after)

    @strawberry.field(description=f"One of its invoices as it was at an instant; null before it was issued. {TO_COME}")
    async def invoice_as_of(self, info: Info, id: Id, at: At) -> InvoiceThen | None:
        """The invoice then."""
        return await invoice_then(info, self.source, id, at)

    @strawberry.field(
        description=f"One of its subscriptions as it was at an instant; null before it was started. {TO_COME}"
    )
    async def subscription_as_of(self, info: Info, id: Id, at: At) -> SubscriptionThen | None:
        """The subscription then."""
        return await subscription_then(info, self.source, id, at)

    @strawberry.field(
        description="What was done about it, by whom and when, newest first; from the replica, null where that is away."
    )
    async def activity(
        self, info: Info, first: First, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[Activity] | None:
        """A page of history."""
        return await activity_page(info, self.source.id, first, after, at_least)

    @strawberry.field(
        description="What happened to it, newest first, in its own words; from the replica, null where that is away."
    )
    async def changes(
        self, info: Info, first: First, between: MaybeBetween = None, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[Change] | None:
        """A page of history."""
        return await change_page(info, self.source.id, between, first, after, at_least)

    @strawberry.field(
        metadata=SIMULATION,
        description="What if: its next invoices on a virtual clock, of all its subscriptions and contracts or of one"
        " subscription; nothing is kept or charged.",
    )
    async def simulation(
        self, info: Info, subscription_id: MaybeOne = None, count: Count = 12, until: Until = None,
        scenario: MaybeScenario = None,
    ) -> SimulationAnswer | None:  # fmt: skip
        """What would come."""
        return await simulation_of(info, self.source.id, subscription_id, count, until, scenario)

    @strawberry.field(
        metadata=SIMULATION,
        description="What if: the next invoices of a subscription on a virtual clock; nothing is kept or charged.",
        deprecation_reason=f"Use simulation, which tells refusals apart. {REMOVAL}",
    )
    async def simulate(
        self, info: Info, subscription_id: MaybeOne = None, count: Count = 12, until: Until = None,
        scenario: MaybeScenario = None,
    ) -> Simulation | None:  # fmt: skip
        """What would come."""
        return await simulated(info, self.source.id, subscription_id, count, until, scenario)
