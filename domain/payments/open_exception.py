"""Opening an exception outside the operation that met the doubt: for a worker that asked in vain, or an odd event."""

from dataclasses import dataclass
from datetime import timedelta

from domain import due
from domain.actor import Grant
from domain.db import Tx
from domain.ids import ExceptionCaseId, PaymentId, RefundId
from domain.money import Money
from domain.operation import operation
from domain.payments.begin_refund import SEND_REFUND
from domain.payments.doubt import Doubt, open_case
from domain.payments.exception_case import Kind
from domain.payments.pay_invoice import SEND
from domain.payments.payment import payment
from domain.payments.refund import IN_FLIGHT, refund
from domain.wire import added

CAUSE_LENGTH = 200  # a sentence; never a value, which could be personal
IN_VAIN = "The provider was asked for all its days and did not tell."
OTHER_MONEY = "The provider answers for another amount or currency."
OUT_OF_REACH = "The provider could not be asked for all its days."
GIVEN_UP = "The work failed too often: "
ASK_ON = timedelta(days=1)  # what failed five times in a row waits for people first; then it is looked at daily


@dataclass(frozen=True, slots=True)
class OpenException:
    """What is in doubt about a payment, or about a refund of it; ``told`` is the other amount the provider named.

    ``asks_on`` says that the provider is still asked about the payment, whose work was given up.
    """

    kind: Kind
    payment: PaymentId
    refund: RefundId | None
    cause: str
    told: Money | None = None
    asks_on: bool = added(False)


@dataclass(frozen=True, slots=True)
class ExceptionOpened:
    """The case that is open for it; None: it became known meanwhile."""

    exception: ExceptionCaseId | None


@operation("payments.open_exception", allowed=frozenset({Grant.SYSTEM}))
async def open_exception(tx: Tx, command: OpenException) -> ExceptionOpened:
    """The case that is open already, where one is; of an unknown outcome the provider is not asked any more by
    itself, unless it is to be.

    NOT_FOUND for a payment or refund that is not the customer's.
    """
    of = await payment(tx, tx.customer, command.payment)
    given = await refund(tx, tx.customer, command.refund) if command.refund else None
    if command.kind is Kind.PAYMENT_UNKNOWN:
        if of.is_settled:
            return ExceptionOpened(None)
        if command.asks_on:
            await due.schedule(tx, SEND, of.id.uuid, tx.recorded_at + ASK_ON, follows="wall")
        else:
            await due.finish(tx, SEND, of.id.uuid)
    if command.kind in (Kind.PAYMENT_UNKNOWN, Kind.PAYMENT_MISMATCH):
        await tx.execute(  # whoever hears of it later looks whether a case waits for that
            "UPDATE payment SET queries = greatest(queries, 1) WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard, tx.customer.uuid, of.id.uuid,
        )  # fmt: skip
    if command.kind is Kind.REFUND_UNKNOWN and given is not None:
        if given.state.name not in IN_FLIGHT:
            return ExceptionOpened(None)
        await due.finish(tx, SEND_REFUND, given.id.uuid)
        await tx.execute(
            "UPDATE refund SET queries = greatest(queries, 1) WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard, tx.customer.uuid, given.id.uuid,
        )  # fmt: skip
    amount = given.amount if given else of.amount
    doubt = Doubt(command.kind, of, amount, command.cause[:CAUSE_LENGTH], given, command.told)
    return ExceptionOpened(await open_case(tx, doubt))
