"""What was issued is fixed: the application may not change it, and whoever can is found out and the row is named."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.ids import InvoiceId
from domain.reconciliation.verify import verify_shard
from tests.domain.invoices.bills import note
from tests.lives import buyer, start
from tests.tax_kit import publish_rate, register, vat
from tests.world import Someone, World, make_world

DENIED = asyncpg.InsufficientPrivilegeError
FIXED = {
    "invoice": ("total", "tax", "number", "collection", "purchase_order", "due_at"),
    "invoice_line": ("amount", "discount", "tax", "tax_inclusive", "category", "derivation"),
    "invoice_line_tax": ("amount", "taxable", "rate_ppm", "treatment"),
    "invoice_tax": ("amount", "taxable"),
    "invoice_line_discount": ("amount", "name"),
    "tax_decision": ("question", "decision"),
    "invoice_replacement": ("replacement_id",),
    "credit_note": ("total", "tax", "reduced", "refunded", "credited", "out_of_band", "number", "posted_number"),
    "credit_note_line": ("amount", "net", "tax"),
    "credit_note_line_tax": ("amount",),
    "credit_note_tax": ("amount",),
    "contract": ("commitment", "price_id", "ends_at"),
}


@pytest.fixture(scope="module")
async def application(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role; each statement on it is refused, so none leaves anything behind."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.row("E8")
@pytest.mark.row("A5")
@pytest.mark.parametrize(("table", "column"), [(table, column) for table, own in FIXED.items() for column in own])
async def test_the_application_cannot_change_what_was_issued(
    application: asyncpg.Connection, table: str, column: str
) -> None:
    with pytest.raises(DENIED):
        await application.execute(f"UPDATE {table} SET {column} = {column}")  # noqa: S608 - our own names


@pytest.mark.row("A5")
@pytest.mark.parametrize("table", FIXED)
async def test_the_application_cannot_take_away_what_was_issued(application: asyncpg.Connection, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608 - our own names
        with pytest.raises(DENIED):
            await application.execute(statement)


@pytest.fixture
async def books(world: World) -> tuple[World, Someone, InvoiceId]:
    """A tenant of its own, and a customer that paid 11.90 EUR with tax and was given 1.19 of it back."""
    own = await make_world(world.house)
    await publish_rate(own, vat("DE", 190_000))
    await register(own, "DE")
    ada = await buyer(own)
    id = (await start(own, ada)).invoice
    await note(own, ada, id, 119, credit=119)
    return own, ada, id


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the schema, who may change any row that no key forbids."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


TAMPERING = [
    ("UPDATE invoice_line SET tax = tax + 1", "line_taxes_sum_up", "ACMETEST-000001 line 1"),
    ("UPDATE invoice_line SET tax = tax + 1", "invoices_sum_up", "ACMETEST-000001"),
    ("UPDATE invoice_line_tax SET taxable = taxable + 1", "invoice_taxes_sum_up", "ACMETEST-000001 VAT"),
    ("UPDATE invoice_tax SET amount = amount - 1", "invoice_taxes_sum_up", "ACMETEST-000001 VAT"),
    ("UPDATE invoice_line SET discount = 1", "discounts_sum_up", "ACMETEST-000001 line 1"),
    ("UPDATE invoice SET tax = tax - 1", "invoices_are_posted", "ACMETEST-000001"),
    ("UPDATE invoice_line SET given_back = given_back - 1", "given_back_is_what_was_taken", "ACMETEST-000001 line 1"),
    ("UPDATE invoice_line_tax SET given_back = 0", "given_back_tax_is_what_was_taken", "ACMETEST-000001 line 1"),
    ("UPDATE credit_note_line SET net = net + 1", "credit_notes_sum_up", "ACMETEST-C-000001"),
    ("UPDATE credit_note_tax SET amount = amount + 1", "credit_note_taxes_sum_up", "ACMETEST-C-000001"),
    ("UPDATE credit_note SET subtotal = subtotal + 1, tax = tax - 1", "credit_notes_are_posted", "ACMETEST-C-000001"),
    ("UPDATE credit_note SET reduced = 19, credited = 100", "noted_is_what_notes_lowered", "ACMETEST-000001"),
    ("UPDATE credit_note SET refunded = 19, credited = 100", "refunded_is_on_its_way", "ACMETEST-C-000001"),
    ("UPDATE number_series SET last_number = 2 WHERE series = 'credit_note' AND prefix = 'ACMETEST-C'",
     "document_numbers_without_gaps", "ACMETEST-C"),
]  # fmt: skip


@pytest.mark.row("E9")
@pytest.mark.parametrize(("change", "check", "row"), TAMPERING)
async def test_a_change_by_hand_of_taxes_or_credit_notes_is_found_and_named(
    books: tuple[World, Someone, InvoiceId], owner: asyncpg.Connection, change: str, check: str, row: str
) -> None:
    own, ada, _ = books
    assert await verify_shard(own.house.db.primary, ada.id.shard) == []
    word = "AND" if " WHERE " in change else "WHERE"
    await owner.execute(f"{change} {word} shard_key = {ada.id.shard}")
    findings = {finding.check: finding for finding in await verify_shard(own.house.db.primary, ada.id.shard)}
    assert findings[check].row == row


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice_line SET given_back = amount + 1",
        "UPDATE invoice_line SET given_back = -1",
        "UPDATE invoice_line_tax SET given_back = amount + 1",
        "UPDATE invoice SET noted = noted + 1",
        "UPDATE credit_note SET state = 'void'",
    ],
)
async def test_even_what_it_may_write_the_application_writes_only_as_it_sums_up(
    books: tuple[World, Someone, InvoiceId], application: asyncpg.Connection, statement: str
) -> None:
    _, ada, _ = books
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
        await application.execute(f"{statement} WHERE shard_key = {ada.id.shard}")
