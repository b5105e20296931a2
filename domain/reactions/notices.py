"""From events to notices, in a house that has a mail server; one that has none writes and sends none."""

from collections.abc import Collection
from uuid import UUID

from domain import due
from domain.due import Due
from domain.ids import (
    CustomerId,
    DunningCaseId,
    InvitationId,
    InvoiceId,
    PaymentId,
    PaymentMethodId,
    ReceiptId,
    RefundId,
    SubscriptionId,
)
from domain.notices.kind import TOLD, Kind
from domain.notices.notice import SEND_NOTICE
from domain.notices.queue_notice import QueueNotice, queue_notice
from domain.notices.send_notice import send_notice
from domain.outbox import Event
from domain.perform import perform
from domain.reactions.house import House

_SUBJECTS = {
    "invoice": InvoiceId,
    "receipt": ReceiptId,
    "payment": PaymentId,
    "case": DunningCaseId,
    "refund": RefundId,
    "subscription": SubscriptionId,
    "method": PaymentMethodId,
    "invitation": InvitationId,
}


def told_kinds(house: House) -> Collection[str]:
    """The kinds of events that customers are told of by this house."""
    return TOLD.keys() if house.mail is not None else ()


async def tell_of(house: House, event: Event) -> None:
    """Has the event's notice written, once for ever; nothing where nobody is told of such an event."""
    if event.kind not in told_kinds(house):
        return
    told = TOLD[event.kind]
    invoice, payment = event.body.get("invoice"), event.body.get("payment")
    command = QueueNotice(
        event.number,
        told.kind or Kind(event.body["step"]),
        _uuid(told.subject, event.body[told.subject]),
        InvoiceId.parse(invoice) if invoice else None,
        PaymentId.parse(payment) if payment else None,
    )
    await perform(house.db, queue_notice, house.actor, event.customer, command, f"{event.key}:notice")


def _uuid(name: str, text: str) -> UUID:
    return _SUBJECTS[name].parse(text).uuid


async def send(house: House, work: Due) -> None:
    """Sends the notice of the work, or says why not; one that is settled needs no work any more."""
    await send_notice(house.db, house.mail, house.actor, work)


async def next_notice(house: House, customer: CustomerId) -> Due | None:
    """The customer's notice that waits longest to be sent and that nobody has in hand; None without a mail server."""
    if house.mail is None:
        return None
    return await due.next_of_kind(house.db.primary, customer, SEND_NOTICE, house.db.clock.now())
