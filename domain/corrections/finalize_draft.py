"""Issuing a draft by hand: an invoice of staff, or a renewal's before its hour is over."""

from dataclasses import dataclass

from domain import due
from domain.db import Tx
from domain.ids import InvoiceId, PaymentId
from domain.invoices.draft import FINALIZE
from domain.invoices.edit_draft import EDITORS, draft_of
from domain.invoices.finalize import finalize
from domain.money import Money
from domain.operation import operation
from domain.payments.collect import collect


@dataclass(frozen=True, slots=True)
class FinalizeDraft:
    """A draft that is right as it is."""

    draft: InvoiceId


@dataclass(frozen=True, slots=True)
class DraftFinalized:
    """The issued invoice; ``payment`` is the attempt that was begun, where it is charged at once."""

    invoice: InvoiceId
    number: str
    total: Money
    due: Money
    payment: PaymentId | None


@operation("invoices.finalize_draft", allowed=EDITORS, moves_money=True)
async def finalize_draft(tx: Tx, command: FinalizeDraft) -> DraftFinalized:
    """NOT_FOUND for what is no draft; STATE_CONFLICT for one without lines; else as for every issue."""
    await draft_of(tx, command.draft)
    issued = await finalize(tx, command.draft, tx.now)
    if not tx.preview:
        await due.finish(tx, FINALIZE, command.draft.uuid)
    payment = await collect(tx, issued)
    return DraftFinalized(issued.invoice, issued.number, issued.total, issued.due, payment)
