"""Correcting the tax of many invoices: a run lists them page by page, and each is corrected by an operation of its own.

The run is the house customer's; what is listed becomes an item of the invoice's customer, with a due row of its own, so
that a crash anywhere repeats nothing and leaves nothing out.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import due
from domain.actor import Grant
from domain.corrections.correct_tax import CorrectTax, correct_tax
from domain.corrections.void_invoice import require_reason
from domain.countries import require_known_country
from domain.db import Primary, Tx
from domain.ids import CustomerId, InvoiceId, TaxRateId, TaxRunId, TaxRunItemId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tax.rate import rate, until_next

LIST_RUN, CORRECT_ITEM = "list_tax_run", "correct_tax_item"  # the kinds of due work of a run
SYSTEM = frozenset({Grant.SYSTEM})


@dataclass(frozen=True, slots=True)
class TaxScope:
    """Which invoices are looked at: of a country's tax, issued from ``since`` to before ``until``, if that is known."""

    country: str
    since: datetime
    until: datetime | None


async def scope_of(
    db: Primary, tenant: TenantId, rate_id: TaxRateId | None, country: str | None, since: datetime | None,
    until: datetime | None,
) -> TaxScope:  # fmt: skip
    """The span in which a rate holds, or the place and span that are named instead; INVALID_INPUT for both or neither,
    NOT_FOUND for a rate of nobody's."""
    if (rate_id is None) == (country is None):
        raise Refused(RefusalCode.INVALID_INPUT, "Name a rate, or else a country.", ("rateId",))
    if rate_id is not None:
        if since is not None or until is not None:
            raise Refused(RefusalCode.INVALID_INPUT, "A rate has its own span.", ("since",))
        of = await rate(db, tenant, rate_id)
        if of is None:
            raise Refused(RefusalCode.NOT_FOUND, "There is no such tax rate.", ("rateId",))
        return TaxScope(of.country, of.effective_from, await until_next(db, tenant, of))
    assert country is not None
    require_known_country(country, "country")
    if since is None:
        raise Refused(RefusalCode.INVALID_INPUT, "Say from when on.", ("since",))
    if until is not None and until <= since:
        raise Refused(RefusalCode.INVALID_INPUT, "A span ends after it begins.", ("until",))
    return TaxScope(country, since, until)


@dataclass(frozen=True, slots=True)
class TaxRun:
    """A run, and how far its listing has come; ``after`` is the last invoice listed, with its time of issue."""

    id: TaxRunId
    tenant: TenantId
    rate: TaxRateId | None
    scope: TaxScope
    refund: bool
    collect: bool
    reason: str
    listed: int
    listed_all: bool
    after: tuple[datetime, InvoiceId] | None
    recorded_at: datetime


