"""Payment methods, payments, refunds and receipts."""

from datetime import date, datetime
from enum import Enum

import strawberry

from api.graph.context import Info
from api.graph.disputes import Dispute, PaymentCondition, conditions_of, disputed_of
from api.graph.legal_entities import KEPT_UNTIL, last_day
from api.graph.money import Money
from api.graph.node import Node
from api.scalars import GlobalId
from domain.ids import CustomerId
from domain.payments import method as methods
from domain.payments import payment as payments
from domain.payments import receipt as receipts
from domain.payments import refund as refunds
from domain.payments.failures import failure_of
from domain.payments.outlook import ACTION_FOR, resolves_by


@strawberry.type(description="A stored payment method: a token at the provider, never card data.")
class PaymentMethod:
    """What people recognise of a method."""

    id: GlobalId = strawberry.field(description="What payInvoice takes.")
    kind: str = strawberry.field(description="card or bank_debit.")
    brand: str = strawberry.field(description="The card network or bank scheme.")
    last4: str = strawberry.field(description="The last digits, for people to recognise it.")
    expires_year: int | None = strawberry.field(description="The year in which it expires; null: it is not known to.")
    expires_month: int | None = strawberry.field(description="The month of that year after which it does not work.")

    @classmethod
    def of(cls, method: methods.PaymentMethod) -> "PaymentMethod":
        """The domain's method."""
        year, month = method.expires or (None, None)
        return cls(
            id=GlobalId(str(method.id)), kind=method.kind, brand=method.brand, last4=method.last4, expires_year=year,
            expires_month=month,
        )  # fmt: skip


@strawberry.enum(description="Where a payment stands. More values may come; treat an unknown one as PROCESSING.")
class PaymentState(Enum):
    """The states of the payment machine that a client sees."""

    PROCESSING = strawberry.enum_value("processing", description="The provider is at work.")
    REQUIRES_ACTION = strawberry.enum_value("requires_action", description="The customer must confirm at actionUrl.")
    UNKNOWN = strawberry.enum_value("unknown", description="The provider did not answer; it is being asked.")
    AUTHORIZED = strawberry.enum_value(
        "authorized", description="The money is held and not taken: nothing is paid and no access given for it yet."
    )
    CAPTURED = strawberry.enum_value("captured", description="The money was taken; the provider has yet to confirm it.")
    SETTLING = strawberry.enum_value(
        "settling", description="The money was taken, and the customer's bank may still take it back."
    )
    SUCCEEDED = strawberry.enum_value("succeeded", description="The money was taken, and the provider confirmed it.")
    FAILED = strawberry.enum_value(
        "failed", description="Nothing was taken, or the bank took it back; failureCode says why."
    )
    EXPIRED = strawberry.enum_value("expired", description="What was held ran out before it was taken.")
    VOIDED = strawberry.enum_value("voided", description="It was taken back before any money moved.")


@strawberry.enum(description="When the money of a payment is taken.")
class CaptureMode(Enum):
    """The domain's CaptureMode."""

    NOW = strawberry.enum_value("now", description="As soon as it can be.")
    LATER = strawberry.enum_value("later", description="It is held until captureInvoicePayment takes it.")


@strawberry.enum(description="Who was part of a payment.")
class PaymentKind(Enum):
    """The kinds of payment."""

    PROVIDER = strawberry.enum_value("provider", description="A payment provider took it from a stored method.")
    OFFLINE = strawberry.enum_value("offline", description="It came by itself, and staff recorded it.")


@strawberry.enum(description="Why a payment did not go as it should. More values may come.")
class FailureClass(Enum):
    """The domain's FailureClass."""

    SOFT_DECLINE = strawberry.enum_value("soft_decline", description="Refused; the same method may work another day.")
    HARD_DECLINE = strawberry.enum_value("hard_decline", description="Refused for good: another method is needed.")
    TRANSIENT = strawberry.enum_value("transient", description="The provider was away; it is sent again by itself.")
    AMBIGUOUS = strawberry.enum_value("ambiguous", description="The provider did not answer; it is being asked.")
    ASYNC_FAILURE = strawberry.enum_value("async_failure", description="The bank refused it after it was accepted.")


@strawberry.type(description="What the customer has to do before a payment goes on.")
class PaymentAction:
    """An action at the provider, such as 3-D Secure; the payment goes on by itself once it is done."""

    url: str = strawberry.field(description="Where the customer has to go.")
    expires_at: datetime | None = strawberry.field(description="Until when; then the payment is voided.")


