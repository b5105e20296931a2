"""The books' invariants are keys: neither the application nor the owner of the schema can write a wrong row down."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from domain.ids import CustomerId
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.world import World

KEYS = (asyncpg.IntegrityConstraintViolationError,)
DENIED = asyncpg.InsufficientPrivilegeError


@pytest.fixture(params=["application", "owner"])
async def somebody(
    request: pytest.FixtureRequest, database_url: str, owner_url: str
) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role, then as the owner, who has every right."""
    connection = await asyncpg.connect(database_url if request.param == "application" else owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def booked(world: World) -> CustomerId:
    """A customer with two postings: an invoice of 10.00 EUR, and its payment."""
    ada = await world.customer()
    await world.card(ada)
    await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    return ada.id


async def transaction(connection: asyncpg.Connection, of: CustomerId, number: int, previous: int | None, count: int = 1,
                      reverses: int | None = None) -> None:  # fmt: skip
    """Tries to write a ledger transaction that is like the customer's first but for what is given."""
    await connection.execute(
        """INSERT INTO ledger_transaction (shard_key, customer_id, number, previous_number, legal_entity_id,
               period_starts_on, transfer_count, cause, cause_id, operation_id, reverses_number, happened_at,
               recorded_at)
           SELECT shard_key, customer_id, $3, $4, legal_entity_id, period_starts_on, $5, cause, cause_id, operation_id,
                  $6, happened_at, recorded_at
             FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2 AND number = 1""",
        of.shard, of.uuid, number, previous, count, reverses,
    )  # fmt: skip


async def transfer(
    connection: asyncpg.Connection, of: CustomerId, number: int, *, position: int = 1, count: int = 1,
    debit: str = "receivable", credit: str = "revenue", currency: str = "EUR", amount: int = 1,
) -> None:  # fmt: skip
    """Tries to write a transfer."""
    await connection.execute(
        """INSERT INTO ledger_transfer (shard_key, customer_id, number, position, transfer_count, debit_kind,
               credit_kind, currency, amount)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        of.shard, of.uuid, number, position, count, debit, credit, currency, amount,
    )  # fmt: skip


async def test_a_whole_posting_can_be_written(somebody: asyncpg.Connection, booked: CustomerId) -> None:
    """What the refusals below are measured against: the same rows, right in everything, are accepted."""
    change = somebody.transaction()
    await change.start()
    await transaction(somebody, booked, 3, 2, count=2, reverses=1)
    await transfer(somebody, booked, 3, position=1, count=2)
    await transfer(somebody, booked, 3, position=2, count=2, debit="cash_clearing", credit="receivable")
    await somebody.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await change.rollback()


@pytest.mark.row("H1")
@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -5},
        {"debit": "revenue"},  # both sides the same account
        {"currency": "USD"},  # an account in another currency than the customer has
        {"currency": "eur"},
        {"debit": "pocket"},  # not in the chart
        {"position": 2},  # beyond the count
        {"position": 0},
        {"count": 2},  # another count than the transaction says
    ],
)
@pytest.mark.row("H5")
async def test_a_wrong_transfer_is_refused(
    somebody: asyncpg.Connection, booked: CustomerId, wrong: dict[str, Any]
) -> None:
    with pytest.raises(KEYS):
        async with somebody.transaction():
            await transaction(somebody, booked, 3, 2)
            await transfer(somebody, booked, 3, **wrong)


@pytest.mark.parametrize(
    ("number", "previous"), [(4, 3), (4, 2), (3, None), (3, 1), (2, 1), (1, None), (0, None), (-1, -2)]
)
async def test_a_transaction_out_of_sequence_is_refused(
    somebody: asyncpg.Connection, booked: CustomerId, number: int, previous: int | None
) -> None:
    with pytest.raises(KEYS):
        async with somebody.transaction():
            await transaction(somebody, booked, number, previous)
            await transfer(somebody, booked, number)


async def test_a_transaction_without_a_transfer_is_refused_at_commit(
    somebody: asyncpg.Connection, booked: CustomerId
) -> None:
    with pytest.raises(KEYS):
        async with somebody.transaction():
            await transaction(somebody, booked, 3, 2)


async def test_a_transfer_cannot_join_a_finished_transaction(somebody: asyncpg.Connection, booked: CustomerId) -> None:
    for position, count in ((2, 1), (1, 1), (2, 2)):
        with pytest.raises(KEYS):
            await transfer(somebody, booked, 1, position=position, count=count)


@pytest.mark.row("H4")
async def test_a_transaction_is_reversed_once_at_most(somebody: asyncpg.Connection, booked: CustomerId) -> None:
    with pytest.raises(KEYS):
        async with somebody.transaction():
            for number in (3, 4):
                await transaction(somebody, booked, number, number - 1, reverses=1)
                await transfer(somebody, booked, number, debit="revenue", credit="receivable")


@pytest.mark.row("H11")
async def test_a_stored_balance_below_zero_is_refused(somebody: asyncpg.Connection, booked: CustomerId) -> None:
    with pytest.raises(KEYS):
        await somebody.execute(
            "UPDATE account_balance SET balance = -1 WHERE shard_key = $1 AND customer_id = $2",
            booked.shard,
            booked.uuid,
        )


@pytest.mark.row("A5")
@pytest.mark.row("K2")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transaction SET cause = cause",
        "UPDATE ledger_transfer SET amount = amount + 1",
        "DELETE FROM ledger_transaction",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "DELETE FROM invoice",
        "UPDATE invoice SET total = total",
        "UPDATE invoice_line SET amount = amount",
        "DELETE FROM invoice_line",
        "DELETE FROM payment",
        "UPDATE payment SET amount = amount",
        "DELETE FROM refund",
        "UPDATE audit_entry SET hash = hash",
        "DELETE FROM audit_entry",
        "UPDATE audit_body SET body = body",
        "UPDATE transition SET event = event",
        "DELETE FROM transition",
        "UPDATE move SET to_state = to_state",
        "INSERT INTO move VALUES ('invoice', 'paid', 'unpay', 'open')",
        "UPDATE price SET unit_amount = unit_amount",
        "UPDATE receipt SET number = number",
        "UPDATE operation_key SET command_hash = command_hash",
        "INSERT INTO account_kind VALUES ('pocket', 'debit', false)",
    ],
)
async def test_the_application_cannot_rewrite_history(application: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(DENIED):
        await application.execute(statement)


@pytest.mark.row("K2")
async def test_the_application_forgets_no_body_of_the_audit_trail_before_its_time(
    application: asyncpg.Connection, booked: CustomerId
) -> None:
    deleted = await application.execute(
        "DELETE FROM audit_body WHERE shard_key = $1 AND customer_id = $2", booked.shard, booked.uuid
    )
    assert deleted == "DELETE 0"
    kept = "SELECT count(*) FROM audit_body WHERE shard_key = $1 AND customer_id = $2"
    assert (await application.fetchval(kept, booked.shard, booked.uuid)) > 0


DELETABLE = {
    "operation_key",  # after its days, where no money moved
    "outbox_event",  # once consumed
    "due_work",  # once done
    "invoice_draft", "invoice_draft_line",  # no documents yet
    "billing_person", "billing_contact", "login_directory",  # personal data, which can be erased
    "tax_identity", "tax_exemption",  # as well
    "webhook_delivery",  # a month after it was taken or parked
    "payment_route",  # a choice of the tenant, whose history is the audit trail
    "family_claim",  # held by a living subscription only
    "web_session", "ended_sign_in",  # a sign-in that is over
    "audit_body",  # by its row policy only after seven years at the least; the entry with its hash stays
    "data_export_file",  # an export that was fetched or is a week old
    "api_request",  # the log of requests, after its days
    "customer_directory", "webhook_body",  # of a customer that is erased; bodies also once they are old
    "sealing_key",  # by its row policy only where legal retention ended
}  # fmt: skip


@pytest.mark.row("A5")
async def test_the_application_may_delete_from_no_other_table_and_truncate_none(
    application: asyncpg.Connection,
) -> None:
    rows = await application.fetch(
        """SELECT c.relname AS name, has_table_privilege(c.oid, 'DELETE') AS deletes,
                  has_table_privilege(c.oid, 'TRUNCATE') AS truncates
             FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')"""
    )
    assert {row["name"] for row in rows if row["deletes"]} == DELETABLE
    assert not any(row["truncates"] for row in rows)
