"""Correcting the tax of an issued invoice: exactly the difference, as a credit note of tax or an adjustment invoice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.actor import Grant
from domain.corrections.void_invoice import require_reason
from domain.db import Tx
from domain.ids import CreditNoteId, InvoiceId, PaymentId, RefundId
from domain.invoices.billing_terms import AT_ONCE, BillingTerms, billing_terms
from domain.invoices.corrected_tax import Examined, components_of, examined, parts_of
from domain.invoices.draft import Draft
from domain.invoices.finalize import Finalized, issue, until_of
from domain.invoices.invoice import invoice, no_invoice
from domain.invoices.issue_note import PREVIEW, Split, issue_note, to_credit
from domain.invoices.line import TAX_CORRECTED, Derivation, Line, LineRef
from domain.invoices.line_tax import TaxPart
from domain.invoices.note_line import NotePart
from domain.invoices.note_working import Working
from domain.invoices.rate import Rated
from domain.invoices.reversal import Taken
from domain.invoices.settle import write_off
from domain.invoices.snapshot import seal_again, seal_snapshot
from domain.invoices.tax_correction import TAX_CORRECTION, TaxCorrection, insert_correction
from domain.invoices.taxing import keep_decision
from domain.ledger.balance import credit_available
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import part_for_payments, refund_invoice
from domain.payments.collect import collect
from domain.payments.issue_credit_note import refuse_while_paying
from domain.payments.withhold import withhold
from domain.tax.correction import LineCorrection, Way

CORRECTORS = frozenset({Grant.FINANCE, Grant.ADMIN, Grant.SYSTEM})


@dataclass(frozen=True, slots=True)
class CorrectTax:
    """What was charged too much first lowers what is owed; the rest is ``refund``, or else credit, but for what a
    dispute has taken as well.

    What was charged too little is collected by the customer's terms, or else borne by the seller: it is recorded, and
    written off at once. So it is for an invoice that was given up.
    """

    invoice: InvoiceId
    reason: str
    refund: bool
    collect: bool


@dataclass(frozen=True, slots=True)
class TaxCorrected:
    """The document of the difference, or none where there is none; signed: below zero is given back.

    ``tax`` is by how much the tax changes, ``gross`` what the customer owes.
    """

    invoice: InvoiceId
    credit_note: CreditNoteId | None
    adjustment: InvoiceId | None
    number: str | None
    tax: Money
    gross: Money
    payment: PaymentId | None
    refunds: tuple[RefundId, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What changes on one line: the taxes taken off it, as positive amounts, and those put on it."""

    ref: LineRef
    line: Line
    of: LineCorrection
    back: tuple[TaxPart, ...]
    added: tuple[TaxPart, ...]

    @property
    def given(self) -> tuple[LineRef, Taken]:
        """What counts as given back of the charge: its old taxes, and nothing of its amount."""
        nothing = Money.zero(self.of.tax.currency)
        return self.ref, Taken(nothing, nothing, nothing, self.back)


@operation("invoices.correct_tax", allowed=CORRECTORS, moves_money=True)
async def correct_tax(tx: Tx, command: CorrectTax) -> TaxCorrected:
    """Makes the tax what today's versions and corrected facts say it should have been at the original tax point.

    Where that is what stands, as after a first correction, nothing is done. NOT_FOUND; INVALID_INPUT for a reason that
    says nothing; STATE_CONFLICT where a rate is owed that nobody published, and for an adjustment invoice to somebody
    who was erased; PAYMENT_IN_PROGRESS while a payment of what would be lowered is under way.
    """
    require_reason(command.reason)
    found = (await examined(tx, tx.vault, tx.customer, [command.invoice])).get(command.invoice)
    if found is None:
        raise no_invoice()
    if found.way is Way.NOTHING:
        nothing = Money.zero(found.invoice.currency)
        return TaxCorrected(command.invoice, None, None, None, nothing, nothing, None, ())
    changes = [_change(found, each) for each in found.found.lines]
    if found.way is Way.CREDIT:
        return await _credit(tx, command, found, changes)
    return await _adjust(tx, command, found, changes)


def _change(of: Examined, line: LineCorrection) -> _Change:
    """The components of a correction are those that stand, negative, and then the new ones."""
    charge, nothing = of.lines[line.position - 1], Money.zero(of.invoice.currency)
    standing = charge.standing
    now = components_of(charge)
    back = tuple(
        replace(part, taxable=each.taxable, amount=each.amount, given_back=nothing)
        for part, each in zip(standing, now, strict=True)
    )
    return _Change(
        LineRef(of.invoice.id, line.position), charge, line, back, parts_of(charge, line.components[len(back) :])
    )  # fmt: skip


def _negative(parts: Sequence[TaxPart]) -> tuple[TaxPart, ...]:
    return tuple(replace(part, taxable=-part.taxable, amount=-part.amount) for part in parts)


