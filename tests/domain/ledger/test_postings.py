"""Posting: what cannot be posted is refused before anything is written, and a reversal names what it takes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from domain.actor import Grant
from domain.db import Tx
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post
from domain.ledger.statement import Span, statement
from domain.money import Money
from domain.operation import OPERATIONS, Operation
from domain.payments.payment import payments_of
from domain.payments.refund import refunds_of
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from tests.lives import buyer, give_back, start, wrong_rows
from tests.world import EUR, USD, Someone, World, fresh, make_world

OWED, EARNED, CREDIT, CASH = Account.RECEIVABLE, Account.REVENUE, Account.CUSTOMER_CREDIT, Account.CASH_CLEARING


@dataclass(frozen=True, slots=True)
class Book:
    """A posting of one transfer or of none."""

    debit: str
    credit: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Booked:
    """The posting's number."""

    number: int


@pytest.fixture
async def book() -> AsyncIterator[Operation[Book, Booked]]:
    """An operation that posts what it is told."""

    async def run(tx: Tx, command: Book) -> Booked:
        told = [Transfer(Account(command.debit), Account(command.credit), command.amount)] if command.amount else []
        return Booked(await post(tx, Cause("test", UUID(int=1)), told))

    made = Operation("test.book", Book, Booked, run, frozenset({Grant.SYSTEM}), moves_money=True, founding=False)
    yield made
    del OPERATIONS[made.name]


async def postings(world: World, of: Someone) -> list[tuple[object, ...]]:
    """All transactions and kept balances of a customer."""
    rows = await world.house.db.primary.fetch(
        """SELECT number, transfer_count::text AS what FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2
           UNION ALL
           SELECT balance, kind || version FROM account_balance WHERE shard_key = $1 AND customer_id = $2
           ORDER BY 2, 1""",
        of.id.shard,
        of.id.uuid,
    )
    return [tuple(row.values()) for row in rows]


@pytest.mark.row("H11")
@pytest.mark.parametrize(
    ("debit", "credit", "amount", "code"),
    [
        (OWED, EARNED, None, RefusalCode.INVALID_AMOUNT),
        (OWED, EARNED, Money(0, EUR), RefusalCode.INVALID_AMOUNT),
        (OWED, EARNED, Money(-1, EUR), RefusalCode.INVALID_AMOUNT),
        (CREDIT, EARNED, Money(1, EUR), RefusalCode.INSUFFICIENT_BALANCE),  # there is no credit to use
        (CASH, OWED, Money(1, EUR), RefusalCode.INSUFFICIENT_BALANCE),  # nothing is owed
    ],
)
async def test_what_cannot_be_posted_is_refused_and_nothing_is_written(
    world: World, book: Operation[Book, Booked], debit: Account, credit: Account, amount: Money | None,
    code: RefusalCode,
) -> None:  # fmt: skip
    ada = await buyer(world)
    await start(world, ada)
    before = await postings(world, ada)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, book, world.house.actor, ada.id, Book(debit, credit, amount), fresh("book"))
    assert refused.value.code is code
    assert await postings(world, ada) == before


@pytest.mark.row("H5")
@pytest.mark.row("H11")
async def test_an_account_that_the_customer_does_not_have_takes_nothing(
    world: World, book: Operation[Book, Booked]
) -> None:
    ada = await buyer(world)
    await start(world, ada)
    before = await postings(world, ada)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        command = Book(CASH, EARNED, Money(1, USD))
        await perform(world.house.db, book, world.house.actor, ada.id, command, fresh("book"))
    assert await postings(world, ada) == before


@pytest.mark.row("H4")
async def test_a_reversal_names_its_original_mirrors_it_and_leaves_it_as_it_was(world: World) -> None:
    ada = await buyer(world, "tok_refund_refused")
    begun = await start(world, ada)
    (paid,) = await payments_of(world.house.db.primary, ada.id, begun.invoice)
    await give_back(world, ada, paid.id, Money(300, EUR))
    (refund,) = await refunds_of(world.house.db.primary, ada.id, paid.id)
    assert refund.state.name == "failed"
    rows = await world.house.db.primary.fetch(
        """SELECT t.number, t.reverses_number, f.debit_kind, f.credit_kind, f.currency, f.amount
             FROM ledger_transaction t
             JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                   AND f.number = t.number
            WHERE t.shard_key = $1 AND t.customer_id = $2 ORDER BY t.number, f.position""",
        ada.id.shard,
        ada.id.uuid,
    )
    originals = {row["number"]: row for row in rows if row["reverses_number"] is None}
    (reversal,) = [row for row in rows if row["reverses_number"] is not None]
    original = originals[reversal["reverses_number"]]
    assert (original["debit_kind"], original["credit_kind"]) == (reversal["credit_kind"], reversal["debit_kind"])
    assert (original["currency"], original["amount"]) == (reversal["currency"], reversal["amount"]) == ("EUR", 300)
    assert sorted(originals) == [1, 2, 3, 4]  # the invoice, its payment, the credit note and the refund
    assert await wrong_rows(world, ada) == []


@dataclass
class Watch:
    """A clock that stands where a test puts it, as those of two servers that differ."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.mark.row("H7")
async def test_a_statement_of_a_span_leaves_out_postings_and_not_what_they_moved(
    world: World, book: Operation[Book, Booked], monkeypatch: pytest.MonkeyPatch
) -> None:
    db, watch = world.house.db, Watch(datetime.now(UTC))
    apart = await make_world(world.house)  # what is owed here without an invoice, others would find on their shard key
    noon, ada = watch.at, await apart.customer(clock_at=None)
    monkeypatch.setattr(db, "clock", watch)
    for amount, minute in ((100, 0), (200, 5), (400, 1), (800, 7)):  # the third by a server whose clock is behind
        watch.at = noon + timedelta(minutes=minute)
        await perform(db, book, world.house.actor, ada.id, Book(OWED, EARNED, Money(amount, EUR)), fresh("book"))
    watch.at = noon
    span = Span(until=noon + timedelta(minutes=3))
    async with db.history(await db.token()) as history:
        whole = await statement(history.replica, ada.id, EUR, 9)
        early = await statement(history.replica, ada.id, EUR, 9, span=span)
        (last,) = await statement(history.replica, ada.id, EUR, 1, span=span)
        (rest,) = await statement(history.replica, ada.id, EUR, 9, last.below, span)
    assert [(each.number, each.receivable.minor) for each in whole] == [(4, 1500), (3, 700), (2, 300), (1, 100)]
    assert early == [each for each in whole if each.number in (1, 3)]
    assert [last, rest] == early
