"""Calls that customers and partners lost the answer of, as staff see them: with both sides of the ledger."""

from typing import Annotated, Final

import strawberry

from api.graph.arguments import CustomerArgument, Key
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.lost_answers import (
    OperationInspection,
    OperationPosting,
    inspection_of,
    payments_in,
    postings_in,
)
from api.graph.money import Money
from api.graph.staff_payments import StaffPayment
from api.scalars import Text
from domain.ids import CustomerId
from domain.inspection import Inspected
from domain.ledger import entries
from domain.ledger.post import Transfer

_scope: Final = Text(max_length=400)  # a subject is at most 255 characters; the rest marks who vouches for it
PORTAL: Final = "portal"  # the scope that all users of a customer share
Scope = Annotated[
    str | None,
    strawberry.argument(
        description="Whose key it is, as the audit trail names actors: system, or one of a partner or of staff. "
        "Left out: the customer's own users'."
    ),
]


@strawberry.type(description="An amount that was debited to one account and credited to another.")
class LedgerTransfer:
    """A transfer."""

    debit: str = strawberry.field(description="The account that was debited, as the chart of accounts calls it.")
    credit: str = strawberry.field(description="The account that was credited.")
    amount: Money = strawberry.field(description="How much.")

    @classmethod
    def of(cls, transfer: Transfer) -> "LedgerTransfer":
        """The domain's transfer."""
        return cls(debit=transfer.debit.value, credit=transfer.credit.value, amount=Money.of(transfer.amount))


@strawberry.type(description="A posting with what only staff see of it.")
class StaffPosting:
    """A ledger transaction."""

    posting: OperationPosting = strawberry.field(description="The posting as its customer sees it.")
    transfers: list[LedgerTransfer] = strawberry.field(description="Its transfers, in their order.")

    @classmethod
    def of(cls, posting: entries.Posting) -> "StaffPosting":
        """The domain's posting."""
        return cls(
            posting=OperationPosting.of(posting), transfers=[LedgerTransfer.of(each) for each in posting.transfers]
        )


@strawberry.type(description="What became of a call, with what only staff see of it.")
class StaffInspection:
    """An inspection."""

    source: strawberry.Private[Inspected | None]
    owner: strawberry.Private[CustomerId]
    scope: str = strawberry.field(description="Whose key it is: portal is the customer's own users'.")
    inspection: OperationInspection = strawberry.field(description="The inspection as the caller sees it.")

    @strawberry.field(description="The payments of the operation.")
    async def payments(self, info: Info) -> list[StaffPayment]:
        """The payments, with their names at the provider."""
        found = await payments_in(info, self.owner, self.source) if self.source else []
        return [StaffPayment.of(each) for each in found]

    @strawberry.field(description="What was posted by the operation, and because of its payments and refunds.")
    async def postings(self, info: Info) -> list[StaffPosting]:
        """The postings, with their accounts."""
        found = await postings_in(info, self.owner, self.source) if self.source else []
        return [StaffPosting.of(each) for each in found]


@strawberry.type(description="What staff see of calls whose answer was lost.")
class StaffInspections:
    """Fields of the root of staff."""

    @strawberry.field(description="What became of a key on a customer; null for a customer that is not there.")
    async def inspection(
        self, info: Info, customer_id: CustomerArgument, idempotency_key: Key, scope: Scope = None
    ) -> StaffInspection | None:
        """The inspection."""
        owner, whose = (
            (await find_customer(info, CustomerId.parse(customer_id))).source.id,
            PORTAL if scope is None else scope,
        )
        _scope(whose, "scope")
        own = await inspection_of(info, owner, whose, idempotency_key)
        source = own.operation.source if own.operation else None
        return StaffInspection(source=source, owner=owner, scope=whose, inspection=own)
