"""Disputes as everybody sees them, and what of payments is derived from them and from refunds."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.money import Money
from api.graph.node import Node
from api.scalars import GlobalId
from domain.money import Money as Amount
from domain.money import total
from domain.payments import dispute as disputes
from domain.payments.payment import Payment


@strawberry.enum(description="Where a dispute stands. More values may come.")
class DisputeState(Enum):
    """The states of the dispute machine."""

    OPEN = strawberry.enum_value("open", description="The bank took the money back; it can be answered.")
    EVIDENCE_SUBMITTED = strawberry.enum_value("evidence_submitted", description="It was answered; the bank decides.")
    WON = strawberry.enum_value("won", description="The money is back.")
    LOST = strawberry.enum_value("lost", description="The money is gone.")


@strawberry.enum(description="What became of a payment beside its state. More values may come.")
class PaymentCondition(Enum):
    """What is derived from refunds and disputes, each of which has a machine of its own."""

    PARTIALLY_REFUNDED = strawberry.enum_value("partially_refunded", description="A part of it was given back.")
    REFUNDED = strawberry.enum_value("refunded", description="All of it was given back.")
    DISPUTED = strawberry.enum_value("disputed", description="A dispute of it, or of a part of it, is not decided.")
    DISPUTE_LOST = strawberry.enum_value("dispute_lost", description="A dispute took it, or a part of it.")


@strawberry.type(description="Money that a cardholder takes back through the bank.")
class Dispute(Node):
    """A dispute of one payment."""

    payment_id: GlobalId = strawberry.field(description="The payment that is disputed.")
    amount: Money = strawberry.field(description="How much of it.")
    state: DisputeState = strawberry.field(description="Where it stands.")
    opened_at: datetime = strawberry.field(description="When we heard of it, in the customer's business time.")
    closed_at: datetime | None = strawberry.field(description="When it was won or lost.")

    @classmethod
    def of(cls, dispute: disputes.Dispute) -> "Dispute":
        """The domain's dispute."""
        return cls(
            id=GlobalId(str(dispute.id)),
            payment_id=GlobalId(str(dispute.payment)),
            amount=Money.of(dispute.amount),
            state=DisputeState(dispute.state.name),
            opened_at=dispute.happened_at,
            closed_at=dispute.closed_at,
        )


async def disputed_of(info: Info, payments: Sequence[Payment]) -> Amount:
    """What of these payments, of which there is one at least, is in dispute or was lost by one."""
    found = [each for of in payments for each in await info.context.loaders.disputes.load((of.customer, of.id))]
    return total((each.amount for each in found if each.state.name != "won"), payments[0].amount.currency)


async def conditions_of(info: Info, payments: Sequence[Payment]) -> list[PaymentCondition]:
    """What became of the money of these payments."""
    loaders, found = info.context.loaders, []
    disputed = [each for of in payments for each in await loaders.disputes.load((of.customer, of.id))]
    refunds = [each for of in payments for each in await loaders.refunds.load((of.customer, of.id))]
    given_back = sum(each.amount.minor for each in refunds if each.state.name == "succeeded")
    if given_back:
        whole = given_back >= sum((of.captured - of.returned).minor for of in payments)
        found.append(PaymentCondition.REFUNDED if whole else PaymentCondition.PARTIALLY_REFUNDED)
    if any(each.is_open for each in disputed):
        found.append(PaymentCondition.DISPUTED)
    if any(each.state.name == "lost" for each in disputed):
        found.append(PaymentCondition.DISPUTE_LOST)
    return found
