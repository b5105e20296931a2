"""Balances as every type of the schema shows them."""

from datetime import datetime

import strawberry

from api.graph.money import Money
from api.scalars import Int64
from domain.ledger import balance as balances


@strawberry.type(description="What a customer owes and has in credit, read on the primary.")
class Balance:
    """A balance."""

    receivable: Money = strawberry.field(description="What is due on open invoices.")
    credit: Money = strawberry.field(description="What the next invoice uses up first.")
    through: Int64 = strawberry.field(description="The number of the last posting that is counted; 0: none is.")
    as_of: datetime = strawberry.field(description="The instant it is true for.")

    @classmethod
    def of(cls, balance: balances.Balance, at: datetime) -> "Balance":
        """The domain's balance."""
        receivable, credit = Money.of(balance.receivable), Money.of(balance.credit)
        return cls(receivable=receivable, credit=credit, through=Int64(balance.through), as_of=at)
