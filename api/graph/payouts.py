"""Finance pays back what came without a provider, and says so."""

from datetime import datetime
from typing import cast
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.errors import Code, Fault
from api.graph.arguments import ERRORS, MINTED, OPERATION, After, First
from api.graph.context import Info
from api.graph.money import Money
from api.graph.offline_payments import OfflineMeans
from api.graph.outcome import OperationInfo
from api.graph.payments import Payment, Refund
from api.graph.refusal import RecordRefundPayoutError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import id_of, text
from api.scalars import GlobalId, IdempotencyKey, Text
from domain.actor import Grant
from domain.fanout.payouts import count_payouts, payouts_waiting
from domain.ids import RefundId
from domain.payments.payout import Payout, RecordPayout, record_payout
from domain.payments.record_offline import REFERENCE_LENGTH
from domain.payments.refund import refund
from domain.refusals import Refused

Place = tuple[datetime, str]
_reference = Text(max_length=REFERENCE_LENGTH)


@strawberry.type(description="A refund that a person has to pay out.")
class RefundPayout:
    """A line of the list."""

    customer_id: GlobalId = strawberry.field(description="Whose it is.")
    payment_id: GlobalId = strawberry.field(description="What is given back.")
    refund_id: GlobalId = strawberry.field(description="The refund.")
    amount: Money = strawberry.field(description="How much.")
    means: OfflineMeans = strawberry.field(description="How the money came, and goes back.")
    iban: str | None = strawberry.field(description="To which account; null without one, and once it was erased.")
    holder: str | None = strawberry.field(description="Whose account it is.")
    asked_at: datetime = strawberry.field(description="When it was asked for, in wall time.")

    @classmethod
    def of(cls, waiting: Payout) -> "RefundPayout":
        """The domain's payout."""
        return cls(
            customer_id=GlobalId(str(waiting.customer)),
            payment_id=GlobalId(str(waiting.payment)),
            refund_id=GlobalId(str(waiting.refund)),
            amount=Money.of(waiting.amount),
            means=OfflineMeans(waiting.means.value),
            iban=waiting.account.iban if waiting.account else None,
            holder=waiting.account.holder if waiting.account else None,
            asked_at=waiting.recorded_at,
        )


@strawberry.type(description="What finance sees of refunds of money that came without a provider.")
class StaffPayouts:
    """Fields of the root of staff."""

    @strawberry.field(description="Finance: refunds to pay out by hand, the longest waiting first.")
    async def refund_payouts(self, info: Info, first: First, after: After = None) -> Connection[RefundPayout]:
        """A page of the list; it names accounts, so that it is for who pays alone."""
        if not info.context.actor.grants & {Grant.FINANCE, Grant.ADMIN}:
            raise Fault(Code.FORBIDDEN, "Whose account it is, is for who pays.")
        db, tenant = info.context.db.primary, info.context.tenant
        keys = Keyset("refundPayouts", cast(type[Place], Place), info.context.rooms.cursors)
        wanted = keys.slice(str(tenant), first, after)
        place = (wanted.after[0], UUID(wanted.after[1])) if wanted.after else None
        rows = await payouts_waiting(db, info.context.db.vault, tenant, wanted.fetch, place)
        return keys.connection(
            wanted, rows, lambda row: (row.recorded_at, str(row.refund.uuid)), RefundPayout.of,
            lambda cap: count_payouts(db, tenant, cap),
        )  # fmt: skip


@strawberry.input(description="Says that a refund was paid out by hand, or could not be.")
class RecordRefundPayoutInput:
    """Input of recordRefundPayout."""

    customer_id: GlobalId = strawberry.field(description="Whose refund it is.")
    refund_id: GlobalId = strawberry.field(description="A refund of staff.refundPayouts.")
    reference: str | None = strawberry.field(
        description="Under which reference it was paid, which no other refund has; null: it could not be paid."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The refund, which has succeeded or failed, and the payment.")
class RecordRefundPayoutPayload:
    """Payload of recordRefundPayout."""

    refund: Refund | None = strawberry.field(description="The refund as it stands now.")
    payment: Payment | None = strawberry.field(description="The payment as it stands now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RecordRefundPayoutError] = strawberry.field(description=ERRORS)


async def record(info: Info, input: RecordRefundPayoutInput) -> RecordRefundPayoutPayload:
    """For finance."""
    db = info.context.db.primary

    def command() -> RecordPayout:
        reference = None if input.reference is None else text(_reference, input.reference, "reference")
        return RecordPayout(id_of(RefundId.parse, input.refund_id, "refundId"), reference)

    try:
        done = await by_staff(info, record_payout, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return RecordRefundPayoutPayload(refund=None, payment=None, operation=None, errors=[as_error(refused)])
    return RecordRefundPayoutPayload(
        refund=Refund.of(await refund(db, done.customer, done.outcome.refund)),
        payment=Payment.of(await info.context.loaders.payment.load((done.customer, done.outcome.payment))),
        operation=done.operation,
        errors=[],
    )
