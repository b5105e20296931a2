"""Notices: what a customer was told by e-mail; staff see beside it what went wrong, and have one sent again."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.invoices import Invoice
from api.graph.outcome import OperationInfo
from api.graph.refusal import ResendNoticeError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import NoticeId
from domain.notices import notice as notices
from domain.notices.queue_notice import ResendNotice, resend_notice
from domain.refusals import Refused

_value = strawberry.enum_value


@strawberry.enum(description="What a notice tells. More values may come.")
class NoticeKind(Enum):
    """The domain's Kind."""

    INVOICE_ISSUED = _value("invoice_issued", description="An invoice was issued.")
    RECEIPT = _value("receipt", description="A payment came, and its receipt was issued.")
    PAYMENT_SHORT = _value("payment_short", description="Less than what was due came.")
    PAYMENT_ACTION = _value("payment_action", description="The bank wants the customer to confirm a payment.")
    PAYMENT_FAILED = _value("payment_failed", description="What was due did not come.")
    REMINDER = _value("reminder", description="What is due has still not come.")
    RESTRICTED = _value("restricted", description="Only a part of what was bought can be used.")
    SUSPENDED = _value("suspended", description="Nothing of it can be used.")
    GIVEN_UP = _value("given_up", description="The invoice was written off, and the subscription has ended.")
    RECOVERED = _value("recovered", description="What was due came after all.")
    REFUND_SETTLED = _value("refund_settled", description="Money was given back.")
    REFUND_FAILED = _value("refund_failed", description="Money could not be given back.")
    TRIAL_ENDING = _value("trial_ending", description="A trial is about to end.")
    METHOD_EXPIRING = _value("method_expiring", description="A stored card is about to expire.")
    MEMBER_INVITED = _value("member_invited", description="Somebody was invited into the account.")


@strawberry.enum(description="What became of a notice. More values may come.")
class NoticeState(Enum):
    """The states of the domain's machine."""

    DUE = _value("due", description="It is to be sent, now or at the next try.")
    SENT = _value("sent", description="The mail server has taken it.")
    FAILED = _value("failed", description="The mail server refused it for good.")
    PARKED = _value("parked", description="No mail server took it within two days, or nobody knows whether one did.")
    SUPPRESSED = _value("suppressed", description="It was not to be sent any more, or to nobody.")


@strawberry.type(description="One thing that a customer was told by e-mail.")
class Notice:
    """A notice."""

    source: strawberry.Private[notices.Notice]
    id: GlobalId = strawberry.field(description="What resendNotice takes.")
    kind: NoticeKind = strawberry.field(description="What it tells.")
    state: NoticeState = strawberry.field(description="What became of it.")
    queued_at: datetime = strawberry.field(description="Since when it was to be sent, in wall time.")
    sent_at: datetime | None = strawberry.field(description="When the mail server took it, in wall time.")

    @classmethod
    def of(cls, found: notices.Notice) -> "Notice":
        """The domain's notice."""
        return cls(
            source=found,
            id=GlobalId(str(found.id)),
            kind=NoticeKind(found.kind.value),
            state=NoticeState(found.state.name),
            queued_at=found.recorded_at,
            sent_at=found.sent_at,
        )

    @strawberry.field(description="The invoice that it is about, if it is about one.")
    async def invoice(self, info: Info) -> Invoice | None:
        """The invoice."""
        if self.source.invoice is None:
            return None
        found = await info.context.loaders.invoices.load((self.source.customer, self.source.invoice))
        return Invoice.of(found) if found else None


@strawberry.type(description="A notice with what only staff see of it.")
class StaffNotice:
    """A notice on the support desk."""

    customer_id: GlobalId = strawberry.field(description="The customer who was to be told.")
    notice: Notice = strawberry.field(description="The notice as its customer sees it.")
    attempts: int = strawberry.field(description="How often it was handed to the mail server.")
    tried_at: datetime | None = strawberry.field(description="When it was, the last time.")
    reason: str | None = strawberry.field(
        description="Why it was not sent: the mail server's code, such as 550 5.1.1, or a word; null where it was."
    )
    copy: int = strawberry.field(description="0, or the how manieth one it is that staff had sent again.")

    @classmethod
    def of(cls, found: notices.Notice) -> "StaffNotice":
        """The domain's notice."""
        return cls(
            customer_id=GlobalId(str(found.customer)),
            notice=Notice.of(found),
            attempts=found.attempts,
            tried_at=found.sending_at,
            reason=found.reason,
            copy=found.copy,
        )


@strawberry.input(description="Has a notice sent again: it tells what is so now, to the address of now.")
class ResendNoticeInput:
    """Input of resendNotice."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    notice_id: GlobalId = strawberry.field(description="The notice.")
    reason: str = strawberry.field(
        description="Why, in 1 to 500 characters; without names, since the audit trail keeps it."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The copy that is sent.")
class ResendNoticePayload:
    """Payload of resendNotice."""

    notice: Notice | None = strawberry.field(description="The notice that goes now in its place.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ResendNoticeError] = strawberry.field(description=ERRORS)


async def resend(info: Info, input: ResendNoticeInput) -> ResendNoticePayload:
    """For staff."""

    def command() -> ResendNotice:
        id = id_of(NoticeId.parse, input.notice_id, "noticeId")
        return ResendNotice(id, text(NOTE, input.reason, "reason"))

    try:
        done = await by_staff(info, resend_notice, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return ResendNoticePayload(notice=None, operation=None, errors=[as_error(refused)])
    found = await notices.notice(info.context.db.primary, done.customer, done.outcome.notice)
    return ResendNoticePayload(notice=Notice.of(found), operation=done.operation, errors=[])
