"""Verification finds what somebody with every right in the database changed, and names the row."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.payment import payments_of
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.reconciliation.verify import verify_shard
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.world import EUR, Someone, World, fresh, make_world


@pytest.fixture
async def books(world: World) -> tuple[World, Someone]:
    """A tenant of its own, with a customer that paid 10.00 EUR and got 3.00 back."""
    own = await make_world(world.house)
    ada = await own.customer()
    await own.card(ada)
    started = await own.do(ada, start_subscription, StartSubscription(own.prices["starter"], 1))
    db = own.house.db
    (paid,) = await payments_of(db.primary, ada.id, started.outcome.invoice)
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
    ("UPDATE customer_head SET ledger_number = ledger_number + 1", "numbers_without_gaps", "4"),
    ("UPDATE invoice_line SET amount = amount - 1", "invoices_sum_up", "ACMETEST-000001"),
    ("UPDATE payment SET captured = captured + 1", "captures_are_posted", None),
    ("UPDATE payment SET refunds_reserved = 0", "refunds_are_reserved", None),
    ("UPDATE refund SET amount = amount + 1", "refunds_are_posted", None),
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
async def test_a_move_of_another_machine_is_found(books: tuple[World, Someone], owner: asyncpg.Connection) -> None:
    own, ada = books
    await owner.execute(
        """WITH moved AS (
               INSERT INTO transition (shard_key, customer_id, entity_id, seq, previous_seq, machine, from_state, event,
                   to_state, operation_id, happened_at, recorded_at)
               SELECT t.shard_key, t.customer_id, t.entity_id, t.seq + m.step, t.seq + m.step - 1, m.machine,
                      m.from_state, m.event, m.to_state, t.operation_id, t.happened_at, t.recorded_at
                 FROM transition t,
                      (VALUES (1, 'subscription', 'active', 'payment_failed', 'past_due'),
                              (2, 'subscription', 'past_due', 'retries_exhausted', 'grace'),
                              (3, 'dunning', 'grace', 'recover', 'recovered')
                      ) AS m (step, machine, from_state, event, to_state)
                WHERE t.shard_key = $1 AND t.machine = 'subscription' AND t.to_state = 'active'
               RETURNING shard_key, entity_id, seq, to_state)
           UPDATE subscription s SET state = m.to_state, seq = m.seq FROM moved m
            WHERE s.shard_key = m.shard_key AND s.id = m.entity_id AND m.to_state = 'recovered'""",
        ada.id.shard,
    )
    (finding,) = await verify_shard(own.house.db.primary, ada.id.shard)
    assert (finding.check, finding.relation) == ("states_end_their_history", "subscription")
