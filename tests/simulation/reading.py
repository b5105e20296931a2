"""Somebody who reads while others write: balances and pages of history, each with what was there before and after."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.db import Replica
from domain.invoices.history import invoice_history
from domain.ledger.balance import balance
from tests.simulation.look import Look
from tests.simulation.reads import BalanceRead, PagesRead
from tests.simulation.town import Patron, Town

TIMES = 3  # the balance is read in a row
PAGE = 3  # invoices; so few that the others write between two pages


async def read_along(town: Town, patron: Patron) -> None:
    """Reads a customer's balance and invoices, on connections that no fault strikes."""
    for _ in range(TIMES):
        before = await _last_posting(town, patron)
        read = await balance(town.founder.db.primary, patron.id, patron.currency)
        after = await _last_posting(town, patron)
        money = (read.receivable.minor, read.credit.minor, read.through)
        town.reads.balances.append(BalanceRead(patron.id.uuid, str(patron.currency), before, after, *money))
    there, shown = await _invoices(town, patron), await _pages(town, patron)
    town.reads.pages.append(PagesRead(patron.id.uuid, there, await _invoices(town, patron), shown))


async def _pages(town: Town, patron: Patron) -> tuple[tuple[datetime, UUID], ...]:
    shown: list[tuple[datetime, UUID]] = []
    while True:
        last = shown[-1] if shown else None
        page = await invoice_history(Replica(town.pool), patron.id, PAGE, last)
        shown += [(each.issued_at, each.id.uuid) for each in page]
        if len(page) < PAGE:
            return tuple(shown)


async def _last_posting(town: Town, patron: Patron) -> int:
    return int(await _value(town, "SELECT ledger_number FROM customer_head", patron))


async def _invoices(town: Town, patron: Patron) -> frozenset[UUID]:
    return frozenset(await _value(town, "SELECT coalesce(array_agg(id), '{}') FROM invoice", patron))


async def _value(town: Town, what: str, patron: Patron) -> Any:
    async with town.pool.acquire() as connection:
        return await connection.fetchval(
            f"{what} WHERE shard_key = $1 AND customer_id = $2", patron.id.shard, patron.id.uuid
        )


def balances_are_of_their_time(look: Look) -> Iterator[str]:
    """30: a balance that is read lies between what was committed before and after, and never goes back."""
    through: dict[UUID, int] = {}
    for read in look.town.reads.balances:
        wanted = (read.receivable, read.credit)
        stood = _stood(look, read)
        if wanted not in stood:
            yield f"{read.customer} read {wanted} between {read.before} and {read.after}, where the books had {stood}"
        if read.through < through.get(read.customer, 0):
            yield f"{read.customer} read up to {read.through}, after it had read up to {through[read.customer]}"
        through[read.customer] = read.through


def _stood(look: Look, read: BalanceRead) -> list[tuple[int, int]]:
    """What the customer owed and had in credit after each posting that may have been the last one then."""
    owed = credit = number = 0
    stood: dict[int, tuple[int, int]] = {0: (0, 0)}
    for row in look.facts.of("ledger_transfer", customer_id=read.customer, currency=read.currency):
        for side, sign in (("debit_kind", 1), ("credit_kind", -1)):
            owed += sign * row["amount"] if row[side] == "receivable" else 0
            credit -= sign * row["amount"] if row[side] == "customer_credit" else 0
        number = row["number"]
        stood[number] = (owed, credit)
    first = max(number for number in stood if number <= read.before)
    return [value for number, value in stood.items() if first <= number <= read.after]


def pages_are_whole(look: Look) -> Iterator[str]:
    """31: the pages of a history, put together, hold all that was there, once, newest first, and nothing else."""
    for read in look.town.reads.pages:
        ids = [id for _, id in read.shown]
        if len(set(ids)) != len(ids) or list(read.shown) != sorted(read.shown, reverse=True):
            yield f"the pages of {read.customer} show {read.shown}"
        if not read.before <= set(ids) <= read.after:
            yield f"{read.customer} had {read.before} and has {read.after}, its pages show {ids}"


CHECKS = (balances_are_of_their_time, pages_are_whole)
