"""Invoices of staff: a draft whose lines are written, changed and taken out until it is issued.

A renewal's draft can be edited too, within its hour; it is issued by itself, so it never loses its last line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.actor import Grant
from domain.customers.customer import customer
from domain.db import Tx
from domain.ids import InvoiceId
from domain.invoices.billing_terms import require_net_days, require_purchase_order
from domain.invoices.draft import Draft, drop_draft, read_draft, store_draft, store_lines
from domain.invoices.line import Line
from domain.invoices.manual_line import AN_INSTANT, ManualLine, rewritten, written
from domain.money import MAX_MINOR
from domain.operation import operation
from domain.period import pin
from domain.refusals import RefusalCode, Refused

EDITORS = frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN})
MANUAL, REPLACEMENT = "manual", "replacement:"  # the reason of a draft of staff, and how that of a replacement starts
MAX_LINES = 500  # as many as a document of a few dozen pages holds
MAX_LIST_TOTAL = MAX_MINOR // 10  # so that the sum with all its taxes, none above 100 %, is still an amount


@dataclass(frozen=True, slots=True)
class CreateInvoice:
    """Lines that staff writes, and terms that stand instead of the customer's own where they are given."""

    lines: tuple[ManualLine, ...]
    purchase_order: str | None
    net_days: int | None


@dataclass(frozen=True, slots=True)
class DraftStands:
    """The draft and how many lines it has; none once it was deleted."""

    draft: InvoiceId
    lines: int


@operation("invoices.create", allowed=EDITORS, begins=True)
async def create_invoice(tx: Tx, command: CreateInvoice) -> DraftStands:
    """A draft in the customer's currency; INVALID_INPUT, INVALID_AMOUNT or CURRENCY_MISMATCH for bad ones."""
    if command.net_days is not None:
        require_net_days(command.net_days)
    require_purchase_order(command.purchase_order)
    currency = (await customer(tx, tx.head.tenant, tx.customer)).currency
    lines = tuple(written(tx, each, currency, "lines") for each in command.lines)
    _bounded(lines, "lines")
    now = pin(tx.now)
    draft = Draft(None, MANUAL, now, now + AN_INSTANT, currency, lines, command.purchase_order, command.net_days)
    return DraftStands(await store_draft(tx, draft), len(lines))


@dataclass(frozen=True, slots=True)
class AddInvoiceLine:
    """One line more at the end of a draft."""

    draft: InvoiceId
    line: ManualLine


@operation("invoices.add_line", allowed=EDITORS, begins=True)
async def add_invoice_line(tx: Tx, command: AddInvoiceLine) -> DraftStands:
    """NOT_FOUND for what is no draft (any more); INVALID_INPUT, INVALID_AMOUNT, CURRENCY_MISMATCH."""
    of = await draft_of(tx, command.draft)
    lines = (*of.lines, written(tx, command.line, of.currency, "line"))
    _bounded(lines, "line")
    return await _stored(tx, command.draft, of, lines)


@dataclass(frozen=True, slots=True)
class EditInvoiceLine:
    """Other words, units or price for a charge of a draft; the span and the tax of the line stay."""

    draft: InvoiceId
    position: int
    line: ManualLine


@operation("invoices.edit_line", allowed=EDITORS, begins=True)
async def edit_invoice_line(tx: Tx, command: EditInvoiceLine) -> DraftStands:
    """As for adding; STATE_CONFLICT for a line that gives unused time back."""
    of = await draft_of(tx, command.draft)
    place = _place(of, command.position)
    if of.lines[place].credits is not None:
        message = "What is given back follows from what was charged; it is not edited."
        raise Refused(RefusalCode.STATE_CONFLICT, message, ("position",))
    lines = list(of.lines)
    lines[place] = rewritten(lines[place], command.line, "line")
    _bounded(lines, "line")
    return await _stored(tx, command.draft, of, lines)


@dataclass(frozen=True, slots=True)
class RemoveInvoiceLine:
    """A line to be taken out; those behind it move up."""

    draft: InvoiceId
    position: int


@operation("invoices.remove_line", allowed=EDITORS)
async def remove_invoice_line(tx: Tx, command: RemoveInvoiceLine) -> DraftStands:
    """NOT_FOUND; STATE_CONFLICT for the last line of a draft that is issued by itself."""
    of = await draft_of(tx, command.draft)
    place = _place(of, command.position)
    if len(of.lines) == 1 and not is_of_staff(of):
        raise Refused(RefusalCode.STATE_CONFLICT, "The last line of a renewal is not taken out.", ("position",))
    return await _stored(tx, command.draft, of, [line for at, line in enumerate(of.lines) if at != place])


@dataclass(frozen=True, slots=True)
class DeleteDraft:
    """A draft of staff that will not be issued."""

    draft: InvoiceId


@operation("invoices.delete_draft", allowed=EDITORS)
async def delete_draft(tx: Tx, command: DeleteDraft) -> DraftStands:
    """NOT_FOUND; STATE_CONFLICT for a draft that is issued by itself."""
    of = await draft_of(tx, command.draft)
    if not is_of_staff(of):
        raise Refused(RefusalCode.STATE_CONFLICT, "A renewal's draft is issued; edit its lines.", ("draftId",))
    await drop_draft(tx, command.draft)
    return DraftStands(command.draft, 0)


async def draft_of(tx: Tx, id: InvoiceId) -> Draft:
    """The customer's draft of that id, else NOT_FOUND."""
    found = await read_draft(tx, tx.customer.shard, tx.customer.uuid, id) if id.shard == tx.customer.shard else None
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such draft.", ("draftId",))
    return found


def is_of_staff(of: Draft) -> bool:
    """Whether staff issues it, and not the house by itself."""
    return of.reason == MANUAL or of.reason.startswith(REPLACEMENT)


def _place(of: Draft, position: int) -> int:
    if not 1 <= position <= len(of.lines):
        raise Refused(RefusalCode.NOT_FOUND, f"The draft has no line {position}.", ("position",))
    return position - 1


def _bounded(lines: Sequence[Line], part: str) -> None:
    if len(lines) > MAX_LINES:
        raise Refused(RefusalCode.INVALID_INPUT, f"An invoice has at most {MAX_LINES} lines.", (part,))
    if sum(line.list_amount.minor for line in lines) > MAX_LIST_TOTAL:
        message = f"The lines of an invoice come to at most {MAX_LIST_TOTAL} minor units."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, (part,))


async def _stored(tx: Tx, id: InvoiceId, of: Draft, lines: Sequence[Line]) -> DraftStands:
    await tx.execute(
        "DELETE FROM invoice_draft_line WHERE shard_key = $1 AND customer_id = $2 AND draft_id = $3",
        id.shard,
        tx.customer.uuid,
        id.uuid,
    )
    if lines:
        await store_lines(tx, id, of.currency, lines)
    return DraftStands(id, len(lines))
