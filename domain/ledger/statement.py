"""A customer's statement: its postings, newest first, each with what it changed and the balance after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Replica, Row
from domain.ids import CustomerId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class Below:
    """Where a page begins: below a posting's number. What was owed and in credit before that posting, in minor units,
    is None where nobody remembers: then it is counted back from what there is now."""

    number: int
    receivable: int | None = None
    credit: int | None = None


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

    @property
    def below(self) -> Below:
        """Where a page that follows this entry begins."""
        receivable, credit = self.receivable - self.receivable_change, self.credit - self.credit_change
        return Below(self.number, receivable.minor, credit.minor)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of business time, open where an end is None: ``since`` belongs to it, ``until`` does not."""

    since: datetime | None = None
    until: datetime | None = None


EVER = Span()


async def statement(
    db: Replica, customer: CustomerId, currency: Currency, limit: int, before: Below | None = None, span: Span = EVER
) -> Sequence[StatementEntry]:
    """At most ``limit`` postings of the span with a number below ``before``.

    The running balances are those that the customer's very first postings on make, counted back from the kept ones, or
    from those of ``before``, over every posting since, also those that the span leaves out: instants need not rise with
    numbers. A page costs the same wherever it is, and more where its span ended many postings ago.
    """
    rows = await db.fetch(
        """WITH page AS MATERIALIZED (
               SELECT t.number, t.cause, t.happened_at
                 FROM ledger_transaction t
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.number < coalesce($5, 9223372036854775807)
                  AND ($6::timestamptz IS NULL OR t.happened_at >= $6)
                  AND ($7::timestamptz IS NULL OR t.happened_at < $7)
                  AND (SELECT true FROM ledger_transfer f  -- no EXISTS, which is joined to all the customer's postings
                        WHERE f.shard_key = t.shard_key AND f.customer_id = t.customer_id  -- where few are expected
                          AND f.number = t.number AND f.currency = $3 LIMIT 1)
                ORDER BY t.number DESC LIMIT $4),
           moved AS MATERIALIZED (
               SELECT f.number,
                      coalesce(sum(CASE 'receivable' WHEN f.debit_kind THEN f.amount
                                                     WHEN f.credit_kind THEN -f.amount END), 0) AS owed,
                      coalesce(sum(CASE 'customer_credit' WHEN f.credit_kind THEN f.amount
                                                          WHEN f.debit_kind THEN -f.amount END), 0) AS credit
                 FROM ledger_transfer f
                WHERE f.shard_key = $1 AND f.customer_id = $2 AND f.currency = $3
                  AND f.number >= (SELECT min(number) FROM page)
                  AND f.number < CASE WHEN $8::bigint IS NULL THEN 9223372036854775807 ELSE $5::bigint END
                GROUP BY f.number),
           since AS (
               SELECT number, owed, credit, sum(owed) OVER down AS owed_since, sum(credit) OVER down AS credit_since
                 FROM moved WINDOW down AS (ORDER BY number DESC)),
           kept AS MATERIALIZED (
               SELECT coalesce(sum(balance) FILTER (WHERE kind = 'receivable'), 0) AS owed,
                      coalesce(sum(balance) FILTER (WHERE kind = 'customer_credit'), 0) AS credit
                 FROM account_balance WHERE shard_key = $1 AND customer_id = $2 AND currency = $3)
           SELECT p.number, p.cause, p.happened_at, s.owed::bigint AS owed, s.credit::bigint AS credit,
                  (coalesce($8, k.owed) - s.owed_since + s.owed)::bigint AS owed_after,
                  (coalesce($9, k.credit) - s.credit_since + s.credit)::bigint AS credit_after
             FROM page p JOIN since s USING (number) CROSS JOIN kept k
            ORDER BY p.number DESC""",
        customer.shard, customer.uuid, str(currency), limit, before.number if before else None, span.since, span.until,
        before.receivable if before else None, before.credit if before else None,
    )  # fmt: skip
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
