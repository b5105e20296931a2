"""Verification finds what somebody with every right in the database changed, and names the row."""

import hashlib
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from domain.actor import Grant
from domain.audit import entry_hash
from domain.money import Money
from domain.payments.payment import payments_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.reconciliation.verify import verify_shard
from domain.wire import canonical
from tests.lives import start
from tests.world import EUR, Someone, World, fresh, make_world


@pytest.fixture
async def books(world: World) -> tuple[World, Someone]:
    """A tenant of its own, with a customer that paid 10.00 EUR and got 3.00 back."""
    own = await make_world(world.house)
    ada = await own.customer()
    await own.card(ada)
    started = await start(own, ada)
    db = own.house.db
    (paid,) = await payments_of(db.primary, ada.id, started.invoice)
    command = RequestRefund(paid.id, Money(300, EUR), "goodwill")
    await perform(db, request_refund, own.staff(Grant.SUPPORT), ada.id, command, fresh("refund"))
    await do_now(own.house, ada.id)
    return own, ada


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the schema, who may change any row that no key forbids."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


@pytest.mark.row("H3")
async def test_untouched_books_hold(books: tuple[World, Someone]) -> None:
    own, ada = books
    assert await verify_shard(own.house.db.primary, ada.id.shard) == []


TAMPERING = [
    ("UPDATE account_balance SET balance = balance + 1 WHERE kind = 'receivable'", "balances_recomputed",
     "receivable EUR"),
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE number = 2", "balances_recomputed", "receivable EUR"),
    ("UPDATE audit_body SET body = jsonb_set(body, '{reason}', '\"other\"') WHERE number = 2", "audit_chains", "2"),
    ("UPDATE audit_entry SET recorded_at = recorded_at + interval '1 s' WHERE number = 1", "audit_chains", "1"),
    ("UPDATE customer_head SET audit_number = audit_number + 1", "audit_chains", None),
    # Of the customer alone: the id of a house customer is a hash, and one in a hundred sorts before it.
    ("UPDATE customer_head SET ledger_number = ledger_number + 1 WHERE kind <> 'house'",
     "numbers_without_gaps", "5"),
    ("UPDATE invoice_line SET amount = amount - 1", "invoices_sum_up", "ACMETEST-000001"),
    ("UPDATE payment SET captured = captured + 1, authorized = authorized + 1", "captures_are_posted", None),
    ("UPDATE payment SET refunds_reserved = 0", "refunds_are_reserved", None),
    ("UPDATE refund SET amount = amount + 1", "refunds_are_posted", None),
    ("UPDATE refund SET of_invoice_id = (SELECT invoice_id FROM payment p WHERE p.id = payment_id) WHERE amount > 0",
     "refunds_are_of_their_notes", None),
    ("UPDATE number_series SET last_number = last_number + 1 WHERE prefix = 'ACMETEST'",
     "document_numbers_without_gaps", "ACMETEST"),
    ("UPDATE invoice SET paid = 0, due = 1000, state = 'open', seq = 1", "receivables_are_what_is_due",
     "receivable EUR"),
    ("UPDATE ledger_transfer SET credit_kind = 'write_offs' WHERE credit_kind = 'revenue'", "invoices_are_posted",
     "ACMETEST-000001"),
    ("UPDATE ledger_transfer SET debit_kind = 'write_offs' WHERE credit_kind = 'refunds_payable'",
     "refunds_are_posted", None),
    ("UPDATE ledger_transfer SET credit_kind = 'write_offs' WHERE debit_kind = 'refunds_payable'",
     "refunds_are_posted", None),
    ("UPDATE invoice SET paid = paid - 100, credited = credited + 100", "invoices_say_how_they_were_paid",
     "ACMETEST-000001"),
    ("UPDATE ledger_transaction SET happened_at = happened_at - interval '1 year' WHERE number = 2",
     "postings_in_their_month", "2"),
    ("UPDATE subscription SET state = 'incomplete', seq = 1", "states_end_their_history", None),
    ("UPDATE operation_key SET outcome = jsonb_set(outcome, '{amount,minor}', '999999') "
     "WHERE operation = 'payments.request_refund'", "outcomes_are_as_audited", None),
]  # fmt: skip


@pytest.mark.row("K2")
@pytest.mark.parametrize(("change", "check", "row"), TAMPERING)
async def test_a_change_by_hand_is_found_and_named(
    books: tuple[World, Someone], owner: asyncpg.Connection, change: str, check: str, row: str | None
) -> None:
    own, ada = books
    condition = f"shard_key = {ada.id.shard}"
    statement = f"{change} AND {condition}" if " WHERE " in change else f"{change} WHERE {condition}"
    await owner.execute(statement)
    findings = {finding.check: finding for finding in await verify_shard(own.house.db.primary, ada.id.shard)}
    assert check in findings
    assert row is None or findings[check].row == row


@pytest.mark.row("K2")
async def test_an_entry_that_is_rewritten_with_its_own_hashes_is_found_at_the_next_one(
    books: tuple[World, Someone], owner: asyncpg.Connection
) -> None:
    own, ada = books
    of = (ada.id.shard, ada.id.uuid)
    body = await owner.fetchval(
        """UPDATE audit_body SET body = jsonb_set(body, '{reason}', '"other"')
            WHERE shard_key = $1 AND customer_id = $2 AND number = 2 RETURNING body""",
        *of,
    )
    entry = await owner.fetchrow(
        """SELECT previous_hash, operation_id, recorded_at FROM audit_entry
            WHERE shard_key = $1 AND customer_id = $2 AND number = 2""",
        *of,
    )
    assert entry is not None
    body_hash = hashlib.sha256(canonical(msgspec.json.decode(body))).digest()
    forged = entry_hash(entry["previous_hash"], 2, entry["operation_id"], body_hash, entry["recorded_at"])
    await owner.execute(
        """UPDATE audit_entry SET body_hash = CASE number WHEN 2 THEN $3 ELSE body_hash END,
                  hash = CASE number WHEN 2 THEN $4 ELSE hash END,
                  previous_hash = CASE number WHEN 3 THEN $4 ELSE previous_hash END
            WHERE shard_key = $1 AND customer_id = $2 AND number IN (2, 3)""",
        *of, body_hash, forged,
    )  # fmt: skip
    findings = {finding.check: finding for finding in await verify_shard(own.house.db.primary, ada.id.shard)}
    assert findings["audit_chains"].row == "3"
