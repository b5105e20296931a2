"""What staff see of refunds: the policy, and what waits for another person."""

from datetime import datetime
from enum import Enum
from typing import cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import After, First
from api.graph.context import Info
from api.graph.payments import Refund
from api.graph.payouts import StaffPayouts
from api.graph.refund_policy import RefundPolicy, current_policy
from api.graph.staff_recovery import StaffRecovery
from api.scalars import GlobalId
from domain.fanout.refund_requests import Waiting, count_waiting_refunds, waiting_refunds

Place = tuple[datetime, str]


@strawberry.enum(description="Who decides on a refund, beside that it is not who asked. More values may come.")
class RefundApprover(Enum):
    """The domain's Approver."""

    LEAD = strawberry.enum_value("lead", description="A lead, finance or an admin.")
    FINANCE = strawberry.enum_value("finance", description="Finance or an admin.")


@strawberry.enum(description="Which rule wants another person. More values may come.")
class RefundRule(Enum):
    """The domain's Because."""

    AGE = strawberry.enum_value("age", description="The payment is old.")
    AMOUNT = strawberry.enum_value("amount", description="The amount is above what the asker gives back alone.")
    CUSTOMER = strawberry.enum_value("customer", description="The customer has got much lately.")
    STAFF = strawberry.enum_value("staff", description="The asker has given much back lately.")


@strawberry.type(description="A refund that waits for another person.")
class RefundRequest:
    """A request on the desk."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="The payment.")
    refund: Refund = strawberry.field(description="The refund; its amount is reserved on the payment.")
    asked_by: str = strawberry.field(description="Who asked, as the audit trail names people.")
    asked_at: datetime = strawberry.field(description="When, in wall time.")
    needs: RefundApprover = strawberry.field(description="Who decides.")
    because: RefundRule = strawberry.field(description="Why somebody has to.")
    expires_at: datetime = strawberry.field(description="When it is rejected by itself, in the customer's time.")

    @classmethod
    def of(cls, waiting: Waiting) -> "RefundRequest":
        """The domain's request."""
        asked = waiting.asked
        return cls(
            customer_id=GlobalId(str(asked.customer)),
            payment_id=GlobalId(str(waiting.refund.payment)),
            refund=Refund.of(waiting.refund),
            asked_by=asked.asked_by,
            asked_at=asked.asked_at,
            needs=RefundApprover(asked.needs.value),
            because=RefundRule(asked.because.value),
            expires_at=asked.expires_at,
        )


@strawberry.type(description="What staff see of refunds.")
class StaffRefunds(StaffRecovery, StaffPayouts):
    """Fields of the root of staff."""

    @strawberry.field(description="What a member of staff gives back without another person.")
    async def refund_policy(self, info: Info) -> RefundPolicy:
        """The policy."""
        return await current_policy(info)

    @strawberry.field(description="Refunds that wait for another person, the longest waiting first.")
    async def refund_requests(self, info: Info, first: First, after: After = None) -> Connection[RefundRequest]:
        """A page of the queue."""
        db, tenant = info.context.db.primary, info.context.tenant
        keys = Keyset("refundRequests", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)
        place = (wanted.after[0], UUID(wanted.after[1])) if wanted.after else None
        rows = await waiting_refunds(db, tenant, wanted.fetch, place)
        return keys.connection(
            wanted, rows, lambda row: (row.asked.asked_at, str(row.refund.id.uuid)), RefundRequest.of,
            lambda cap: count_waiting_refunds(db, tenant, cap),
        )  # fmt: skip
