"""Staff voids and gives up invoices, and agrees on terms with customers."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.drafts import InvoiceDraft, draft_shown
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo
from api.graph.refusal import (
    MarkInvoiceUncollectibleError,
    SetBillingTermsError,
    VoidInvoiceError,
    as_error,
)
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.corrections.give_up_invoice import GiveUpInvoice, give_up_invoice
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId
from domain.invoices.billing_terms import AUTOMATIC, SetBillingTerms, set_billing_terms
from domain.invoices.invoice import invoice
from domain.refusals import Refused


@strawberry.input(description="Takes an open invoice back whole.")
class VoidInvoiceInput:
    """Input of voidInvoice."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    replace: bool = strawberry.field(default=False, description="Whether a draft with its lines takes its place.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The invoice, which is void now, and what takes its place.")
class VoidInvoicePayload:
    """Payload of voidInvoice."""

    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    replacement: InvoiceDraft | None = strawberry.field(description="The draft that takes its place.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[VoidInvoiceError] = strawberry.field(description=ERRORS)


async def void(info: Info, input: VoidInvoiceInput) -> VoidInvoicePayload:
    """For lead and finance."""

    def command() -> VoidInvoice:
        return VoidInvoice(_invoice(input.invoice_id), text(NOTE, input.reason, "reason"), input.replace)

    try:
        done = await by_staff(info, void_invoice, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return VoidInvoicePayload(invoice=None, replacement=None, operation=None, errors=[as_error(refused)])
    instead = done.outcome.replacement
    return VoidInvoicePayload(
        invoice=Invoice.of(await invoice(info.context.db.primary, done.customer, done.outcome.invoice)),
        replacement=await draft_shown(info, done.customer, instead) if instead else None,
        operation=done.operation,
        errors=[],
    )


def _invoice(id: GlobalId) -> InvoiceId:
    return id_of(InvoiceId.parse, id, "invoiceId")


@strawberry.input(description="Gives up what is due on an invoice.")
class MarkInvoiceUncollectibleInput:
    """Input of markInvoiceUncollectible."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The invoice, of which nothing is due any more.")
class MarkInvoiceUncollectiblePayload:
    """Payload of markInvoiceUncollectible."""

    invoice: Invoice | None = strawberry.field(description="The invoice as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[MarkInvoiceUncollectibleError] = strawberry.field(description=ERRORS)


async def mark_uncollectible(info: Info, input: MarkInvoiceUncollectibleInput) -> MarkInvoiceUncollectiblePayload:
    """For finance."""

    def command() -> GiveUpInvoice:
        return GiveUpInvoice(_invoice(input.invoice_id), text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, give_up_invoice, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return MarkInvoiceUncollectiblePayload(invoice=None, operation=None, errors=[as_error(refused)])
    given_up = await invoice(info.context.db.primary, done.customer, done.outcome.invoice)
    return MarkInvoiceUncollectiblePayload(invoice=Invoice.of(given_up), operation=done.operation, errors=[])


@strawberry.type(description="How a customer pays.")
class BillingTerms:
    """Terms."""

    charged_automatically: bool = strawberry.field(description="Else it pays by itself within netDays.")
    net_days: int = strawberry.field(description="The days to pay; 0 where it is charged.")
    purchase_order: str | None = strawberry.field(description="What its invoices name.")


@strawberry.input(description="Sets how a customer pays the invoices that are issued from now on.")
class SetBillingTermsInput:
    """Input of setBillingTerms."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    net_days: int = strawberry.field(description="The days to pay, 1 to 120; 0: charged at once.")
    purchase_order: str | None = strawberry.field(default=None, description="What its invoices name.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The terms.")
class SetBillingTermsPayload:
    """Payload of setBillingTerms."""

    terms: BillingTerms | None = strawberry.field(description="The terms that hold now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetBillingTermsError] = strawberry.field(description=ERRORS)


async def set_terms(info: Info, input: SetBillingTermsInput) -> SetBillingTermsPayload:
    """For lead and finance."""
    try:
        done = await by_staff(
            info, set_billing_terms, input.customer_id,
            lambda: SetBillingTerms(input.net_days, input.purchase_order), input.idempotency_key,
        )  # fmt: skip
    except Refused as refused:
        return SetBillingTermsPayload(terms=None, operation=None, errors=[as_error(refused)])
    terms = done.outcome
    shown = BillingTerms(
        charged_automatically=terms.collection == AUTOMATIC,
        net_days=terms.net_days,
        purchase_order=terms.purchase_order,
    )
    return SetBillingTermsPayload(terms=shown, operation=done.operation, errors=[])
