"""Finance corrects the tax of issued invoices: one, or by a run all that a rate or a place concerns."""

from datetime import datetime

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.credit_notes import CreditNote
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import CorrectTaxError, StartTaxCorrectionRunError, StateTaxPlaceError, as_error
from api.graph.staff_calls import by_staff
from api.graph.tax_runs import TaxCorrectionRun, run_shown
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.corrections.correct_tax import CorrectTax, correct_tax
from domain.corrections.tax_run import StartTaxRun, start_tax_run
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.ids import InvoiceId, TaxRateId
from domain.invoices.credit_note import credit_note
from domain.invoices.invoice import invoice
from domain.refusals import Refused

REFUND = "Whether what was paid too much goes back to the method that paid it; else it becomes credit."
COLLECT = "Whether what was charged too little is collected; else it is recorded, and the seller bears it."


@strawberry.input(description="Makes the tax of an issued invoice what it should have been when it was issued.")
class CorrectTaxInput:
    """Input of correctTax."""

    customer_id: GlobalId = strawberry.field(description="Whose invoice it is.")
    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    reason: str = strawberry.field(description="Why; it stands on the document of the difference.")
    refund: bool = strawberry.field(default=False, description=REFUND)
    collect: bool = strawberry.field(default=True, description=COLLECT)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The document that makes the difference; neither, where the tax was right.")
class CorrectTaxPayload:
    """Payload of correctTax."""

    credit_note: CreditNote | None = strawberry.field(description="Where too much was charged.")
    adjustment: Invoice | None = strawberry.field(description="The invoice of the tax that was charged too little.")
    tax_change: Money | None = strawberry.field(description="By how much the tax changed.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CorrectTaxError] = strawberry.field(description=ERRORS)


async def correct(info: Info, input: CorrectTaxInput) -> CorrectTaxPayload:
    """For finance."""
    db = info.context.db.primary

    def command() -> CorrectTax:
        id = id_of(InvoiceId.parse, input.invoice_id, "invoiceId")
        return CorrectTax(id, text(NOTE, input.reason, "reason"), input.refund, input.collect)

    try:
        done = await by_staff(info, correct_tax, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return CorrectTaxPayload(
            credit_note=None, adjustment=None, tax_change=None, operation=None, errors=[as_error(refused)]
        )
    found = done.outcome
    return CorrectTaxPayload(
        credit_note=CreditNote.of(await credit_note(db, done.customer, found.credit_note))
        if found.credit_note
        else None,
        adjustment=Invoice.of(await invoice(db, done.customer, found.adjustment)) if found.adjustment else None,
        tax_change=Money.of(found.tax),
        operation=done.operation,
        errors=[],
    )


@strawberry.input(description="Says where a customer really was for tax in a span of the past.")
class StateTaxPlaceInput:
    """Input of stateTaxPlace."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    country: str = strawberry.field(description="The ISO 3166 code, two capitals.")
    region: str = strawberry.field(default="", description="The region in it, as ISO 3166-2 has it; or nothing.")
    tax_id_country: str | None = strawberry.field(
        default=None, description="The country of the valid tax id it had then; null: it had none."
    )
    valid_from: datetime = strawberry.field(description="The first instant of the span.")
    valid_until: datetime | None = strawberry.field(
        default=None, description="The first instant after the span; null: it has been there ever since."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The span whose invoices a correction looks at with other eyes now.")
class StateTaxPlacePayload:
    """Payload of stateTaxPlace."""

    valid_from: datetime | None = strawberry.field(description="The first instant of the span.")
    valid_until: datetime | None = strawberry.field(description="The first instant after it; null: it goes on.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[StateTaxPlaceError] = strawberry.field(description=ERRORS)


async def state_place(info: Info, input: StateTaxPlaceInput) -> StateTaxPlacePayload:
    """For finance."""

    def command() -> StateTaxPlace:
        return StateTaxPlace(input.country, input.region, input.tax_id_country, input.valid_from, input.valid_until)

    try:
        done = await by_staff(info, state_tax_place, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return StateTaxPlacePayload(valid_from=None, valid_until=None, operation=None, errors=[as_error(refused)])
    return StateTaxPlacePayload(
        valid_from=done.outcome.valid_from, valid_until=done.outcome.valid_until, operation=done.operation, errors=[]
    )


@strawberry.input(description="Corrects the tax of all invoices that a corrected rate, or a place, concerns.")
class StartTaxCorrectionRunInput:
    """Input of startTaxCorrectionRun."""

    rate_id: GlobalId | None = strawberry.field(
        default=None, description="The corrected version of a rate; its span is meant. Or name a country."
    )
    country: str | None = strawberry.field(default=None, description="The country whose tax it is; or name a rate.")
    since: datetime | None = strawberry.field(default=None, description="With a country: invoices issued from then on.")
    until: datetime | None = strawberry.field(default=None, description="With a country: to before then.")
    reason: str = strawberry.field(description="Why; it stands on each document.")
    refund: bool = strawberry.field(default=False, description=REFUND)
    collect: bool = strawberry.field(default=True, description=COLLECT)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The run, whose work is done in the background.")
class StartTaxCorrectionRunPayload:
    """Payload of startTaxCorrectionRun."""

    run: TaxCorrectionRun | None = strawberry.field(description="The run; ask for it again to see how far it is.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[StartTaxCorrectionRunError] = strawberry.field(description=ERRORS)


async def start_run(info: Info, input: StartTaxCorrectionRunInput) -> StartTaxCorrectionRunPayload:
    """For finance."""
    try:
        home = info.context.staff_home()
        done = await performed(info, start_tax_run, home, _run_of(input), input.idempotency_key)
    except Refused as refused:
        return StartTaxCorrectionRunPayload(run=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return StartTaxCorrectionRunPayload(
        run=await run_shown(info, home, done.outcome.run), operation=operation, errors=[]
    )  # fmt: skip


def _run_of(input: StartTaxCorrectionRunInput) -> StartTaxRun:
    return StartTaxRun(
        rate=id_of(TaxRateId.parse, input.rate_id, "rateId") if input.rate_id is not None else None,
        country=input.country,
        since=input.since,
        until=input.until,
        refund=input.refund,
        collect=input.collect,
        reason=text(NOTE, input.reason, "reason"),
    )
