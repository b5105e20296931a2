"""A customer's statement: its postings, newest first, each with what it changed and the balance after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Replica, Row
from domain.ids import CustomerId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One posting as the customer sees it: what it owes more or less, and what it has in credit more or less."""

    number: int
    cause: str
    happened_at: datetime
    receivable_change: Money
    receivable: Money
    credit_change: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class Span:
    """A part of business time, open where an end is None: ``since`` belongs to it, ``until`` does not."""

    since: datetime | None = None
    until: datetime | None = None


EVER = Span()


async def statement(
    db: Replica, customer: CustomerId, currency: Currency, limit: int, before: int | None = None, span: Span = EVER
) -> Sequence[StatementEntry]:
    """At most ``limit`` postings of the span with a number below ``before``.

    The running balances count from the customer's very first posting.
    """
    rows = await db.fetch(
        """WITH change AS (
               SELECT t.number, t.cause, t.happened_at,
                      coalesce(sum(CASE 'receivable' WHEN f.debit_kind THEN f.amount
                                                     WHEN f.credit_kind THEN -f.amount END), 0)::bigint AS owed,
                      coalesce(sum(CASE 'customer_credit' WHEN f.credit_kind THEN f.amount
                                                          WHEN f.debit_kind THEN -f.amount END), 0)::bigint AS credit
                 FROM ledger_transaction t
                 JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                       AND f.number = t.number
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND f.currency = $3
                GROUP BY t.number, t.cause, t.happened_at),
           running AS (
               SELECT number, cause, happened_at, owed, credit,
                      sum(owed) OVER (ORDER BY number)::bigint AS owed_after,
                      sum(credit) OVER (ORDER BY number)::bigint AS credit_after
                 FROM change)
           SELECT number, cause, happened_at, owed, credit, owed_after, credit_after FROM running
            WHERE ($5::bigint IS NULL OR number < $5) AND ($6::timestamptz IS NULL OR happened_at >= $6)
              AND ($7::timestamptz IS NULL OR happened_at < $7)
            ORDER BY number DESC LIMIT $4""",
        customer.shard,
        customer.uuid,
        str(currency),
        limit,
        before,
        span.since,
        span.until,
    )
    return [_entry(row, currency) for row in rows]


def _entry(row: Row, currency: Currency) -> StatementEntry:
    return StatementEntry(
        row["number"],
        row["cause"],
        row["happened_at"],
        Money(row["owed"], currency),
        Money(row["owed_after"], currency),
        Money(row["credit"], currency),
        Money(row["credit_after"], currency),
    )


async def count_entries(db: Replica, customer: CustomerId, cap: int, span: Span = EVER) -> int:
    """How many postings a customer has in the span; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM ledger_transaction
                                  WHERE shard_key = $1 AND customer_id = $2
                                    AND ($4::timestamptz IS NULL OR happened_at >= $4)
                                    AND ($5::timestamptz IS NULL OR happened_at < $5) LIMIT $3) AS t""",
        customer.shard,
        customer.uuid,
        cap,
        span.since,
        span.until,
    )
    return count