async def tax_run(db: Primary, house: CustomerId, id: TaxRunId) -> TaxRun:
    """The run of that house customer, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT tenant_id, rate_id, country, since, until, refund, collect, reason, listed, listed_all, after_issued,
                  after_shard, after_invoice, recorded_at
             FROM tax_correction_run WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        house.shard,
        house.uuid,
        id.uuid,
    )
    if row is None or id.shard != house.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such run.", ("id",))
    after = row["after_invoice"]
    return TaxRun(
        id, TenantId(row["tenant_id"]), TaxRateId(row["rate_id"]) if row["rate_id"] else None,
        TaxScope(row["country"], row["since"], row["until"]), row["refund"], row["collect"], row["reason"],
        row["listed"], row["listed_all"],
        (row["after_issued"], InvoiceId(row["after_shard"], after)) if after else None, row["recorded_at"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StartTaxRun:
    """A rate whose correction was published, or a country and a span; the rest is as for one correction."""

    rate: TaxRateId | None
    country: str | None
    since: datetime | None
    until: datetime | None
    refund: bool
    collect: bool
    reason: str


@dataclass(frozen=True, slots=True)
class TaxRunStarted:
    """The run, whose work is due now."""

    run: TaxRunId


@operation("invoices.start_tax_run", allowed=frozenset({Grant.FINANCE, Grant.ADMIN}), moves_money=True)
async def start_tax_run(tx: Tx, command: StartTaxRun) -> TaxRunStarted:
    """Under the house customer. INVALID_INPUT or NOT_FOUND where the scope cannot be meant; see ``scope_of``."""
    require_reason(command.reason)
    of = await scope_of(tx, tx.head.tenant, command.rate, command.country, command.since, command.until)
    id = tx.new_id(TaxRunId)
    await tx.execute(
        """INSERT INTO tax_correction_run (shard_key, id, customer_id, tenant_id, rate_id, country, since, until,
               refund, collect, reason, listed, listed_all, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, false, $12)""",
        id.shard, id.uuid, tx.customer.uuid, tx.head.tenant.uuid, command.rate.uuid if command.rate else None,
        of.country, of.since, of.until, command.refund, command.collect, command.reason, tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, LIST_RUN, id.uuid, tx.recorded_at, follows="wall")
    return TaxRunStarted(id)


@dataclass(frozen=True, slots=True)
class EnlistInvoices:
    """Invoices of one customer that a run has listed."""

    run: TaxRunId
    invoices: tuple[InvoiceId, ...]
    refund: bool
    collect: bool
    reason: str


@dataclass(frozen=True, slots=True)
class InvoicesEnlisted:
    """How many are new to the run."""

    new: int


@operation("invoices.enlist_in_tax_run", allowed=SYSTEM)
async def enlist_invoices(tx: Tx, command: EnlistInvoices) -> InvoicesEnlisted:
    """Makes an item of each, with a due row; one that the run has already is left as it is."""
    new = 0
    for invoice in command.invoices:
        id = tx.new_id(TaxRunItemId)
        made = await tx.fetchval(
            """INSERT INTO tax_correction_item (shard_key, id, customer_id, run_id, invoice_id, refund, collect,
                   reason, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id""",
            id.shard, id.uuid, tx.customer.uuid, command.run.uuid, invoice.uuid, command.refund, command.collect,
            command.reason, tx.recorded_at,
        )  # fmt: skip
        if made is not None:
            await due.schedule(tx, CORRECT_ITEM, id.uuid, tx.recorded_at, follows="wall")
            new += 1
    return InvoicesEnlisted(new)


@dataclass(frozen=True, slots=True)
class AdvanceTaxRun:
    """A page of the run is enlisted; ``after`` is its last invoice, None where the list has come to its end."""

    run: TaxRunId
    listed: int
    issued_at: datetime | None
    after: InvoiceId | None


@dataclass(frozen=True, slots=True)
class TaxRunAdvanced:
    """Whether everything is listed."""

    listed_all: bool


@operation("invoices.advance_tax_run", allowed=SYSTEM)
async def advance_tax_run(tx: Tx, command: AdvanceTaxRun) -> TaxRunAdvanced:
    """Remembers how far the run has come, and makes its next page due."""
    if command.after is None:
        await tx.execute(
            "UPDATE tax_correction_run SET listed_all = true WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard, tx.customer.uuid, command.run.uuid,
        )  # fmt: skip
        await due.finish(tx, LIST_RUN, command.run.uuid)
        return TaxRunAdvanced(listed_all=True)
    await tx.execute(
        """UPDATE tax_correction_run SET listed = listed + $4, after_issued = $5, after_shard = $6, after_invoice = $7
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, command.run.uuid, command.listed, command.issued_at, command.after.shard,
        command.after.uuid,
    )  # fmt: skip
    await due.schedule(tx, LIST_RUN, command.run.uuid, tx.recorded_at, follows="wall")
    return TaxRunAdvanced(listed_all=False)


@dataclass(frozen=True, slots=True)
class CorrectItem:
    """One invoice of a run; ``refusal`` is the code with which its correction was refused, if it was tried before."""

    item: TaxRunItemId
    refusal: str | None


@dataclass(frozen=True, slots=True)
class ItemCorrected:
    """What came of it: ``nothing``, ``credited``, ``charged`` or ``refused``, and the document of the difference."""

    result: str
    document: UUID | None


@operation("invoices.correct_tax_item", allowed=SYSTEM, moves_money=True)
async def correct_tax_item(tx: Tx, command: CorrectItem) -> ItemCorrected:
    """Corrects the invoice, or writes down why it could not be; the item's due row is gone then. Refusals as for one
    correction."""
    row = await tx.fetchrow(
        """SELECT invoice_id, refund, collect, reason, result, document_id FROM tax_correction_item
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, command.item.uuid,
    )  # fmt: skip
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such item.")
    await due.finish(tx, CORRECT_ITEM, command.item.uuid)
    if row["result"] is not None:
        return ItemCorrected(row["result"], row["document_id"])
    found = ItemCorrected("refused", None)
    if command.refusal is None:
        invoice = InvoiceId(tx.customer.shard, row["invoice_id"])
        done = await correct_tax.run(tx, CorrectTax(invoice, row["reason"], row["refund"], row["collect"]))
        document = done.credit_note or done.adjustment
        result = "credited" if done.credit_note else "charged" if done.adjustment else "nothing"
        found = ItemCorrected(result, document.uuid if document else None)
    await tx.execute(
        """UPDATE tax_correction_item SET result = $4, document_id = $5, refusal = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, command.item.uuid, found.result, found.document, command.refusal,
    )  # fmt: skip
    return found
