"""An issued invoice as a document: its facts as they stood at issue, and the proof that a re-render is equal."""

import asyncio
import hashlib
from datetime import date
from uuid import UUID

import msgspec

from domain.customers.customer import BillingPerson, Customer, customer
from domain.database import Database
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.document import render_invoice
from domain.invoices.document_facts import BillingDays, DocumentLine, InvoiceFacts, Party
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.line import Line, lines_of
from domain.money import Money
from domain.period import Period, local_date
from domain.refusals import RefusalCode, Refused
from domain.tenants.tenant import LegalEntity, legal_entities
from domain.vault import Vault
from domain.wire import from_json


class RenderDiffers(Exception):
    """A document rendered again is not the one that was issued: a fault of ours, never shown as if it were."""


async def seller_of(db: Primary, of: Invoice) -> LegalEntity:
    """The legal entity that issued the invoice."""
    return next(entity for entity in await legal_entities(db, of.tenant) if entity.id == of.legal_entity)


def seller(entity: LegalEntity) -> Party:
    """The seller as documents print it."""
    return Party(entity.name, tuple(part.strip() for part in entity.address.split(",")))


async def buyer(db: Primary, vault: Vault, of: Invoice) -> Party:
    """The buyer as it stood at issue, unsealed; STATE_CONFLICT once the customer was erased."""
    row = await db.fetchrow(
        """SELECT k.wrapped, i.snapshot_sealed
             FROM invoice i
             JOIN sealing_key k ON k.shard_key = i.shard_key AND k.customer_id = i.customer_id
            WHERE i.shard_key = $1 AND i.customer_id = $2 AND i.id = $3""",
        of.customer.shard,
        of.customer.uuid,
        of.id.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.STATE_CONFLICT, "The person on this document was erased.")
    person = from_json(BillingPerson, msgspec.json.decode(vault.open(row["wrapped"], row["snapshot_sealed"])))
    return Party(person.name, tuple(part.strip() for part in person.address.split(",")), email=person.email)


def document_lines(lines: tuple[Line, ...], zone: str) -> tuple[DocumentLine, ...]:
    """The lines as documents print them, in the customer's billing days."""
    return tuple(
        DocumentLine(
            text=line.description if line.kind == "charge" else f"Unused time: {line.description}",
            amount=line.amount,
            days=BillingDays.of(Period(line.starts_at, line.ends_at), zone),
            quantity=line.quantity,
            unit_price=line.unit_amount,
        )
        for line in lines
    )


def day(of: Customer, at: object) -> date:
    """The customer's calendar day of an instant."""
    return local_date(at.replace(microsecond=0), of.time_zone)  # type: ignore[attr-defined]


async def invoice_pdf(db: Database, owner: CustomerId, id: InvoiceId) -> bytes:
    """The PDF of the customer's invoice as it was issued; NOT_FOUND for any other id."""
    of = await invoice(db.primary, owner, id)
    whose = await customer(db.primary, of.tenant, owner)
    lines = (await lines_of(db.primary, owner, [id]))[id]
    nothing = Money.zero(of.currency)
    facts = InvoiceFacts(
        number=of.number,
        issued_on=day(whose, of.issued_at),
        due_on=day(whose, of.due_at),
        seller=seller(await seller_of(db.primary, of)),
        buyer=await buyer(db.primary, db.vault, of),
        lines=document_lines(lines, whose.time_zone),
        taxes=(),
        total=of.total,
        applied_credit=of.credited if of.state.name != "void" else nothing,
        paid=nothing,
        due=of.total - of.credited if of.state.name != "void" else of.total,
    )
    pdf = await asyncio.to_thread(render_invoice, facts, whose.locale)
    await prove(db, owner, id.uuid, whose.locale, pdf)
    return pdf


async def prove(db: Database, owner: CustomerId, subject: UUID, locale: str, pdf: bytes) -> None:
    """Stores the hash of a document that leaves the house for the first time; later it must be the same."""
    fresh = hashlib.sha256(pdf).digest()
    await db.marks.execute(
        """INSERT INTO issued_document (shard_key, customer_id, subject, locale, sha256, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        owner.shard,
        owner.uuid,
        subject,
        locale,
        fresh,
        db.clock.now(),
    )
    stored = await db.primary.fetchval(
        """SELECT sha256 FROM issued_document
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND locale = $4""",
        owner.shard,
        owner.uuid,
        subject,
        locale,
    )
    if stored != fresh:
        raise RenderDiffers(f"{subject} in {locale}")
