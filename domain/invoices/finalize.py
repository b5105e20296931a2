"""Finalizing: a draft becomes an issued invoice with a gapless number, posted, with the customer's credit applied."""

from dataclasses import dataclass
from datetime import datetime

from domain.customers.customer import billing_person
from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.draft import Draft, columns, drop_draft, read_draft
from domain.invoices.invoice import INVOICE
from domain.invoices.number import Number, take_number
from domain.ledger.account import Account
from domain.ledger.balance import credit_available
from domain.ledger.post import Cause, Transfer, post
from domain.machine import State
from domain.money import Money
from domain.refusals import RefusalCode, Refused
from domain.wire import canonical, to_json

PREVIEW = "PREVIEW"  # a preview takes no number


@dataclass(frozen=True, slots=True)
class Finalized:
    """An issued invoice: what it says, what credit paid of it, and what is still due."""

    invoice: InvoiceId
    number: str
    total: Money
    credited: Money
    due: Money


async def finalize(tx: Tx, id: InvoiceId, due_at: datetime) -> Finalized:
    """Issues the draft; NOT_FOUND where there is none, INVALID_AMOUNT where its lines sum to less than nothing."""
    draft = await read_draft(tx, id.shard, tx.customer.uuid, id)
    if draft is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such draft.", ("invoiceId",))
    if draft.total.minor < 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, "No invoice is issued for less than nothing.")
    credit = await credit_available(tx, tx.customer, draft.currency)
    credited = min(credit, draft.total)
    due = draft.total - credited
    if tx.preview:
        return Finalized(id, PREVIEW, draft.total, credited, due)
    posted = await _post(tx, id, draft.total, credited)
    state = await INVOICE.begin(tx, tx.customer, id.uuid, "finalize")
    tx.emit("invoice.finalized", invoice=id)
    if due.minor == 0:
        state = await INVOICE.move(tx, tx.customer, id.uuid, state, "pay")
        tx.emit("invoice.paid", invoice=id, subscription=draft.subscription)
    sealed = await _snapshot(tx)
    number = await take_number(tx, "invoice")
    await _insert_invoice(tx, id, draft, number, credited, posted, sealed, state, due_at)
    await _insert_lines(tx, id, draft)
    await drop_draft(tx, id)
    return Finalized(id, number.text, draft.total, credited, due)


async def _post(tx: Tx, id: InvoiceId, total: Money, credited: Money) -> int | None:
    transfers = [Transfer(Account.RECEIVABLE, Account.REVENUE, total)] if total.minor else []
    if credited.minor:
        transfers.append(Transfer(Account.CUSTOMER_CREDIT, Account.RECEIVABLE, credited))
    return await post(tx, Cause("invoice.finalized", id.uuid), transfers) if transfers else None


async def _snapshot(tx: Tx) -> bytes:
    """Who the invoice is made out to, sealed under the customer's key."""
    person = await billing_person(tx, tx.head.tenant, tx.customer)
    wrapped = await tx.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    if person is None or wrapped is None:
        raise Refused(RefusalCode.STATE_CONFLICT, "This customer was erased and cannot be invoiced.")
    return tx.vault.seal(wrapped, canonical(to_json(person)), tx.entropy)


async def _insert_invoice(
    tx: Tx, id: InvoiceId, draft: Draft, number: Number, credited: Money, posted: int | None, sealed: bytes,
    state: State, due_at: datetime,
) -> None:  # fmt: skip
    await tx.execute(
        """INSERT INTO invoice (shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason,
               period_start, period_end, series, number, previous_number, number_text, currency, line_count, total,
               credited, paid, written_off, voided, due, posted_number, snapshot_sealed, state, seq, issued_at, due_at,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'invoice', $10, $11, $12, $13, $14, $15, $16, 0, 0, 0,
               $15::bigint - $16::bigint, $17, $18, $19, $20, $21, $22, $23)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.head.legal_entity.uuid, draft.subscription.uuid,
        draft.reason, draft.period_start, draft.period_end, number.value, number.previous, number.text,
        str(draft.currency), len(draft.lines), draft.total.minor, credited.minor, posted, sealed, state.name,
        state.seq, tx.now, due_at, tx.recorded_at,
    )  # fmt: skip


async def _insert_lines(tx: Tx, id: InvoiceId, draft: Draft) -> None:
    await tx.execute(
        """INSERT INTO invoice_line (shard_key, customer_id, invoice_id, position, line_count, subscription_id, kind,
               description, price_id, quantity, unit_amount, starts_at, ends_at, currency, amount, credits_invoice_id,
               credits_position, derivation)
           SELECT $1, $2, $3, l.position, $4, $5, l.kind, l.description, l.price_id, l.quantity, l.unit_amount,
                  l.starts_at, l.ends_at, $6, l.amount, l.credits_invoice_id, l.credits_position, l.derivation
             FROM unnest($7::text[], $8::text[], $9::uuid[], $10::int[], $11::bigint[], $12::timestamptz[],
                         $13::timestamptz[], $14::bigint[], $15::uuid[], $16::int[], $17::jsonb[])
                  WITH ORDINALITY AS l (kind, description, price_id, quantity, unit_amount, starts_at, ends_at, amount,
                                        credits_invoice_id, credits_position, derivation, position)""",
        id.shard, tx.customer.uuid, id.uuid, len(draft.lines), draft.subscription.uuid, str(draft.currency),
        *columns(draft.lines),
    )  # fmt: skip
