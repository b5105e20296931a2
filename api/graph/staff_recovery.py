"""What staff see of recovery: the rules, and every attempt with what its gateway said."""

from enum import Enum

import strawberry

from api.graph.arguments import CustomerArgument, Id
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.dunning_case import DunningAttempt
from api.graph.recovery_policy import RecoveryPolicy
from api.graph.staff_billing import StaffBilling
from domain.dunning.attempts import Attempt, attempts_log
from domain.dunning.recovery_policy import recovery_policy
from domain.ids import CustomerId, InvoiceId


@strawberry.enum(description="Whether the same method may be tried again. More values may come.")
class DeclineClass(Enum):
    """The domain's DeclineClass."""

    SOFT = strawberry.enum_value("soft", description="It may work later.")
    HARD = strawberry.enum_value("hard", description="It may not be tried again.")


@strawberry.type(description="An attempt with what only staff see of it.")
class StaffDunningAttempt:
    """An attempt of the log."""

    attempt: DunningAttempt = strawberry.field(description="The attempt as its customer sees it.")
    decline_class: DeclineClass | None = strawberry.field(description="Of a decline, by the tenant's rules.")
    gateway_code: str | None = strawberry.field(description="The gateway's own word for why it failed.")
    provider_account: str = strawberry.field(description="The account at the provider that was asked.")
    provider_reference: str | None = strawberry.field(description="What the provider calls the charge.")
    provider_event_id: str | None = strawberry.field(
        description="The provider's event that settled it; null: an answer did, or nothing yet."
    )

    @classmethod
    def of(cls, each: Attempt) -> "StaffDunningAttempt":
        """The domain's attempt."""
        return cls(
            attempt=DunningAttempt.of(each.payment),
            decline_class=DeclineClass(each.decline.value) if each.decline else None,
            gateway_code=each.payment.failure_code,
            provider_account=each.payment.provider_account,
            provider_reference=each.payment.provider_ref,
            provider_event_id=each.settled_by,
        )


@strawberry.type(description="What staff see of recovery.")
class StaffRecovery(StaffBilling):
    """Fields of the root of staff."""

    @strawberry.field(description="How the tenant gets back what is unpaid, beside its dunning policies.")
    async def recovery_policy(self, info: Info) -> RecoveryPolicy:
        """The rules."""
        return RecoveryPolicy.of(await recovery_policy(info.context.db.primary, info.context.tenant))

    @strawberry.field(description="Every attempt to collect an invoice, in order, with what its gateway said.")
    async def dunning_attempts(
        self, info: Info, customer_id: CustomerArgument, invoice_id: Id
    ) -> list[StaffDunningAttempt]:
        """The log."""
        db = info.context.db.primary
        owner = (await find_customer(info, CustomerId.parse(customer_id))).source.id
        rules = (await recovery_policy(db, info.context.tenant)).rules
        return [
            StaffDunningAttempt.of(each) for each in await attempts_log(db, owner, InvoiceId.parse(invoice_id), rules)
        ]
