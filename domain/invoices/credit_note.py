"""Credit notes: what was taken back of an issued invoice; a document with a gapless number of its own series."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary, Replica, Row
from domain.ids import CreditNoteId, CustomerId, InvoiceId, LegalEntityId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

CREDIT_NOTE = Machine("credit_note", {("new", "issue"): "issued", ("issued", "void"): "void"})


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note; ``total`` = ``subtotal`` + ``tax`` = ``reduced`` + ``refunded`` + ``credited`` + ``out_of_band``.

    ``reduced`` lowered what was due on the invoice; of the rest, ``refunded`` went to the payment method, ``credited``
    to the customer's credit, and ``out_of_band`` was settled outside. ``kind`` says what it was issued for.
    """

    id: CreditNoteId
    tenant: TenantId
    customer: CustomerId
    legal_entity: LegalEntityId
    invoice: InvoiceId
    kind: str
    reason: str
    number: str
    currency: Currency
    subtotal: Money
    tax: Money
    total: Money
    reduced: Money
    refunded: Money
    credited: Money
    out_of_band: Money
    posted_number: int
    voided_number: int | None
    state: State
    issued_at: datetime
    recorded_at: datetime


def _note(row: Row) -> CreditNote:
    currency, shard = Currency(row["currency"]), row["shard_key"]
    names = ("subtotal", "tax", "total", "reduced", "refunded", "credited", "out_of_band")
    return CreditNote(
        id=CreditNoteId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        legal_entity=LegalEntityId(row["legal_entity_id"]),
        invoice=InvoiceId(shard, row["invoice_id"]),
        kind=row["kind"],
        reason=row["reason"],
        number=row["number_text"],
        currency=currency,
        posted_number=row["posted_number"],
        voided_number=row["voided_number"],
        state=State(row["state"], row["seq"]),
        issued_at=row["issued_at"],
        recorded_at=row["recorded_at"],
        **{name: Money(row[name], currency) for name in names},
    )


async def credit_notes_by_id(
    db: Primary, customer: CustomerId, ids: Sequence[CreditNoteId]
) -> dict[CreditNoteId, CreditNote]:
    """Those of the credit notes that belong to the customer."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, invoice_id, kind, reason, number_text,
                  currency, subtotal, tax, total, reduced, refunded, credited, out_of_band, posted_number,
                  voided_number, state, seq, issued_at, recorded_at
             FROM credit_note WHERE shard_key = $1 AND customer_id = $2 AND id = ANY ($3::uuid[])""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    return {each.id: each for each in map(_note, rows)}


async def credit_note(db: Primary, customer: CustomerId, id: CreditNoteId) -> CreditNote:
    """The customer's credit note of that id, else NOT_FOUND."""
    found = (await credit_notes_by_id(db, customer, [id])).get(id)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such credit note.", ("creditNoteId",))
    return found


async def credit_notes_of(
    db: Primary, customer: CustomerId, invoices: Sequence[InvoiceId]
) -> dict[InvoiceId, list[CreditNote]]:
    """The credit notes of each of the customer's invoices that has any, oldest first, void ones too."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, invoice_id, kind, reason, number_text,
                  currency, subtotal, tax, total, reduced, refunded, credited, out_of_band, posted_number,
                  voided_number, state, seq, issued_at, recorded_at
             FROM credit_note WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, number""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in invoices],
    )
    found: dict[InvoiceId, list[CreditNote]] = {}
    for row in rows:
        each = _note(row)
        found.setdefault(each.invoice, []).append(each)
    return found


async def credit_note_history(
    db: Replica, customer: CustomerId, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[CreditNote]:
    """At most ``limit`` credit notes, newest first, issued before the one that ``after`` names."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, invoice_id, kind, reason, number_text,
                  currency, subtotal, tax, total, reduced, refunded, credited, out_of_band, posted_number,
                  voided_number, state, seq, issued_at, recorded_at
             FROM credit_note
            WHERE shard_key = $1 AND customer_id = $2
              AND ($4::timestamptz IS NULL OR (issued_at, id) < ($4::timestamptz, $5::uuid))
            ORDER BY issued_at DESC, id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
        after[0] if after else None,
        after[1] if after else None,
    )
    return [_note(row) for row in rows]


async def count_credit_notes(db: Replica, customer: CustomerId, cap: int) -> int:
    """How many credit notes a customer has; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM credit_note
                                  WHERE shard_key = $1 AND customer_id = $2 LIMIT $3) AS n""",
        customer.shard,
        customer.uuid,
        cap,
    )
    return count
