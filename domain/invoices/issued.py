"""What the issued documents of an invoice are made of, and the proof that a re-render is equal."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.customers.customer import customer
from domain.database import Database
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId
from domain.invoices.corrected_lines import corrected_lines
from domain.invoices.document_facts import BillingDays, DocumentLine, LineDiscount, LineTax, Party, TaxSum
from domain.invoices.e_invoice_line import NotRepresentable
from domain.invoices.invoice import Invoice, invoice
from domain.invoices.line import TAX_CORRECTED, Line, lines_of
from domain.invoices.line_tax import TaxPart, by_tax
from domain.invoices.snapshot import opened_snapshot
from domain.invoices.tax_correction import TAX_CORRECTION, made_by
from domain.money import Currency, Money
from domain.period import Period, local_date
from domain.tax.decision import Treatment
from domain.tenants.tenant import legal_entities

_SAID = (Treatment.REVERSE_CHARGE, Treatment.EXPORT, Treatment.EXEMPT)  # what a document must give the reason for


class RenderDiffers(Exception):
    """A document rendered again is not the one that was issued: a fault of ours, never shown as if it were."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The invoice whose tax a document corrects, and why."""

    number: str
    issued_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice as its documents see it: who, in which language and zone, for what; ``applied`` is credit at issue."""

    of: Invoice
    locale: str
    zone: str
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxSum, ...]
    legal: tuple[str, ...]
    applied: Money
    correction: Corrected | None = None

    def day(self, at: datetime) -> date:
        """The customer's calendar day of an instant."""
        return local_date(at.replace(microsecond=0), self.zone)


async def billed(db: Database, of: Invoice) -> Billed:
    """The invoice as it was issued, whatever became of it since; STATE_CONFLICT once the customer was erased."""
    owner = of.customer
    taken = await opened_snapshot(db.primary, db.vault, owner, of.id)
    locale, zone = taken.dated_for(await customer(db.primary, of.tenant, owner))
    entity = next(each for each in await legal_entities(db.primary, of.tenant) if each.id == of.legal_entity)
    lines = (await lines_of(db.primary, owner, [of.id]))[of.id]
    discounts = await _discounts(db.primary, owner, of.id)
    parts = by_tax(part for line in lines for part in line.components)
    applied = of.credited if taken.applied is None else Money(taken.applied, of.currency)
    return Billed(
        of, locale, zone, taken.sold_by(entity), taken.buyer(),
        tuple(each for place, line in enumerate(lines, 1) for each in _lines(line, zone, discounts.get(place, ()))),
        tax_sums(parts), legal_codes(parts), applied, await _corrected(db.primary, of),
    )  # fmt: skip


async def _corrected(db: Primary, of: Invoice) -> Corrected | None:
    if not of.reason.startswith(TAX_CORRECTION):
        return None
    correction = await made_by(db, of.customer, of.id.uuid)
    assert correction is not None, of.id
    first = await invoice(db, of.customer, correction.invoice)
    return Corrected(first.number, first.issued_at, correction.reason)


def tax_sums(parts: tuple[TaxPart, ...]) -> tuple[TaxSum, ...]:
    """Taxes as documents print them."""
    return tuple(TaxSum(part.name, part.treatment, part.rate_ppm, part.taxable, part.amount) for part in parts)


def line_taxes(parts: tuple[TaxPart, ...]) -> tuple[LineTax, ...]:
    """The taxes of a line as documents print them."""
    return tuple(LineTax(part.name, part.treatment, part.rate_ppm, part.amount) for part in parts)


def legal_codes(parts: tuple[TaxPart, ...]) -> tuple[str, ...]:
    """What tax law wants said."""
    met = {part.treatment for part in parts}
    return tuple(treatment.value for treatment in _SAID if treatment in met)


def _lines(line: Line, zone: str, discounts: tuple[LineDiscount, ...]) -> tuple[DocumentLine, ...]:
    days = BillingDays.of(Period(line.starts_at, line.ends_at), zone)
    if line.derivation.formula == TAX_CORRECTED:
        return corrected_lines(line.description, days, line.tax_inclusive, line.components)
    return (_line(line, days, discounts),)


def _line(line: Line, days: BillingDays, discounts: tuple[LineDiscount, ...]) -> DocumentLine:
    return DocumentLine(
        text=line.description,
        amount=line.amount,
        days=days,
        quantity=line.quantity,
        unit_price=line.unit_amount,
        taxes=line_taxes(line.components),
        tax_included=line.tax_inclusive,
        discounts=discounts,
        unused=line.kind == "credit",
    )


async def _discounts(db: Primary, owner: CustomerId, id: InvoiceId) -> dict[int, tuple[LineDiscount, ...]]:
    """By position."""
    rows = await db.fetch(
        """SELECT position, name, currency, amount FROM invoice_line_discount
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = $3 ORDER BY position, redemption_id""",
        owner.shard,
        owner.uuid,
        id.uuid,
    )
    found: dict[int, tuple[LineDiscount, ...]] = {}
    for row in rows:
        discount = LineDiscount(row["name"], Money(row["amount"], Currency(row["currency"])))
        found[row["position"]] = (*found.get(row["position"], ()), discount)
    return found


async def proven(
    db: Database, owner: CustomerId, subject: UUID, locale: str, renders: Sequence[Callable[[], bytes]]
) -> bytes:
    """The document as it left the house for the first time, by its hash; RenderDiffers where no render gives it again.

    What leaves it now for the first time is the first render, or NotRepresentable; the others are how it may have been
    rendered before.
    """
    left = await _hash_of(db, owner, subject, locale)
    for render in renders:
        try:
            document = await asyncio.to_thread(render)
        except NotRepresentable:
            if left is None:
                raise
            continue
        if left is None:
            await _keep_hash(db, owner, subject, locale, document)
            left = await _hash_of(db, owner, subject, locale)
        if left == hashlib.sha256(document).digest():
            return document
    raise RenderDiffers(f"{subject} in {locale}")


async def _hash_of(db: Database, owner: CustomerId, subject: UUID, locale: str) -> bytes | None:
    stored: bytes | None = await db.primary.fetchval(
        """SELECT sha256 FROM issued_document
            WHERE shard_key = $1 AND customer_id = $2 AND subject = $3 AND locale = $4""",
        owner.shard,
        owner.uuid,
        subject,
        locale,
    )
    return stored


async def _keep_hash(db: Database, owner: CustomerId, subject: UUID, locale: str, document: bytes) -> None:
    await db.marks.execute(
        """INSERT INTO issued_document (shard_key, customer_id, subject, locale, sha256, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        owner.shard,
        owner.uuid,
        subject,
        locale,
        hashlib.sha256(document).digest(),
        db.clock.now(),
    )