@strawberry.enum(description="Where a refund stands. More values may come; treat an unknown one as PENDING.")
class RefundState(Enum):
    """The states of the refund machine."""

    AWAITING_APPROVAL = strawberry.enum_value("awaiting_approval", description="Another person has to decide on it.")
    REJECTED = strawberry.enum_value("rejected", description="It will not be made; the amount can be refunded again.")
    CANCELED = strawberry.enum_value("canceled", description="Who asked for it took the request back.")
    REQUESTED = strawberry.enum_value("requested", description="Nobody has told the provider yet.")
    SUBMITTED = strawberry.enum_value("submitted", description="The provider was told.")
    PENDING = strawberry.enum_value("pending", description="The provider is at work; banks take days.")
    UNKNOWN = strawberry.enum_value("unknown", description="The provider did not answer; it is being asked.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="The money is on its way to the customer.")
    FAILED = strawberry.enum_value("failed", description="Nothing was given back; the amount can be refunded again.")


@strawberry.enum(description="To what an amount is given back. More values may come.")
class RefundMeans(Enum):
    """The domain's Means."""

    METHOD = strawberry.enum_value("method", description="To the method that paid, and to no other.")
    CREDIT = strawberry.enum_value("credit", description="To the customer's credit, as a service credit.")
    OUTSIDE = strawberry.enum_value(
        "outside", description="By another way, after the method had not taken it; resolveException says so."
    )


@strawberry.type(description="Money on its way back to the method it came from, or a service credit.")
class Refund(Node):
    """A refund of one payment."""

    amount: Money = strawberry.field(description="How much is given back.")
    state: RefundState = strawberry.field(description="Where it stands.")
    means: RefundMeans = strawberry.field(description="To what it is given back.")
    reason: str = strawberry.field(description="Why it was asked for.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")

    @classmethod
    def of(cls, refund: refunds.Refund) -> "Refund":
        """The domain's refund."""
        return cls(
            id=GlobalId(str(refund.id)),
            amount=Money.of(refund.amount),
            state=RefundState(refund.state.name),
            means=RefundMeans(refund.means.value),
            reason=refund.reason,
            requested_at=refund.happened_at,
        )


@strawberry.type(description="The document that money was received; it has a number of its own series.")
class Receipt(Node):
    """A receipt for one payment."""

    source: strawberry.Private[receipts.Receipt]
    number: str = strawberry.field(description="The number people see; gapless in its series.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    withdrawn_at: datetime | None = strawberry.field(
        description="Since when it is not valid any more: the bank took the money back."
    )
    pdf_url: str = strawberry.field(
        description="The path of the PDF; it wants the same bearer token or session, of staff with ?surface=staff."
    )

    @classmethod
    def of(cls, receipt: receipts.Receipt) -> "Receipt":
        """The domain's receipt."""
        return cls(
            source=receipt,
            id=GlobalId(str(receipt.id)),
            number=receipt.number,
            issued_at=receipt.issued_at,
            withdrawn_at=receipt.withdrawn_at,
            pdf_url=f"/documents/receipts/{receipt.id}.pdf",
        )

    @strawberry.field(description=KEPT_UNTIL)
    async def kept_until(self, info: Info) -> date:
        """The end of its retention."""
        return await last_day(info, self.source)


@strawberry.type(description="One attempt to collect an invoice.")
class Payment(Node):
    """A payment; what belongs to it is read for its owner only."""

    source: strawberry.Private[payments.Payment]
    invoice_id: GlobalId = strawberry.field(description="The invoice it is for.")
    attempt_number: int = strawberry.field(description="Counts the attempts at its invoice, from 1.")
    amount: Money = strawberry.field(description="How much was asked for.")
    kind: PaymentKind = strawberry.field(description="Whether a provider took it or staff recorded it.")
    reference: str | None = strawberry.field(description="The reference under which staff recorded it.")
    capture_mode: CaptureMode = strawberry.field(description="Whether it is taken at once or held first.")
    authorized: Money | None = strawberry.field(
        description="What was held or taken of it in all: captured + capturable + released; null: nothing was."
    )
    captured: Money = strawberry.field(description="How much was taken.")
    capturable: Money = strawberry.field(description="How much of what is held can still be taken.")
    released: Money = strawberry.field(description="How much of what was held was let go.")
    returned: Money = strawberry.field(description="How much of what was taken the bank took back: all or nothing.")
    state: PaymentState = strawberry.field(description="Where it stands.")
    failure_code: str | None = strawberry.field(description="Why it failed, in the provider's neutral words.")
    failure_class: FailureClass | None = strawberry.field(
        description="What kind of failure that is, or what is wrong while the payment is UNKNOWN; null: nothing is."
    )
    action: PaymentAction | None = strawberry.field(description="What the customer has to do, while it needs that.")
    expires_at: datetime | None = strawberry.field(description="When what is held runs out.")
    expected_at: datetime | None = strawberry.field(
        description="When the bank is expected to decide, while the payment is PROCESSING and the provider says so."
    )
    action_url: str | None = strawberry.field(description="Where the customer must confirm it, while it needs that.")
    created_at: datetime = strawberry.field(description="When it was begun.")

    @classmethod
    def of(cls, payment: payments.Payment) -> "Payment":
        """The domain's payment."""
        return cls(
            source=payment,
            id=GlobalId(str(payment.id)),
            invoice_id=GlobalId(str(payment.invoice)),
            attempt_number=payment.attempt_number,
            amount=Money.of(payment.amount),
            kind=PaymentKind(payment.kind),
            reference=payment.reference,
            capture_mode=CaptureMode(payment.capture_mode.value),
            authorized=Money.of(payment.authorized) if payment.authorized else None,
            captured=Money.of(payment.captured),
            capturable=Money.of(payment.capturable),
            released=Money.of(payment.released),
            returned=Money.of(payment.returned),
            state=PaymentState(payment.state.name),
            failure_code=payment.failure_code,
            failure_class=_failure_class(payment),
            action=_action(payment),
            expires_at=payment.expires_at,
            expected_at=payment.expected_at if payment.state.name == "processing" else None,
            action_url=payment.action_url if payment.awaits_customer else None,
            created_at=payment.happened_at,
        )

    @property
    def _owner(self) -> CustomerId:
        return self.source.customer

    @strawberry.field(
        description="By when at the latest it is known what became of it, or staff look into it; null once it is over."
    )
    async def resolves_by(self, info: Info) -> datetime | None:
        """The end of the provider's being asked, by the wall."""
        return resolves_by(self.source, info.context.db.clock.now())

    @strawberry.field(description="The method it was tried on; null for one that staff recorded.")
    async def method(self, info: Info) -> PaymentMethod | None:
        """The method, also after it was removed."""
        if self.source.method is None:
            return None
        found = await info.context.loaders.methods.load((self._owner, self.source.method))
        return PaymentMethod.of(found) if found else None

    @strawberry.field(description="The receipt; null where nothing was captured.")
    async def receipt(self, info: Info) -> Receipt | None:
        """The receipt."""
        found = await info.context.loaders.receipts.load((self._owner, self.source.id))
        return Receipt.of(found) if found else None

    @strawberry.field(description="Its disputes, oldest first.")
    async def disputes(self, info: Info) -> list[Dispute]:
        """The disputes."""
        found = await info.context.loaders.disputes.load((self._owner, self.source.id))
        return [Dispute.of(each) for each in found]

    @strawberry.field(description="How much of it is in dispute, or was lost by one.")
    async def disputed(self, info: Info) -> Money:
        """The sum of the disputes that were not won."""
        return Money.of(await disputed_of(info, [self.source]))

    @strawberry.field(description="What became of it beside its state, by its refunds and disputes.")
    async def conditions(self, info: Info) -> list[PaymentCondition]:
        """The conditions."""
        return await conditions_of(info, [self.source])

    @strawberry.field(description="How much of it can still be given back.")
    async def refundable(self, info: Info) -> Money:
        """What is left of it, as far as its invoice has it."""
        return Money.of(await info.context.loaders.refundable.load((self._owner, self.source)))

    @strawberry.field(description="Its refunds, oldest first.")
    async def refunds(self, info: Info) -> list[Refund]:
        """The refunds."""
        found = await info.context.loaders.refunds.load((self._owner, self.source.id))
        return [Refund.of(each) for each in found]


def _failure_class(payment: payments.Payment) -> FailureClass | None:
    return FailureClass(failure.value) if (failure := failure_of(payment)) else None


def _action(payment: payments.Payment) -> PaymentAction | None:
    if not payment.awaits_customer or payment.action_url is None:
        return None
    return PaymentAction(url=payment.action_url, expires_at=payment.sent_at + ACTION_FOR if payment.sent_at else None)