async def _credit(tx: Tx, command: CorrectTax, found: Examined, changes: Sequence[_Change]) -> TaxCorrected:
    of, id = found.invoice, tx.new_id(CreditNoteId)
    split = to_credit(of, -found.found.gross)
    if split.reduced.minor:
        await refuse_while_paying(tx, of)
    if command.refund:
        refunded = await part_for_payments(tx, of.id, split.credited)
        split = Split(split.reduced, refunded, split.credited - refunded, split.out_of_band)
    await _record(tx, command, found, changes, id, None)
    counted = [each.given for each in changes]
    parts = [_note_part(each) for each in changes]
    issued = await issue_note(tx, of, TAX_CORRECTION, command.reason, parts, split, id=id, counted=counted)
    refunds = await refund_invoice(tx, issued, command.reason)
    await withhold(tx, of.id)
    return TaxCorrected(of.id, id, None, issued.number, found.found.tax, found.found.gross, None, refunds)


def _note_part(of: _Change) -> NotePart:
    """What a credit note takes back is positive: the old taxes, less the new ones."""
    nothing = Money.zero(of.of.tax.currency)
    taken = Taken(nothing, -of.of.net, -of.of.tax, (*of.back, *_negative(of.added)))
    return NotePart(of.ref, of.ref, of.line.description, taken, Working.correcting(taken.components))


async def _record(
    tx: Tx, command: CorrectTax, found: Examined, changes: Sequence[_Change], note: CreditNoteId | None,
    adjustment: InvoiceId | None,
) -> None:  # fmt: skip
    """Writes the correction, the new taxes of the lines and the decision they follow from, before the document."""
    if tx.preview:
        return
    correction = TaxCorrection(
        found.invoice.id, found.ordinal, found.replaces, note, adjustment, found.charged, found.should_be,
        found.found.gross, command.reason, tx.recorded_at,
    )  # fmt: skip
    added = [(each.ref.position, part) for each in changes for part in each.added]
    await insert_correction(tx, correction, added)
    await keep_decision(tx, InvoiceId(found.invoice.id.shard, correction.document), found.taxed)


async def _adjust(tx: Tx, command: CorrectTax, found: Examined, changes: Sequence[_Change]) -> TaxCorrected:
    of, id = found.invoice, tx.new_id(InvoiceId)
    borne = not command.collect or of.state.name == "uncollectible"
    rated = Rated(of.currency, tuple(_line(each) for each in changes), (), tuple(each.given for each in changes), None)
    nothing = Money.zero(of.currency)
    credited = nothing if borne else min(await credit_available(tx, tx.customer, of.currency), rated.total)
    number, terms = PREVIEW, AT_ONCE if borne else await billing_terms(tx, tx.customer)
    if not tx.preview:
        await _record(tx, command, found, changes, None, id)
        number = await _issue(tx, found, id, rated, credited, terms)
    issued = Finalized(id, number, rated.total, credited, rated.total - credited, rated, terms.net_days > 0)
    if borne and issued.due.minor and not tx.preview:
        await write_off(tx, await invoice(tx, tx.customer, id))
    payment = None if borne else await collect(tx, issued)
    return TaxCorrected(of.id, None, id, number, found.found.tax, found.found.gross, payment, ())


async def _issue(
    tx: Tx, found: Examined, id: InvoiceId, rated: Rated, credited: Money, terms: BillingTerms
) -> str:  # fmt: skip
    """An invoice of no subscription: that one does not end because of the tax on what was paid for it.

    It is made out to whom the invoice was, or to the customer of now where that was wrong.
    """
    of = found.invoice
    reason = f"{TAX_CORRECTION}:{of.number}:{found.ordinal}"
    draft = Draft(None, reason, of.period_start, of.period_end, of.currency, rated.lines)
    sealed = await (seal_snapshot(tx, credited) if found.moved else seal_again(tx, of.id, credited))
    return await issue(tx, id, draft, rated, credited, terms, until_of(tx, terms, tx.now), sealed)


def _line(of: _Change) -> Line:
    """A line that takes the old taxes of a charge back and puts the new ones on it; its own amount is nothing."""
    line, nothing = of.line, Money.zero(of.of.tax.currency)
    seconds = max(1, int((line.ends_at - line.starts_at).total_seconds()))
    return Line(
        kind="credit", description=line.description, price=line.price, plan=line.plan, quantity=1,
        unit_amount=nothing, starts_at=line.starts_at, ends_at=line.ends_at, list_amount=nothing, discount=nothing,
        tax_inclusive=line.tax_inclusive, category=line.category, components=(*_negative(of.back), *of.added),
        credits=of.ref, derivation=Derivation(TAX_CORRECTED, nothing, seconds, seconds), given_back=nothing,
        plan_version=line.plan_version,
    )  # fmt: skip
