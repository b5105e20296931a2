"""What if: the invoices that would come, and what a failing card would lead to."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graph.context import Info
from api.graph.invoices import InvoiceLine, invoice_lines
from api.graph.money import Money, Period
from api.graph.outcome import performed
from api.graph.refusal import FinalizeInvoiceError, SimulationError, as_error
from api.graph.texts import id_of
from api.scalars import GlobalId
from domain.ids import CustomerId, PriceId, SubscriptionId
from domain.refusals import Refused
from domain.timeline import simulate as what_if
from domain.timeline import virtual_run

REMOVAL = "Deprecated on 2026-11-21. Removal on 2027-06-01"  # half a year for who uses what was replaced


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
    issue_drafts: bool = strawberry.field(
        default=False, description="Whether the invoices that staff have drafted for it are issued now."
    )


MaybeScenario = Annotated[Scenario | None, strawberry.argument(description="What is supposed; left out: all goes on.")]


@strawberry.type(description="An invoice that would come.")
class ForeseenInvoice:
    """An invoice to come."""

    subscription_id: GlobalId | None = strawberry.field(
        description="The subscription it bills; null: none, as for a contract's true-up or a draft of staff."
    )
    period: Period = strawberry.field(description="The period it would bill.")
    issued_at: datetime = strawberry.field(description="When it would be issued and charged.")
    lines: list[InvoiceLine] = strawberry.field(description="What it would say.")
    subtotal: Money = strawberry.field(description="Before tax.")
    tax: Money = strawberry.field(description="Its tax.")
    total: Money = strawberry.field(description="What it would come to.")
    credited: Money = strawberry.field(description="What the credit of today, as far as it goes, would pay of it.")
    due: Money = strawberry.field(description="What would be charged.")

    @classmethod
    def of(cls, found: virtual_run.ForeseenInvoice) -> "ForeseenInvoice":
        """The domain's invoice."""
        return cls(
            subscription_id=GlobalId(str(found.subscription)) if found.subscription else None,
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

    subscription_id: GlobalId | None = strawberry.field(
        description="The subscription that the invoice bills; null: none, and access stays."
    )
    failed_at: datetime = strawberry.field(description="When the first payment fails.")
    retries: list[datetime] = strawberry.field(description="When it is tried again.")
    access_until: datetime = strawberry.field(description="When access ends.")
    gives_up_at: datetime = strawberry.field(description="When the invoice is given up and the subscription ends.")

    @classmethod
    def of(cls, found: virtual_run.Trouble) -> "PaymentTrouble":
        """The domain's timeline."""
        return cls(
            subscription_id=GlobalId(str(found.subscription)) if found.subscription else None,
            failed_at=found.failed_at,
            retries=list(found.retries),
            access_until=found.access_until,
            gives_up_at=found.gives_up_at,
        )


@strawberry.type(description="A subscription that would end, or pause for want of a price.")
class ForeseenEnding:
    """An end."""

    subscription_id: GlobalId = strawberry.field(description="Which one.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, found: what_if.Ending) -> "ForeseenEnding":
        """The domain's ending."""
        return cls(subscription_id=GlobalId(str(found.subscription)), at=found.at)


@strawberry.type(description="A draft of staff that would not be issued as it is now.")
class RefusedDraft:
    """A draft and its refusal."""

    draft_id: GlobalId = strawberry.field(description="The draft.")
    refusal: FinalizeInvoiceError = strawberry.field(description="Why it would not be issued.")

    @classmethod
    def of(cls, found: virtual_run.RefusedDraft) -> "RefusedDraft":
        """The domain's draft."""
        refused = Refused(found.code, found.message, found.path)
        return cls(draft_id=GlobalId(str(found.draft)), refusal=as_error(refused))


@strawberry.type(description="What would come of a scenario. It holds for as long as nothing else happens.")
class Simulation:
    """A simulation."""

    invoices: list[ForeseenInvoice] = strawberry.field(description="The invoices, in the order of issue.")
    endings: list[ForeseenEnding] = strawberry.field(description="The subscriptions that end in that time.")
    without_price: list[ForeseenEnding] = strawberry.field(
        description="Those that pause for want of a price: the contract of their own is over, and none is public."
    )
    troubles: list[PaymentTrouble] = strawberry.field(description="What a failing card leads to; none: it pays.")
    refused_drafts: list[RefusedDraft] = strawberry.field(
        description="With issueDrafts, the drafts that would not be issued as they are; the rest comes without them."
    )

    @strawberry.field(
        description="When the subscription ends, if it does until then.",
        deprecation_reason=f"Use endings, which has every subscription. {REMOVAL}",
    )
    def ends_at(self) -> datetime | None:
        """The first end."""
        return self.endings[0].at if self.endings else None

    @strawberry.field(
        description="What a failing card leads to; null: it pays.",
        deprecation_reason=f"Use troubles, which has every subscription. {REMOVAL}",
    )
    def trouble(self) -> PaymentTrouble | None:
        """The first timeline."""
        return self.troubles[0] if self.troubles else None

    @classmethod
    def of(cls, done: what_if.Simulated) -> "Simulation":
        """The domain's outcome."""
        return cls(
            invoices=[ForeseenInvoice.of(each) for each in done.invoices],
            endings=[ForeseenEnding.of(each) for each in done.endings],
            without_price=[ForeseenEnding.of(each) for each in done.without_price],
            troubles=[PaymentTrouble.of(each) for each in done.troubles],
            refused_drafts=[RefusedDraft.of(each) for each in done.refused],
        )


@strawberry.type(description="What would come, or why it cannot be told; refused as a mutation would be.")
class SimulationAnswer:
    """The answer of simulation."""

    simulation: Simulation | None = strawberry.field(description="What would come; null where it is refused.")
    errors: list[SimulationError] = strawberry.field(description="Why it is refused; empty where it is not.")


async def simulation_of(
    info: Info, customer: CustomerId, subscription_id: GlobalId | None, invoices: int, until: datetime | None,
    scenario: Scenario | None,
) -> SimulationAnswer:  # fmt: skip
    """The run, or why there is none."""
    try:
        found = await simulated(info, customer, subscription_id, invoices, until, scenario)
    except Refused as refused:
        return SimulationAnswer(simulation=None, errors=[as_error(refused)])
    return SimulationAnswer(simulation=found, errors=[])


async def simulated(
    info: Info, customer: CustomerId, subscription_id: GlobalId | None, invoices: int, until: datetime | None,
    scenario: Scenario | None,
) -> Simulation:  # fmt: skip
    """The run of a virtual clock; nothing is kept, so any key serves."""
    command = _command(subscription_id, invoices, until, scenario or Scenario())
    return Simulation.of((await performed(info, what_if.simulate, customer, command, "preview", preview=True)).outcome)


def _command(of: GlobalId | None, invoices: int, until: datetime | None, asked: Scenario) -> what_if.Simulate:
    return what_if.Simulate(
        id_of(SubscriptionId.parse, of, "subscriptionId") if of else None,
        invoices,
        virtual_run.Card(asked.card.value),
        id_of(PriceId.parse, asked.price_id, "priceId") if asked.price_id else None,
        asked.quantity,
        until,
        asked.issue_drafts,
    )
