"""What a credit note takes back of an invoice's charges: of certain lines, or of all by what is left of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.invoices.given_back import exceeded, taken_of
from domain.invoices.invoice import Invoice
from domain.invoices.issue_note import part_of
from domain.invoices.line import Line, LineRef
from domain.invoices.note_line import NotePart
from domain.invoices.note_working import How, Working
from domain.invoices.reversal import amount_left, gross_left, take_gross
from domain.money import Money, allocate, total
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A charge of the invoice by its position, and how much of it as the line counts; None: all that is left."""

    position: int
    amount: Money | None


def charges_of(of: Invoice, lines: Sequence[Line]) -> list[tuple[LineRef, Line]]:
    """The charges of the invoice with their places."""
    return [(LineRef(of.id, place), line) for place, line in enumerate(lines, 1) if line.kind == "charge"]


def named(charges: dict[LineRef, Line], of: Invoice, wanted: NoteLine) -> NotePart:
    """The part of a charge; NOT_FOUND for no charge, INVALID_AMOUNT for nothing of it, EXCEEDS_INVOICED beyond it."""
    ref = LineRef(of.id, wanted.position)
    if ref not in charges:
        raise Refused(RefusalCode.NOT_FOUND, f"Invoice {of.number} has no charge {wanted.position}.", ("lines",))
    charge = charges[ref]
    amount = amount_left(charge) if wanted.amount is None else wanted.amount
    how = How.REST if wanted.amount is None else How.ASKED
    part = part_of(ref, charge, taken_of(charge, amount, "lines"), Working.on(charge, how, wanted.amount))
    if part.taken.gross.minor == 0:
        raise Refused(RefusalCode.INVALID_AMOUNT, f"Nothing is taken back of line {wanted.position}.", ("lines",))
    return part


def spread(charges: Sequence[tuple[LineRef, Line]], amount: Money) -> list[NotePart]:
    """Parts that are worth the amount with tax, by what is left of each charge; EXCEEDS_INVOICED beyond that."""
    left = [gross_left(line) for _, line in charges]
    whole = total(left, amount.currency)
    if amount > whole:
        raise exceeded("the invoice", whole, "amount")
    shares = allocate(amount, [each.minor for each in left])
    weights = tuple(each.minor for each in left)
    return [
        part_of(
            ref, line, take_gross(line, each),
            replace(Working.on(line, How.WORTH, amount), weights=weights, place=place),
        )
        for place, ((ref, line), each) in enumerate(zip(charges, shares, strict=True)) if each.minor
    ]  # fmt: skip
