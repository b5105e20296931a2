"""What a customer owes and has in credit, read on the primary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId
from domain.ledger.account import DEBIT_NORMAL, Account
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Balance:
    """Receivable and credit of one customer in one currency; ``through`` is the last posting counted."""

    receivable: Money
    credit: Money
    through: int


async def balance(db: Primary, customer: CustomerId, currency: Currency) -> Balance:
    """The balance now; zero before the first posting."""
    rows = await db.fetch(
        """SELECT kind, balance, through_number FROM account_balance
            WHERE shard_key = $1 AND customer_id = $2 AND currency = $3""",
        customer.shard,
        customer.uuid,
        str(currency),
    )
    kept = {row["kind"]: row["balance"] for row in rows}
    return Balance(
        Money(kept.get(Account.RECEIVABLE.value, 0), currency),
        Money(kept.get(Account.CUSTOMER_CREDIT.value, 0), currency),
        max((row["through_number"] for row in rows), default=0),
    )


async def balances_of(
    db: Primary, shard: int, customers: Sequence[UUID], currency: Currency
) -> dict[CustomerId, Balance]:
    """The balances of customers of one shard key now, by one statement."""
    rows = await db.fetch(
        """SELECT customer_id, kind, balance, through_number FROM account_balance
            WHERE shard_key = $1 AND customer_id = ANY ($2::uuid[]) AND currency = $3""",
        shard,
        list(customers),
        str(currency),
    )
    kept = {(row["customer_id"], row["kind"]): row for row in rows}

    def of(uuid: UUID) -> Balance:
        owed, credit = (kept.get((uuid, kind.value)) for kind in (Account.RECEIVABLE, Account.CUSTOMER_CREDIT))
        return Balance(
            Money(owed["balance"] if owed else 0, currency),
            Money(credit["balance"] if credit else 0, currency),
            max((row["through_number"] for row in rows if row["customer_id"] == uuid), default=0),
        )

    return {CustomerId(shard, uuid): of(uuid) for uuid in customers}


async def balance_as_of(db: Primary, customer: CustomerId, currency: Currency, at: datetime) -> Balance:
    """The balance as the postings up to an instant of business time make it, from the transfers alone."""
    row = await db.fetchrow(
        """SELECT coalesce(sum(CASE WHEN debit_kind = 'receivable' THEN amount END), 0)
                  - coalesce(sum(CASE WHEN credit_kind = 'receivable' THEN amount END), 0) AS receivable,
                  coalesce(sum(CASE WHEN credit_kind = 'customer_credit' THEN amount END), 0)
                  - coalesce(sum(CASE WHEN debit_kind = 'customer_credit' THEN amount END), 0) AS credit,
                  coalesce(max(f.number), 0) AS through
             FROM ledger_transfer f
             JOIN ledger_transaction t ON t.shard_key = f.shard_key AND t.customer_id = f.customer_id
                                      AND t.number = f.number
            WHERE f.shard_key = $1 AND f.customer_id = $2 AND f.currency = $3 AND t.happened_at <= $4""",
        customer.shard,
        customer.uuid,
        str(currency),
        at,
    )
    assert row is not None
    return Balance(Money(int(row["receivable"]), currency), Money(int(row["credit"]), currency), row["through"])


async def moved_by(
    db: Primary, customer: CustomerId, numbers: Sequence[int], account: Account, currency: Currency
) -> Money:
    """By how much the transactions of these numbers changed one account together, on its normal side."""
    row = await db.fetchrow(
        """SELECT coalesce(sum(CASE WHEN debit_kind = $4 THEN amount END), 0) AS debited,
                  coalesce(sum(CASE WHEN credit_kind = $4 THEN amount END), 0) AS credited
             FROM ledger_transfer
            WHERE shard_key = $1 AND customer_id = $2 AND number = ANY ($3::bigint[]) AND currency = $5""",
        customer.shard,
        customer.uuid,
        list(numbers),
        account.value,
        str(currency),
    )
    assert row is not None
    debited = int(row["debited"]) - int(row["credited"])
    return Money(debited if account in DEBIT_NORMAL else -debited, currency)


async def numbers_of(db: Primary, customer: CustomerId, causes: Sequence[str], id: UUID) -> list[int]:
    """The customer's transactions that were posted for one of these causes and this row."""
    rows = await db.fetch(
        """SELECT number FROM ledger_transaction
            WHERE shard_key = $1 AND customer_id = $2 AND cause = ANY ($3::text[]) AND cause_id = $4 ORDER BY number""",
        customer.shard,
        customer.uuid,
        list(causes),
        id,
    )
    return [row["number"] for row in rows]


async def credit_available(db: Primary, customer: CustomerId, currency: Currency) -> Money:
    """How much credit the next invoice can use up."""
    return (await balance(db, customer, currency)).credit
