"""Losses made good: credit that was away when a payment was taken back, and has come back since, is taken for it.

It would have been taken then, had it been there: the order in which money goes and comes back changes nothing. Credit
that a customer has come by since is not taken.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.db import Tx
from domain.ids import PaymentId
from domain.ledger.account import Account
from domain.ledger.balance import credit_available
from domain.ledger.post import Cause, Transfer, post
from domain.money import Money
from domain.payments.book_money import REFUND_SHORT, SHORT
from domain.payments.doubt import make_good


async def make_losses_good(tx: Tx, back: Money, away: int, own: Sequence[UUID] = ()) -> Money:
    """Takes at most so much of the customer's credit for what payments have lacked since the posting of that number,
    by which it had gone, or for what its ``own`` payment and refund ever lacked; returns how much."""
    there = min(back, await credit_available(tx, tx.customer, back.currency))
    left = there
    for id, lacked in await _lacked_since(tx, there, away, own):
        good = await make_good(tx, id, min(left, lacked))
        if good.minor:
            taken = Transfer(Account.CUSTOMER_CREDIT, Account.RETURNED_PAYMENTS, good)
            await post(tx, Cause(SHORT, id.uuid), [taken])
        left -= good
    return there - left


async def _lacked_since(tx: Tx, most: Money, away: int, own: Sequence[UUID]) -> list[tuple[PaymentId, Money]]:
    """What was lacking of each payment, the first one first; none where there is nothing to take."""
    if not most.minor:
        return []
    rows = await tx.fetch(
        """SELECT coalesce(r.payment_id, t.cause_id) AS payment_id, sum(f.amount)::bigint AS minor
             FROM ledger_transaction t
             JOIN ledger_transfer f ON f.shard_key = $1 AND f.customer_id = $2 AND f.number = t.number
             LEFT JOIN refund r ON r.shard_key = $1 AND r.id = t.cause_id
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.cause = ANY ($3::text[]) AND f.currency = $4
              AND f.debit_kind = $5 AND (t.number > $6 OR t.cause_id = ANY ($7::uuid[]))
            GROUP BY 1
            ORDER BY min(t.number)""",
        tx.customer.shard, tx.customer.uuid, [SHORT, REFUND_SHORT], str(most.currency),
        Account.RETURNED_PAYMENTS.value, away, list(own),
    )  # fmt: skip
    return [(PaymentId(tx.customer.shard, row["payment_id"]), Money(row["minor"], most.currency)) for row in rows]
