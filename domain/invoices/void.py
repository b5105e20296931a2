"""Taking an open invoice back whole, with all that hangs on it."""

from collections.abc import Sequence
from dataclasses import replace

from domain.catalog.coupon_use import give_uses_back
from domain.db import Tx
from domain.ids import CouponRedemptionId, InvoiceId
from domain.invoices.credit_note import CreditNote, credit_notes_of
from domain.invoices.credit_whole import credit_whole
from domain.invoices.given_back import credited, take_again
from domain.invoices.invoice import INVOICE, Invoice, emit_of, invoices_by_id, store_settlement
from domain.invoices.line import Line, LineRef, lines_of
from domain.invoices.rate import carried_by, discountable
from domain.invoices.reversal import Taken
from domain.invoices.settle import PAID_BACK, amounts_of
from domain.invoices.take_note_back import take_note_back
from domain.invoices.tax_correction import TAX_CORRECTION, tax_corrections_of
from domain.ledger.account import Account
from domain.ledger.post import Cause, Transfer, post, reverse
from domain.money import Money, total


async def void(tx: Tx, of: Invoice) -> None:
    """Takes an open invoice back whole: its posting is reversed, credit comes back, what was paid becomes credit, its
    credit notes are void with it, its tax was never to be adjusted, and coupons have the period again that it had used
    up. INSUFFICIENT_BALANCE where its notes gave more than was paid, and that is no credit any more."""
    state = await INVOICE.move(tx, tx.customer, of.id.uuid, of.state, "void")
    notes = (await standing_notes(tx, [of.id]))[of.id]
    outside = total((each.out_of_band for each in notes), of.currency)  # the customer has it, whatever is void
    parts = (
        (Account.RECEIVABLE, Account.CUSTOMER_CREDIT, of.paid),
        (Account.CUSTOMER_CREDIT, Account.CASH_OUTSIDE, outside),
    )
    back = [Transfer(debit, credit, amount) for debit, credit, amount in parts if amount.minor]
    if back:  # before its notes: one that gave a part of this back takes it from here again
        await post(tx, Cause(PAID_BACK, of.id.uuid), back)
    await _take_documents_back(tx, of, notes)
    if of.posted_number is not None:
        await reverse(tx, of.posted_number, Cause("invoice.voided", of.id.uuid))
    lines = (await lines_of(tx, tx.customer, [of.id]))[of.id]
    await take_again(tx, _parts_given_back(lines))
    await give_uses_back(tx, await _used(tx, lines), _reductions(lines), of.id)
    nothing = Money.zero(of.currency)
    await store_settlement(
        tx, of.id, state, amounts_of(of, credited=nothing, noted=nothing, paid=nothing, voided=of.total)
    )
    emit_of(tx, "invoice.voided", of.id, of.subscription)


async def standing_notes(tx: Tx, ids: Sequence[InvoiceId]) -> dict[InvoiceId, list[CreditNote]]:
    """The credit notes of each of the customer's invoices that are not void, oldest first."""
    found = await credit_notes_of(tx, tx.customer, ids)
    return {id: [each for each in found.get(id, []) if each.state.name == "issued"] for id in ids}


async def _take_documents_back(tx: Tx, of: Invoice, notes: Sequence[CreditNote]) -> None:
    """Its credit notes and the adjustment invoices of its tax, the newest first: each stands on those before it."""
    corrections = (await tax_corrections_of(tx, tx.customer, [of.id])).get(of.id, ())
    extra = await invoices_by_id(tx, tx.customer, [each.adjustment for each in corrections if each.adjustment])
    documents: list[CreditNote | Invoice] = [*notes, *extra.values()]
    for document in sorted(documents, key=_posted, reverse=True):
        if isinstance(document, Invoice):
            await _take_adjustment_back(tx, document)
        else:
            await take_note_back(tx, document)


def _posted(of: CreditNote | Invoice) -> int:
    """Postings count up; an adjustment without one moved no money, so that its turn does not matter."""
    return of.posted_number or 0


async def _take_adjustment_back(tx: Tx, of: Invoice) -> None:
    """One that was paid already, or given up, is credited."""
    if of.state.name == "open":
        await void(tx, of)
    elif of.state.name != "void":
        await credit_whole(tx, of, TAX_CORRECTION, f"The tax of a void invoice: {of.reason}")


def _reductions(lines: Sequence[Line]) -> list[CouponRedemptionId]:
    """The redemptions that reduced lines of the invoice, whether a period of them was used up or not."""
    return [each.redemption for line in lines for each in line.reductions]


async def _used(tx: Tx, lines: Sequence[Line]) -> list[CouponRedemptionId]:
    """Those of which the invoice used a period up, one each: those that reduced charges of whole periods, unless it
    went on with a period that another invoice had used up."""
    before = carried_by(lines, await credited(tx, tx.customer, lines))
    used = _reductions([line for line in lines if discountable(line).whole_period])
    return [each for each in used if each not in before]


def _parts_given_back(lines: Sequence[Line]) -> list[tuple[LineRef, Taken]]:
    """What the invoice's credits had taken of other charges: its own lines, the other way round."""
    parts = []
    for line in lines:
        if line.credits is not None:
            components = tuple(replace(part, taxable=-part.taxable, amount=-part.amount) for part in line.components)
            parts.append((line.credits, Taken(-line.amount, -line.net, -line.tax, components)))
    return parts
