"""The only writer of the ledger: one posting, one statement, one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.db import CHECK, Tx
from domain.ledger.account import DEBIT_NORMAL, KEPT, Account
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount above zero that is debited to one account and credited to another."""

    debit: Account
    credit: Account
    amount: Money


@dataclass(frozen=True, slots=True)
class Cause:
    """What a posting is for: the kind of fact and the id of its row."""

    kind: str
    id: UUID


async def post(tx: Tx, cause: Cause, transfers: Sequence[Transfer], *, reverses: int | None = None) -> int:
    """Posts the transfers as the customer's next ledger transaction, numbered without gaps from 1.

    PERIOD_CLOSED where the month is closed; INSUFFICIENT_BALANCE where a kept account would go below zero.
    """
    if not transfers or any(transfer.amount.minor <= 0 for transfer in transfers):
        raise Refused(RefusalCode.INVALID_AMOUNT, "A posting needs transfers of more than nothing.")
    month = books_month(tx.now)
    number = tx.head.ledger_number + 1
    deltas = _deltas(transfers)
    try:
        posted = await _write(tx, number, month, cause, transfers, deltas, reverses)
        if not posted and await _open_period(tx, month):
            posted = await _write(tx, number, month, cause, transfers, deltas, reverses)
    except CHECK as error:
        raise Refused(RefusalCode.INSUFFICIENT_BALANCE, "An account would fall below zero.") from error
    if not posted:
        raise Refused(RefusalCode.PERIOD_CLOSED, f"The books of {month:%Y-%m} are closed.")
    tx.head.ledger_number = number
    return number


def books_month(at: datetime) -> date:
    """The first day of the month in which an instant is booked, in UTC for every legal entity."""
    return at.astimezone(ZoneInfo("UTC")).date().replace(day=1)


def _deltas(transfers: Sequence[Transfer]) -> dict[tuple[str, str], int]:
    """By how much each kept account changes, on its normal side."""
    sums: dict[tuple[str, str], int] = {}
    for transfer in transfers:
        for account, sign in ((transfer.debit, 1), (transfer.credit, -1)):
            if account in KEPT:
                place = (account.value, str(transfer.amount.currency))
                normal = sign if account in DEBIT_NORMAL else -sign
                sums[place] = sums.get(place, 0) + normal * transfer.amount.minor
    return sums


async def _write(
    tx: Tx, number: int, month: date, cause: Cause, transfers: Sequence[Transfer], deltas: dict[tuple[str, str], int],
    reverses: int | None,
) -> bool:  # fmt: skip
    """Writes all rows, or none where the month's row is missing or closed; closing waits for the share lock."""
    places = sorted(deltas)
    written = await tx.fetchval(
        """WITH open_month AS (
               SELECT starts_on FROM accounting_period
                WHERE shard_key = $1 AND legal_entity_id = $3 AND starts_on = $4 AND closed_at IS NULL FOR SHARE),
           posting AS (
               INSERT INTO ledger_transaction (shard_key, customer_id, number, previous_number, legal_entity_id,
                   period_starts_on, transfer_count, cause, cause_id, operation_id, reverses_number, happened_at,
                   recorded_at)
               SELECT $1, $2, $5::bigint, nullif($5::bigint - 1, 0), $3, starts_on, $6, $7, $8, $9, $10, $11, $12
                 FROM open_month
               RETURNING number),
           transfers AS (
               INSERT INTO ledger_transfer (shard_key, customer_id, number, position, transfer_count, debit_kind,
                   credit_kind, currency, amount)
               SELECT $1, $2, p.number, t.position, $6, t.debit, t.credit, t.currency, t.amount
                 FROM posting p, unnest($13::text[], $14::text[], $15::text[], $16::bigint[])
                      WITH ORDINALITY AS t (debit, credit, currency, amount, position)),
           balances AS (
               UPDATE account_balance b
                  SET balance = b.balance + d.delta, version = b.version + 1, through_number = p.number
                 FROM posting p, unnest($17::text[], $18::text[], $19::bigint[]) AS d (kind, currency, delta)
                WHERE b.shard_key = $1 AND b.customer_id = $2 AND b.kind = d.kind AND b.currency = d.currency)
           SELECT number FROM posting""",
        tx.customer.shard, tx.customer.uuid, tx.head.legal_entity.uuid, month, number, len(transfers), cause.kind,
        cause.id, tx.operation.uuid, reverses, tx.now, tx.recorded_at,
        [transfer.debit.value for transfer in transfers], [transfer.credit.value for transfer in transfers],
        [str(transfer.amount.currency) for transfer in transfers], [transfer.amount.minor for transfer in transfers],
        [kind for kind, _ in places], [currency for _, currency in places], [deltas[place] for place in places],
    )  # fmt: skip
    return written is not None


async def _open_period(tx: Tx, month: date) -> bool:
    """Opens the books of a month the first time something is posted in it; False where they are closed.

    Whoever closes a later month finds no row of this one to close: it is closed all the same. The books are locked, so
    that who closes at this moment either sees this month's row or is seen here.
    """
    if await _stands(tx, month) is None:
        await lock_books(tx, tx.customer.shard)
    if (stands := await _stands(tx, month)) is not None:
        return stands
    await tx.execute(
        """INSERT INTO accounting_period (shard_key, legal_entity_id, starts_on) VALUES ($1, $2, $3)
           ON CONFLICT DO NOTHING""",
        tx.customer.shard,
        tx.head.legal_entity.uuid,
        month,
    )
    return True


async def _stands(tx: Tx, month: date) -> bool | None:
    """Whether a month is open; None where nobody opened it and none after it is closed."""
    row = await tx.fetchrow(
        """SELECT count(*) FILTER (WHERE starts_on = $3 AND closed_at IS NULL) AS open,
                  count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed
             FROM accounting_period WHERE shard_key = $1 AND legal_entity_id = $2 AND starts_on >= $3""",
        tx.customer.shard,
        tx.head.legal_entity.uuid,
        month,
    )
    assert row is not None
    return True if row["open"] else False if row["closed"] else None


async def lock_books(tx: Tx, shard: int) -> None:
    """Lets nobody else open or close a month of the legal entity under that shard key until the transaction ends."""
    key = (shard, tx.head.legal_entity.uuid)
    await tx.execute("INSERT INTO books (shard_key, legal_entity_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", *key)
    await tx.fetchval("SELECT shard_key FROM books WHERE shard_key = $1 AND legal_entity_id = $2 FOR UPDATE", *key)


async def reverse(tx: Tx, number: int, cause: Cause) -> int:
    """Posts the mirror image of an earlier transaction, linked to it; a second reversal of one breaks a unique key."""
    rows = await tx.fetch(
        """SELECT debit_kind, credit_kind, currency, amount FROM ledger_transfer
            WHERE shard_key = $1 AND customer_id = $2 AND number = $3 ORDER BY position""",
        tx.customer.shard,
        tx.customer.uuid,
        number,
    )
    mirrored = [
        Transfer(
            Account(row["credit_kind"]), Account(row["debit_kind"]), Money(row["amount"], Currency(row["currency"]))
        )
        for row in rows
    ]
    return await post(tx, cause, mirrored, reverses=number)
