"""Closing the books: a month that is over takes no posting any more, nor does any month before it."""

from dataclasses import dataclass
from datetime import date

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import LegalEntityId
from domain.ledger.post import books_month, lock_books
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

OLDEST = date(2000, 1, 1)  # no test clock shows an earlier month, and nothing is booked before it: it was mistyped


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """The first day of the month up to whose end the books of the house's legal entity are closed."""

    month: date


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """The month that is closed now."""

    month: date


async def closed_through(db: Primary, shard: int, entity: LegalEntityId) -> date | None:
    """The newest month whose books are closed, by its first day; they are closed under all shard keys or under none."""
    newest: date | None = await db.fetchval(
        """SELECT max(starts_on) FROM accounting_period
            WHERE shard_key = $1 AND legal_entity_id = $2 AND closed_at IS NOT NULL""",
        shard, entity.uuid,
    )  # fmt: skip
    return newest


@operation("ledger.close_period", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), destroys=True)
async def close_period(tx: Tx, command: ClosePeriod) -> PeriodClosed:
    """Runs under the house of a legal entity, else NOT_FOUND. INVALID_INPUT for a day that is not the first of a month,
    and for a month before OLDEST; STATE_CONFLICT for a month that is not over, or closed already by itself or with a
    later one; BUSY where postings hold it open for too long.

    It waits for the postings that are under way and is waited for by those that come after it, which are refused.
    """
    if tx.head.kind != "house":
        raise Refused(RefusalCode.NOT_FOUND, "There are no books of their own here.")
    if command.month.day != 1:
        raise Refused(RefusalCode.INVALID_INPUT, "A month is named by its first day.", ("month",))
    if command.month < OLDEST:
        raise Refused(RefusalCode.INVALID_INPUT, f"There are no books of before {OLDEST.year}.", ("month",))
    if command.month >= books_month(tx.now):
        raise Refused(RefusalCode.STATE_CONFLICT, f"{command.month:%Y-%m} is not over yet.", ("month",))
    tx.many_keys_reason = "the month of a legal entity is closed under every shard key of its tenant or under none"
    for key in await _shard_keys(tx):
        await _close(tx, key, command.month)
    return PeriodClosed(command.month)


async def _shard_keys(tx: Tx) -> list[int]:
    rows = await tx.fetch(
        "SELECT shard_key FROM tenant_shard_key WHERE tenant_id = $1 ORDER BY shard_key", tx.head.tenant.uuid
    )
    return [row["shard_key"] for row in rows]


async def _close(tx: Tx, key: int, month: date) -> None:
    """Closes the row of the month, which is made where nothing was posted in it, and those before it."""
    entity = tx.head.legal_entity.uuid
    await lock_books(tx, key)
    closed = await closed_through(tx, key, tx.head.legal_entity)
    if closed is not None and closed >= month:
        raise Refused(RefusalCode.STATE_CONFLICT, f"{month:%Y-%m} is closed already.", ("month",))
    await tx.execute(
        """INSERT INTO accounting_period (shard_key, legal_entity_id, starts_on, closed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (shard_key, legal_entity_id, starts_on) DO UPDATE SET closed_at = EXCLUDED.closed_at""",
        key, entity, month, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        """UPDATE accounting_period SET closed_at = $4
            WHERE shard_key = $1 AND legal_entity_id = $2 AND starts_on < $3 AND closed_at IS NULL""",
        key, entity, month, tx.recorded_at,
    )  # fmt: skip
