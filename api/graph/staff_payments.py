"""A payment as staff see it: with its names at the provider, and the event that settled it."""

from datetime import datetime

import strawberry

from api.graph.context import Info
from api.graph.payments import Payment
from api.scalars import GlobalId
from domain.payments import payment as payments


@strawberry.type(description="A payment with what only staff see of it: whose it is, and its names at the provider.")
class StaffPayment:
    """A payment on the support desk."""

    customer_id: GlobalId = strawberry.field(description="The customer who pays.")
    payment: Payment = strawberry.field(description="The payment as its customer sees it.")
    provider_account: str = strawberry.field(description="The provider and the account there.")
    provider_reference: str | None = strawberry.field(description="The provider's own id of the charge.")
    sent_at: datetime | None = strawberry.field(description="From when on the provider may have it.")
    times_asked: int = strawberry.field(description="How often the provider was asked what became of it.")
    source: strawberry.Private[payments.Payment]

    @strawberry.field(description="The attempts at the same invoice before this one, in order.")
    async def prior_attempts(self, info: Info) -> list["StaffPayment"]:
        """What was tried already, and what came of it."""
        key = (self.source.customer, self.source.invoice)
        tries = await info.context.loaders.payments.load(key)
        return [StaffPayment.of(each) for each in tries if each.attempt_number < self.source.attempt_number]

    @strawberry.field(description="The provider's event that settled it; null: an answer did, or nothing yet.")
    async def provider_event_id(self, info: Info) -> str | None:
        """The event under whose key the operation was performed."""
        if self.source.is_open:
            return None
        return await info.context.loaders.settled_by.load((self.source.customer, self.source.id))

    @classmethod
    def of(cls, payment: payments.Payment) -> "StaffPayment":
        """The domain's payment."""
        return cls(
            source=payment,
            customer_id=GlobalId(str(payment.customer)),
            payment=Payment.of(payment),
            provider_account=payment.provider_account,
            provider_reference=payment.provider_ref,
            sent_at=payment.sent_at,
            times_asked=payment.queries,
        )
