"""What the law wants kept is kept: nobody at the application's door can take a document or its key away."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from domain.ids import CustomerId, LegalEntityId, TenantId
from domain.invoices.snapshot import Seller
from domain.tenants.retention import kept_until
from domain.tenants.tenant import LegalEntity
from domain.wire import Json, from_json
from tests.world import World

DENIED = asyncpg.InsufficientPrivilegeError
KEPT = (
    "invoice", "invoice_line", "invoice_line_tax", "invoice_tax", "credit_note", "credit_note_line", "credit_note_tax",
    "receipt", "issued_document", "legal_entity", "number_series", "retention_promise",
)  # fmt: skip


def issuer_of(years: int, zone: str, promises: tuple[tuple[datetime, int], ...] = ()) -> LegalEntity:
    """Who keeps its documents for so many years now, and promised others before."""
    id = UUID(int=1)
    return LegalEntity(
        LegalEntityId(id), TenantId(id), "ACME", "Acme", "1 Road", "DE", zone, True, CustomerId(1, id), "", "line", "",
        years, promises,
    )  # fmt: skip


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.row("E14")
@pytest.mark.parametrize("table", KEPT)
async def test_no_document_and_no_key_of_one_can_be_deleted(application: asyncpg.Connection, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608 - our own names
        with pytest.raises(DENIED):
            await application.execute(statement)


@pytest.mark.row("E14")
async def test_no_key_can_be_deleted_but_that_of_an_erased_customer_whose_retention_is_over(
    application: asyncpg.Connection, world: World
) -> None:
    ada = await world.customer()
    assert await application.execute("DELETE FROM sealing_key WHERE customer_id = $1", ada.id.uuid) == "DELETE 0"
    with pytest.raises(DENIED):
        await application.execute("TRUNCATE sealing_key")


@pytest.mark.row("E14")
@pytest.mark.parametrize(
    ("table", "column"),
    [("invoice", "snapshot_sealed"), ("invoice", "issued_at"), ("invoice", "presentation"), ("sealing_key", "wrapped"),
     ("receipt", "issued_at"), ("credit_note", "issued_at"), ("issued_document", "sha256"),
     ("retention_promise", "years")],
)  # fmt: skip
async def test_what_a_document_is_read_from_cannot_be_overwritten(
    application: asyncpg.Connection, table: str, column: str
) -> None:
    with pytest.raises(DENIED):
        await application.execute(f"UPDATE {table} SET {column} = {column}")  # noqa: S608 - our own names


@pytest.mark.row("E14")
@pytest.mark.parametrize(
    ("issued_at", "years", "zone", "last"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), 10, "UTC", date(2036, 12, 31)),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), 10, "Europe/Berlin", date(2036, 12, 31)),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), 10, "Europe/Berlin", date(2037, 12, 31)),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), 8, "America/New_York", date(2034, 12, 31)),
    ],
)
def test_the_years_count_from_the_end_of_the_issuer_s_year(
    issued_at: datetime, years: int, zone: str, last: date
) -> None:
    assert kept_until(issued_at, issued_at, issuer_of(years, zone)) == last


@pytest.mark.row("E14")
def test_what_was_promised_at_issue_is_lengthened_and_never_shortened() -> None:
    said = tuple((datetime(2026, month, 1, tzinfo=UTC), years) for month, years in ((1, 10), (3, 8), (5, 12), (7, 6)))
    issuer = issuer_of(6, "UTC", said)
    for month, years in ((2, 12), (4, 12), (6, 12), (8, 6)):
        at = datetime(2026, month, 1, tzinfo=UTC)
        assert kept_until(at, at, issuer).year == 2026 + years
    test_clock = datetime(2030, 8, 1, tzinfo=UTC)  # what its documents say of their day is not when they were made
    assert kept_until(test_clock, datetime(2026, 2, 1, tzinfo=UTC), issuer).year == 2042


def test_a_seller_that_was_sealed_before_its_register_was_kept_names_none() -> None:
    sealed: dict[str, Json] = {
        "code": "ACME",
        "name": "Acme",
        "address": "1 Road",
        "country": "DE",
        "region": "",
        "tax_number": None,
    }
    assert from_json(Seller, sealed).register == ""
