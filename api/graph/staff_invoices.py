"""Staff writes invoices: drafts, their lines, and their issue."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.drafts import InvoiceDraft, InvoiceLineInput, draft_shown
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo
from api.graph.refusal import (
    AddInvoiceLineError,
    CreateInvoiceError,
    DeleteInvoiceDraftError,
    EditInvoiceLineError,
    FinalizeInvoiceError,
    RemoveInvoiceLineError,
    as_error,
)
from api.graph.staff_calls import Done, by_staff
from api.graph.texts import id_of
from api.scalars import GlobalId, IdempotencyKey
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.ids import InvoiceId
from domain.invoices.edit_draft import (
    AddInvoiceLine,
    CreateInvoice,
    DeleteDraft,
    DraftStands,
    EditInvoiceLine,
    RemoveInvoiceLine,
    add_invoice_line,
    create_invoice,
    delete_draft,
    edit_invoice_line,
    remove_invoice_line,
)
from domain.invoices.invoice import invoice
from domain.refusals import Refused


async def _draft(info: Info, done: Done[DraftStands]) -> InvoiceDraft | None:
    return await draft_shown(info, done.customer, done.outcome.draft)


def _id(text: GlobalId) -> InvoiceId:
    return id_of(InvoiceId.parse, text, "draftId")


@strawberry.input(description="Begins an invoice of staff; it is issued by finalizeInvoice.")
class CreateInvoiceInput:
    """Input of createInvoice."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    lines: list[InvoiceLineInput] = strawberry.field(default_factory=list, description="Its first lines.")
    purchase_order: str | None = strawberry.field(default=None, description="Instead of the customer's own.")
    net_days: int | None = strawberry.field(default=None, description="Instead of the customer's own; 0: charged.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The draft.")
