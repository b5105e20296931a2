"""An overdue invoice that is paid in parts."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.money import Money
from api.graph.payments import Payment
from api.scalars import GlobalId
from domain.ids import CustomerId
from domain.invoices.invoice import Invoice
from domain.payments import installments as domain


@strawberry.enum(description="Where a plan of parts stands. More values may come.")
class InstallmentPlanState(Enum):
    """The states of the machine."""

    ACTIVE = strawberry.enum_value("active", description="It is kept: access stays, and nothing else is tried.")
    COMPLETED = strawberry.enum_value("completed", description="Nothing is due on the invoice any more.")
    BROKEN = strawberry.enum_value("broken", description="A part failed; the invoice is collected as before.")
    CANCELLED = strawberry.enum_value("cancelled", description="The invoice or its subscription has ended.")


@strawberry.type(description="One part of an invoice.")
class Installment:
    """A part."""

    source: strawberry.Private[domain.Part]
    owner: strawberry.Private[CustomerId]
    invoice: strawberry.Private[Invoice]
    part: int = strawberry.field(description="Counts the parts, from 1.")
    amount: Money = strawberry.field(
        description="What was or will be charged: of a part to come its share of what is due now."
    )
    due_at: datetime = strawberry.field(description="When it is charged.")

    @strawberry.field(description="The attempt that charges it; null: it is to come.")
    async def payment(self, info: Info) -> Payment | None:
        """The payment."""
        found = await info.context.loaders.payments.load((self.owner, self.invoice.id))
        return next((Payment.of(each) for each in found if each.id == self.source.payment), None)


@strawberry.type(description="In which parts an overdue invoice is paid.")
class InstallmentPlan:
    """A plan."""

    id: GlobalId = strawberry.field(description="The plan's id.")
    state: InstallmentPlanState = strawberry.field(description="Where it stands.")
    made_at: datetime = strawberry.field(description="When it was agreed on.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it is kept.")
    parts: list[Installment] = strawberry.field(description="Its parts in order.")

    @classmethod
    def of(cls, plan: domain.Plan, invoice: Invoice) -> "InstallmentPlan":
        """The domain's plan of the invoice as it stands."""
        left = dict(plan.still_to_pay(invoice.due)) if plan.ended_at is None else {}
        return cls(
            id=GlobalId(str(plan.id)),
            state=InstallmentPlanState(plan.state.name),
            made_at=plan.made_at,
            ended_at=plan.ended_at,
            parts=[
                Installment(
                    source=part, owner=invoice.customer, invoice=invoice, part=part.part,
                    amount=Money.of(left.get(part, part.amount)), due_at=part.due_at,
                )
                for part in plan.parts
            ],
        )  # fmt: skip


async def newest_plan(info: Info, invoice: Invoice) -> InstallmentPlan | None:
    """The invoice's newest plan, or None."""
    plans = await domain.plans_of(info.context.db.primary, invoice.customer, invoice.id)
    return InstallmentPlan.of(plans[-1], invoice) if plans else None
