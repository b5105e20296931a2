"""The dunning of an invoice: where it stands, or what ended it."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.payments import PaymentMethod, PaymentState
from api.graph.why_unpaid import WhyUnpaid
from api.scalars import GlobalId
from domain.dunning import case as cases
from domain.dunning.attempts import why_failed
from domain.payments.payment import Payment


@strawberry.enum(description="Where the dunning of an invoice stands. More values may come.")
class DunningState(Enum):
    """The states of the dunning machine."""

    RETRYING = strawberry.enum_value("retrying", description="The payment is tried again, or the customer reminded.")
    GRACE = strawberry.enum_value("grace", description="Nothing is tried any more; access stays for a while.")
    SUSPENDED = strawberry.enum_value("suspended", description="Access has ended until the invoice is paid.")
    RECOVERED = strawberry.enum_value("recovered", description="The invoice was paid.")
    GIVEN_UP = strawberry.enum_value("given_up", description="The invoice was written off.")
    STOPPED = strawberry.enum_value("stopped", description="Nothing is collected any more, without a payment.")


@strawberry.enum(description="What ended the dunning of an invoice. More values may come.")
class DunningEnd(Enum):
    """One for each end of a case."""

    PAID = strawberry.enum_value("paid", description="The invoice was paid.")
    VOIDED = strawberry.enum_value("voided", description="The invoice was voided.")
    CREDITED = strawberry.enum_value("credited", description="A credit note left nothing due on it.")
    WRITTEN_OFF = strawberry.enum_value("written_off", description="Staff gave the invoice up.")
    SUBSCRIPTION_ENDED = strawberry.enum_value("subscription_ended", description="The subscription has ended.")
    TIMELINE = strawberry.enum_value("timeline", description="Its last day came, and the invoice was written off.")


@strawberry.type(description="One attempt to collect an invoice, as its customer is told of it.")
class DunningAttempt:
    """An attempt."""

    source: strawberry.Private[Payment]
    payment_id: GlobalId = strawberry.field(description="The payment.")
    number: int = strawberry.field(description="Counts the attempts at the invoice, from 1.")
    at: datetime = strawberry.field(description="When it was begun.")
    state: PaymentState = strawberry.field(description="Where it stands.")
    reason: WhyUnpaid | None = strawberry.field(description="Why it brought nothing, or not yet; null: it did.")

    @classmethod
    def of(cls, payment: Payment) -> "DunningAttempt":
        """The domain's payment."""
        why = why_failed(payment)
        return cls(
            source=payment,
            payment_id=GlobalId(str(payment.id)),
            number=payment.attempt_number,
            at=payment.happened_at,
            state=PaymentState(payment.state.name),
            reason=WhyUnpaid(why.value) if why else None,
        )

    @strawberry.field(description="The method as people know it, also when it is gone; null: staff recorded it.")
    async def method(self, info: Info) -> PaymentMethod | None:
        """The method."""
        if self.source.method is None:
            return None
        found = await info.context.loaders.methods.load((self.source.customer, self.source.method))
        return PaymentMethod.of(found) if found else None


@strawberry.type(description="The dunning of an invoice.")
class Dunning:
    """A dunning case."""

    source: strawberry.Private[cases.Case]
    state: DunningState = strawberry.field(description="Where it stands.")
    opened_at: datetime = strawberry.field(description="When the first payment had failed, or its day had passed.")
    ended_by: DunningEnd | None = strawberry.field(description="What ended it; null while it goes on.")

    @classmethod
    def of(cls, case: cases.Case) -> "Dunning":
        """The domain's case."""
        ended_by = DunningEnd(case.ended_by.value) if case.ended_by else None
        return cls(source=case, state=DunningState(case.state.name), opened_at=case.opened_at, ended_by=ended_by)

    @strawberry.field(description="The attempts to collect it, in order.")
    async def attempts(self, info: Info) -> list[DunningAttempt]:
        """The log."""
        found = await info.context.loaders.payments.load((self.source.customer, self.source.invoice))
        return [DunningAttempt.of(each) for each in found]
