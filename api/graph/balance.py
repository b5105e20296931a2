"""Balances as every type of the schema shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import strawberry

from api.graph.money import Money
from api.lazily import Lazily, Made, made_of
from api.scalars import Int64
from domain.ledger import balance as balances


@dataclass(frozen=True, slots=True)
class _Standing:
    """A balance and the instant it is true for."""

    balance: balances.Balance
    at: datetime


@strawberry.type(description="What a customer owes and has in credit, read on the primary.")
class Balance(Lazily):
    """A balance."""

    later: ClassVar = {
        "receivable": Made(Money, lambda of: of.balance.receivable),
        "credit": Made(Money, lambda of: of.balance.credit),
        "through": lambda of: Int64(of.balance.through),
        "as_of": lambda of: of.at,
    }

    receivable: Money = strawberry.field(description="What is due on open invoices.")
    credit: Money = strawberry.field(description="What the next invoice uses up first.")
    through: Int64 = strawberry.field(description="The number of the last posting that is counted; 0: none is.")
    as_of: datetime = strawberry.field(description="The instant it is true for.")

    @classmethod
    def of(cls, balance: balances.Balance, at: datetime) -> "Balance":
        """The domain's balance."""
        return made_of(cls, _Standing(balance, at))
