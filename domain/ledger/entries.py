"""The postings of an operation and of what followed from it, with both sides of each transfer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId, OperationId
from domain.ledger.account import Account
from domain.ledger.post import Transfer
from domain.money import Currency, Money, total


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger transaction of a customer; its transfers in their order."""

    number: int
    cause: str
    happened_at: datetime
    transfers: tuple[Transfer, ...]

    def change(self, account: Account) -> Money:
        """What was debited to the account, less what was credited to it."""
        nothing = Money.zero(self.transfers[0].amount.currency)
        debited = total([each.amount for each in self.transfers if each.debit is account], nothing.currency)
        return debited - total([each.amount for each in self.transfers if each.credit is account], nothing.currency)


async def postings_of(
    db: Primary, customer: CustomerId, operation: OperationId, causes: Sequence[UUID]
) -> list[Posting]:
    """What the operation posted itself, and what was posted because of these payments and refunds, oldest first."""
    rows = await db.fetch(
        """SELECT t.number, t.cause, t.happened_at, f.debit_kind, f.credit_kind, f.currency, f.amount
             FROM ledger_transaction t
             JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                   AND f.number = t.number
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND (t.operation_id = $3 OR t.cause_id = ANY ($4::uuid[]))
            ORDER BY t.number, f.position""",
        customer.shard,
        customer.uuid,
        operation.uuid,
        list(causes),
    )
    found: dict[int, Posting] = {}
    for row in rows:
        moved = Transfer(
            Account(row["debit_kind"]), Account(row["credit_kind"]), Money(row["amount"], Currency(row["currency"]))
        )
        known = found.get(row["number"])
        transfers = (*known.transfers, moved) if known else (moved,)
        found[row["number"]] = Posting(row["number"], row["cause"], row["happened_at"], transfers)
    return list(found.values())