class CreateInvoicePayload:
    """Payload of createInvoice."""

    draft: InvoiceDraft | None = strawberry.field(description="The draft as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CreateInvoiceError] = strawberry.field(description=ERRORS)


async def create(info: Info, input: CreateInvoiceInput) -> CreateInvoicePayload:
    """For lead and finance."""
    try:
        done = await by_staff(info, create_invoice, input.customer_id, lambda: _created(input), input.idempotency_key)
    except Refused as refused:
        return CreateInvoicePayload(draft=None, operation=None, errors=[as_error(refused)])
    return CreateInvoicePayload(draft=await _draft(info, done), operation=done.operation, errors=[])


def _created(input: CreateInvoiceInput) -> CreateInvoice:
    return CreateInvoice(tuple(line.written("lines") for line in input.lines), input.purchase_order, input.net_days)


@strawberry.input(description="Adds a line at the end of a draft.")
class AddInvoiceLineInput:
    """Input of addInvoiceLine."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    draft_id: GlobalId = strawberry.field(description="The draft.")
    line: InvoiceLineInput = strawberry.field(description="The line.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The draft with its new line.")
class AddInvoiceLinePayload:
    """Payload of addInvoiceLine."""

    draft: InvoiceDraft | None = strawberry.field(description="The draft as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[AddInvoiceLineError] = strawberry.field(description=ERRORS)


async def add(info: Info, input: AddInvoiceLineInput) -> AddInvoiceLinePayload:
    """For lead and finance."""
    try:
        done = await by_staff(
            info,
            add_invoice_line,
            input.customer_id,
            lambda: _added(input),
            input.idempotency_key,
        )
    except Refused as refused:
        return AddInvoiceLinePayload(draft=None, operation=None, errors=[as_error(refused)])
    return AddInvoiceLinePayload(draft=await _draft(info, done), operation=done.operation, errors=[])


def _added(input: AddInvoiceLineInput) -> AddInvoiceLine:
    return AddInvoiceLine(_id(input.draft_id), input.line.written("line"))


@strawberry.input(description="Gives a charge of a draft other words, units or price.")
class EditInvoiceLineInput:
    """Input of editInvoiceLine."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    draft_id: GlobalId = strawberry.field(description="The draft.")
    position: int = strawberry.field(description="The line, from 1.")
    line: InvoiceLineInput = strawberry.field(description="The line.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The draft with the changed line.")
class EditInvoiceLinePayload:
    """Payload of editInvoiceLine."""

    draft: InvoiceDraft | None = strawberry.field(description="The draft as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[EditInvoiceLineError] = strawberry.field(description=ERRORS)


async def edit(info: Info, input: EditInvoiceLineInput) -> EditInvoiceLinePayload:
    """For lead and finance."""
    try:
        done = await by_staff(info, edit_invoice_line, input.customer_id, lambda: _edited(input), input.idempotency_key)
    except Refused as refused:
        return EditInvoiceLinePayload(draft=None, operation=None, errors=[as_error(refused)])
    return EditInvoiceLinePayload(draft=await _draft(info, done), operation=done.operation, errors=[])


def _edited(input: EditInvoiceLineInput) -> EditInvoiceLine:
    return EditInvoiceLine(_id(input.draft_id), input.position, input.line.written("line"))


@strawberry.input(description="Takes a line out of a draft; those behind it move up.")
class RemoveInvoiceLineInput:
    """Input of removeInvoiceLine."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    draft_id: GlobalId = strawberry.field(description="The draft.")
    position: int = strawberry.field(description="The line, from 1.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The draft without the line.")
class RemoveInvoiceLinePayload:
    """Payload of removeInvoiceLine."""

    draft: InvoiceDraft | None = strawberry.field(description="The draft as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RemoveInvoiceLineError] = strawberry.field(description=ERRORS)


async def remove(info: Info, input: RemoveInvoiceLineInput) -> RemoveInvoiceLinePayload:
    """For lead and finance."""
    try:
        done = await by_staff(
            info, remove_invoice_line, input.customer_id, lambda: _removed(input), input.idempotency_key
        )
    except Refused as refused:
        return RemoveInvoiceLinePayload(draft=None, operation=None, errors=[as_error(refused)])
    return RemoveInvoiceLinePayload(draft=await _draft(info, done), operation=done.operation, errors=[])


def _removed(input: RemoveInvoiceLineInput) -> RemoveInvoiceLine:
    return RemoveInvoiceLine(_id(input.draft_id), input.position)


@strawberry.input(description="Throws a draft of staff away.")
class DeleteInvoiceDraftInput:
    """Input of deleteInvoiceDraft."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    draft_id: GlobalId = strawberry.field(description="The draft.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="What is left of the draft: its id.")
class DeleteInvoiceDraftPayload:
    """Payload of deleteInvoiceDraft."""

    draft_id: GlobalId | None = strawberry.field(description="The draft that is gone.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[DeleteInvoiceDraftError] = strawberry.field(description=ERRORS)


async def delete(info: Info, input: DeleteInvoiceDraftInput) -> DeleteInvoiceDraftPayload:
    """For lead and finance."""
    try:
        done = await by_staff(
            info, delete_draft, input.customer_id, lambda: DeleteDraft(_id(input.draft_id)), input.idempotency_key
        )
    except Refused as refused:
        return DeleteInvoiceDraftPayload(draft_id=None, operation=None, errors=[as_error(refused)])
    return DeleteInvoiceDraftPayload(
        draft_id=GlobalId(str(done.outcome.draft)), operation=done.operation, errors=[]
    )  # fmt: skip


@strawberry.input(description="Issues a draft now: it gets its number and is collected.")
class FinalizeInvoiceInput:
    """Input of finalizeInvoice."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    draft_id: GlobalId = strawberry.field(description="The draft.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The issued invoice.")
class FinalizeInvoicePayload:
    """Payload of finalizeInvoice."""

    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[FinalizeInvoiceError] = strawberry.field(description=ERRORS)


async def finalize(info: Info, input: FinalizeInvoiceInput) -> FinalizeInvoicePayload:
    """For lead and finance."""
    try:
        done = await by_staff(
            info, finalize_draft, input.customer_id, lambda: FinalizeDraft(_id(input.draft_id)), input.idempotency_key
        )
    except Refused as refused:
        return FinalizeInvoicePayload(invoice=None, operation=None, errors=[as_error(refused)])
    issued = await invoice(info.context.db.primary, done.customer, done.outcome.invoice)
    return FinalizeInvoicePayload(invoice=Invoice.of(issued), operation=done.operation, errors=[])
