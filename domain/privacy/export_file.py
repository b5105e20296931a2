"""The file of an export: a line of JSON for each row, and at the end the list of documents."""

import asyncio
import gzip
import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Final
from uuid import UUID

import msgspec

from domain.db import Replica, Row
from domain.ids import (
    CreditNoteId,
    CustomerId,
    DisputeId,
    EntityId,
    InvoiceId,
    OperationId,
    PaymentId,
    PaymentMethodId,
    PlanId,
    PriceId,
    ReceiptId,
    ReferenceId,
    RefundId,
    SubscriptionId,
)
from domain.privacy.export_dealings import DEALINGS
from domain.privacy.export_person import PERSON
from domain.privacy.export_table import ROWS
from domain.vault import Unsealable, Vault
from domain.wire import Json, canonical

# What the API calls what a column names; any other id stands as it is.
_NAMED: Final[Mapping[str, type[EntityId]]] = {
    "invoice_id": InvoiceId, "subscription_id": SubscriptionId, "payment_id": PaymentId, "refund_id": RefundId,
    "method_id": PaymentMethodId, "operation_id": OperationId,
}  # fmt: skip
_REFERENCES: Final[Mapping[str, type[ReferenceId]]] = {"plan_id": PlanId, "price_id": PriceId}
_OWN: Final[Mapping[str, type[EntityId]]] = {
    "customer": CustomerId, "invoice": InvoiceId, "credit_note": CreditNoteId, "payment": PaymentId,
    "receipt": ReceiptId, "refund": RefundId, "subscription": SubscriptionId, "payment_method": PaymentMethodId,
    "dispute": DisputeId,
}  # fmt: skip
# Where the API has the documents of a table's rows.
_DOCUMENTS: Final = {"invoice": "invoices", "credit_note": "credit-notes", "receipt": "receipts"}
_SEALED: Final = "sealed"
_STRETCH: Final = 200  # lines between two looks at what else the process has to do: a few milliseconds
_PIECE: Final = 65_536  # bytes of a file that are unpacked at a time


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, packed, and what is said of them: of the text that is in it."""

    packed: bytes
    records: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands outside the customer's own rows: its logins, and the provider's events about it."""

    logins: tuple[str, ...]
    events: tuple[bytes, ...]


class _Packing:
    """A file that grows line by line, packed at once: of what it says only one page is in memory at a time."""

    def __init__(self) -> None:
        self._bytes, self._hash = BytesIO(), hashlib.sha256()
        self._gzip = gzip.GzipFile(fileobj=self._bytes, mode="wb", mtime=0)
        self._records = self._size = 0

    async def add(self, told: Iterable[Json]) -> None:
        for each in told:
            line = canonical(each) + b"\n"
            self._gzip.write(line)
            self._hash.update(line)
            self._records, self._size = self._records + 1, self._size + len(line)
            if self._records % _STRETCH == 0:
                await asyncio.sleep(0)

    def content(self) -> Content:
        self._gzip.close()
        return Content(self._bytes.getvalue(), self._records, self._size, self._hash.hexdigest())


async def content_of(
    db: Replica, vault: Vault, of: CustomerId, around: Around, at: datetime, rows: int = ROWS
) -> Content:
    """Everything of that customer, and nothing of another, read so many rows at a time; what is sealed under its key is
    opened."""
    wrapped = await db.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2", of.shard, of.uuid
    )
    file, documents = _Packing(), list[Json]()

    def records(table: str, page: Iterable[Row]) -> Iterator[Json]:
        for row in page:
            record = _record(vault, wrapped, table, of.shard, dict(row.items()))
            documents.extend(_documents(table, record))
            yield record

    await file.add([{"table": "export", "customer": str(of), "madeAt": at.isoformat()}])
    for table, pages in {**PERSON, **DEALINGS}.items():
        async for page in pages(db, of, rows):
            await file.add(records(table, page))
    await file.add({"table": "login_directory", "login": login} for login in around.logins)
    await file.add({"table": "webhook_body", "body": _text(body)} for body in around.events)
    await file.add(documents)
    return file.content()


def unpacked(packed: bytes) -> Iterator[bytes]:
    """The lines again, a piece of them at a time."""
    with gzip.GzipFile(fileobj=BytesIO(packed)) as lines:
        while piece := lines.read(_PIECE):
            yield piece


def _record(vault: Vault, wrapped: bytes | None, table: str, shard: int, row: Mapping[str, object]) -> dict[str, Json]:
    found: dict[str, Json] = {"table": table}
    for name, value in row.items():
        if name.endswith(_SEALED):
            found[name.removesuffix(_SEALED).rstrip("_") or "content"] = _opened(vault, wrapped, value)
        elif isinstance(value, UUID):
            found[name] = _name(table, name, shard, value)
        else:
            found[name] = _plain(value)
    return found


def _name(table: str, column: str, shard: int, id: UUID) -> str:
    if column in _REFERENCES:
        return str(_REFERENCES[column](id))
    kind = _OWN.get(table) if column == "id" else _NAMED.get(column)
    return str(kind(shard, id)) if kind else str(id)


def _opened(vault: Vault, wrapped: bytes | None, sealed: object) -> Json:
    """What was sealed, as far as it can be opened still."""
    if not isinstance(sealed, bytes) or wrapped is None:
        return None
    try:
        opened: Json = msgspec.json.decode(vault.open(wrapped, sealed))
    except Unsealable:
        return "unreadable"
    return opened


def _plain(value: object) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    assert value is None or isinstance(value, str | int | bool), type(value)
    return value


def _text(content: bytes) -> str:
    """Words as they are, and other files in base 64."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return b64encode(content).decode()


def _documents(table: str, record: Mapping[str, Json]) -> Iterator[Json]:
    if folder := _DOCUMENTS.get(table):
        address = f"/documents/{folder}/{record['id']}.pdf"
        yield {"table": "document", "number": record["number_text"], "address": address}
