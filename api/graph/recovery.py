"""How an unpaid subscription comes back: the panel, and what a customer may do about it."""

from datetime import date, datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.installments import InstallmentPlan, newest_plan
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payments import Payment
from api.graph.recovery_policy import SetRecoveryPolicyPayload as SetRecoveryPolicyPayload
from api.graph.recovery_policy import set_recovery_rules as set_recovery_rules
from api.graph.refusal import ChoosePaydayError, SplitInvoiceError, as_error
from api.graph.texts import id_of
from api.graph.whose import WHOSE, customer_of
from api.graph.why_unpaid import WhyUnpaid
from api.scalars import GlobalId, IdempotencyKey
from domain.dunning import panel as domain
from domain.dunning.case import Case
from domain.dunning.choose_payday import ChoosePayday, choose_payday
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.dunning.standing import Standing, standing
from domain.ids import InvoiceId
from domain.invoices.invoice import invoice
from domain.refusals import Refused

OVERDUE_INVOICE = "The overdue invoice, as recovery names it."


@strawberry.enum(description="What can be done about it now. More values may come; leave out what you do not know.")
class RecoveryAct(Enum):
    """The domain's Act."""

    PAY_NOW = strawberry.enum_value("pay_now", description="payInvoice with the default method would be begun.")
    ADD_METHOD = strawberry.enum_value("add_method", description="addPaymentMethod: the new one is charged at once.")
    CHOOSE_PAYDAY = strawberry.enum_value("choose_payday", description="choosePayday, with a day of the span given.")
    SPLIT = strawberry.enum_value("split", description="splitInvoice, in up to so many parts over so many days.")
    CONFIRM = strawberry.enum_value("confirm", description="The customer confirms the payment at url.")
    WAIT = strawberry.enum_value("wait", description="A payment is under way; it is decided by itself.")


@strawberry.type(description="One thing that would be accepted if it were done now.")
class RecoveryAction:
    """An offer."""

    kind: RecoveryAct = strawberry.field(description="What to do.")
    url: str | None = strawberry.field(description="CONFIRM: where the customer has to go.")
    resolves_by: datetime | None = strawberry.field(
        description="CONFIRM and WAIT: when it is decided at the latest, by staff if by nobody else."
    )
    first_day: date | None = strawberry.field(description="CHOOSE_PAYDAY: the first day, in the customer's zone.")
    last_day: date | None = strawberry.field(description="CHOOSE_PAYDAY: the last day.")
    max_parts: int | None = strawberry.field(description="SPLIT: the most parts; 2 is the fewest.")
    max_days: int | None = strawberry.field(description="SPLIT: within how many days the last part is due.")

    @classmethod
    def of(cls, offer: domain.Offer) -> "RecoveryAction":
        """The domain's offer."""
        return cls(
            kind=RecoveryAct(offer.act.value),
            url=offer.url,
            resolves_by=offer.until,
            first_day=offer.first_day,
            last_day=offer.last_day,
            max_parts=offer.parts,
            max_days=offer.days,
        )


@strawberry.type(description="What happens next to a subscription whose renewal is unpaid.")
class Recovery:
    """The open dunning case of a subscription."""

    source: strawberry.Private[Standing]
    next_attempt_at: datetime | None = strawberry.field(description="When it is charged again by itself, if ever.")
    attempts_left: int = strawberry.field(description="How many automatic attempts remain.")
    access_until: datetime = strawberry.field(description="When access ends unless it is paid.")
    gives_up_at: datetime = strawberry.field(description="When the invoice is given up and the subscription ends.")
    invoice_id: GlobalId = strawberry.field(description="The invoice to pay; a new payment method is charged at once.")
    reason: WhyUnpaid = strawberry.field(description="Why it is unpaid.")
    actions: list[RecoveryAction] = strawberry.field(description="What would be accepted now, the shortest way first.")

    @classmethod
    def of(cls, found: Standing, now: datetime) -> "Recovery":
        """The domain's case, at an instant of its customer's time."""
        case, plan = found.case, found.plan
        waited = now - case.waiting_since if case.waiting_since else now - now
        next_part = plan.next_part.due_at if plan and plan.next_part else None
        return cls(
            source=found,
            next_attempt_at=next_part or case.next_retry_at,
            attempts_left=case.retries_left,
            access_until=case.suspend_at + waited,
            gives_up_at=case.give_up_at + waited,
            invoice_id=GlobalId(str(case.invoice)),
            reason=WhyUnpaid(domain.reason(found).value),
            actions=[RecoveryAction.of(each) for each in domain.offers(found, now)],
        )

    @strawberry.field(description="The parts that it is paid in, if it is; then its days wait.")
    async def installments(self, info: Info) -> InstallmentPlan | None:
        """The plan that is kept."""
        plan = self.source.plan
        return InstallmentPlan.of(plan, self.source.invoice) if plan else None


