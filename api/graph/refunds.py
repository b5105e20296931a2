"""Support gives money back."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.payments import Payment, Refund, RefundMeans
from api.graph.refusal import RefundPaymentError, as_error
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey, Text
from domain.ids import CustomerId, PaymentId
from domain.payments.payout import HOLDER_LENGTH, PayoutAccount
from domain.payments.refund import Means, refund
from domain.payments.request_refund import RefundLine, RequestRefund, request_refund
from domain.refusals import Refused

_iban = Text(max_length=60)  # the longest has 34 characters, and spaces
_holder = Text(max_length=HOLDER_LENGTH)


@strawberry.input(description="A charge of the payment's invoice, all that is left of it or a part.")
class RefundLineInput:
    """A line to give back."""

    invoice_line: int = strawberry.field(description="The position of the charge, from 1.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much, as the line counts; its tax goes with it."
    )
    quantity: int | None = strawberry.field(default=None, description="Or how many of its units.")


@strawberry.input(description="A bank account that is paid to. It is kept sealed, and named to finance alone.")
class PayoutAccountInput:
    """An account."""

    iban: str = strawberry.field(description="Its IBAN; spaces do not count.")
    holder: str = strawberry.field(description="Whose it is, at most 140 characters.")


@strawberry.input(description="Gives part or all of a captured payment back to its method, or as credit.")
class RefundPaymentInput:
    """Input of refundPayment."""

    customer_id: GlobalId = strawberry.field(description="Whose payment it is.")
    payment_id: GlobalId = strawberry.field(description="The payment.")
    amount: MoneyInput | None = strawberry.field(
        default=None,
        description="How much, in the payment's currency; at most its refundable. Of lines it may be left out.",
    )
    lines: list[RefundLineInput] = strawberry.field(
        default_factory=list, description="Of which lines; left out: of all, by what is left of each."
    )
    means: RefundMeans = strawberry.field(
        default=RefundMeans.METHOD, description="To what; money goes to the method that paid and to no other."
    )
    payout: PayoutAccountInput | None = strawberry.field(
        default=None, description="Of a transfer that staff recorded, and of nothing else: to which account it goes."
    )
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The refund, as far as it has come, and the payment. It may await another person.")
class RefundPaymentPayload:
    """Payload of refundPayment."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RefundPaymentError] = strawberry.field(description=ERRORS)


def _line(given: RefundLineInput) -> RefundLine:
    amount = amount_of(given.amount, "lines") if given.amount else None
    return RefundLine(given.invoice_line, amount, given.quantity)


def _account(given: PayoutAccountInput | None) -> PayoutAccount | None:
    if given is None:
        return None
    return PayoutAccount(text(_iban, given.iban, "payout"), text(_holder, given.holder, "payout"))


async def refund_payment(info: Info, input: RefundPaymentInput) -> RefundPaymentPayload:
    """For support and above."""
    db = info.context.db.primary
    try:
        info.context.staff_home()
        customer = id_of(CustomerId.parse, input.customer_id, "customerId")
        paid = id_of(PaymentId.parse, input.payment_id, "paymentId")
        command = RequestRefund(
            payment=paid,
            amount=amount_of(input.amount, "amount") if input.amount else None,
            reason=text(NOTE, input.reason, "reason"),
            lines=tuple(_line(each) for each in input.lines),
            means=Means(input.means.name.lower()),
            payout=_account(input.payout),
        )
        done = await performed(info, request_refund, customer, command, input.idempotency_key)
    except Refused as refused:
        return RefundPaymentPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, customer)
    return RefundPaymentPayload(
        refund=Refund.of(await refund(db, customer, done.outcome.refund)),
        payment=Payment.of(await info.context.loaders.payment.load((customer, done.outcome.payment))),
        operation=operation,
        errors=[],
    )