async def recovery_of(info: Info, case: Case) -> Recovery | None:
    """How the case's subscription comes back; None where the case ended meanwhile."""
    now, db = await info.context.loaders.times.load(case.customer), info.context.db
    try:
        found = await standing(db.primary, info.context.tenant, case.customer, case.invoice, db.clock.now())
    except Refused:
        return None
    return Recovery.of(found, now)


@strawberry.input(description="Moves the next retry of an overdue invoice to the day on which there is money.")
class ChoosePaydayInput:
    """Input of choosePayday."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    invoice_id: GlobalId = strawberry.field(description=OVERDUE_INVOICE)
    day: date = strawberry.field(description="A day before access ends, in the customer's zone; it is noon there.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="When the invoice is tried next.")
class ChoosePaydayPayload:
    """Payload of choosePayday."""

    invoice: Invoice | None = strawberry.field(description="The invoice.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried, as it was chosen by this call.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChoosePaydayError] = strawberry.field(description=ERRORS)


async def choose_day(info: Info, input: ChoosePaydayInput) -> ChoosePaydayPayload:
    """Access does not end before that day."""
    try:
        customer = customer_of(info, input.customer_id)
        command = ChoosePayday(id_of(InvoiceId.parse, input.invoice_id, "invoiceId"), input.day)
        done = await performed(info, choose_payday, customer, command, input.idempotency_key)
    except Refused as refused:
        return ChoosePaydayPayload(invoice=None, next_attempt_at=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    found = await invoice(info.context.db.primary, customer, done.outcome.invoice)
    return ChoosePaydayPayload(
        invoice=Invoice.of(found), next_attempt_at=done.outcome.at, operation=operation, errors=[]
    )  # fmt: skip


@strawberry.input(description="Pays an overdue invoice in parts, the first one at once.")
class SplitInvoiceInput:
    """Input of splitInvoice."""

    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    invoice_id: GlobalId = strawberry.field(description=OVERDUE_INVOICE)
    parts: int = strawberry.field(description="In how many parts, 2 to the maxParts of recovery.")
    interval_days: int = strawberry.field(description="How many days lie between two parts.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The plan, and its first part as far as that has come.")
class SplitInvoicePayload:
    """Payload of splitInvoice."""

    plan: InstallmentPlan | None = strawberry.field(description="The plan as it stands now.")
    payment: Payment | None = strawberry.field(description="The attempt of the first part as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SplitInvoiceError] = strawberry.field(description=ERRORS)


async def split(info: Info, input: SplitInvoiceInput) -> SplitInvoicePayload:
    """Begins the first part and waits a little for its outcome."""
    try:
        customer = customer_of(info, input.customer_id)
        id = id_of(InvoiceId.parse, input.invoice_id, "invoiceId")
        command = SplitInvoice(id, input.parts, input.interval_days)
        done = await performed(info, split_invoice, customer, command, input.idempotency_key)
    except Refused as refused:
        return SplitInvoicePayload(plan=None, payment=None, operation=None, errors=[as_error(refused)])
    operation, db = await followed(info, done, customer), info.context.db.primary
    return SplitInvoicePayload(
        plan=await newest_plan(info, await invoice(db, customer, id)),
        payment=Payment.of(await info.context.loaders.payment.load((customer, done.outcome.payment))),
        operation=operation,
        errors=[],
    )
