"""What a tenant's own systems can be told of: events of a customer, each a kind and ids."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from domain.ids import CustomerId
from domain.refusals import RefusalCode, Refused
from domain.wire import Json, canonical

PUBLISHED: Final = {
    "customer.erased": "A customer was erased here; systems that know more of it than its id erase it too.",
    "subscription.started": "A subscription began, on trial or waiting for its first payment too.",
    "subscription.renewed": "A subscription went into its next period.",
    "subscription.changed": "Its plan, price or quantity is another one now.",
    "subscription.change_scheduled": "It will change at the end of its period.",
    "subscription.change_unscheduled": "A scheduled change was taken back.",
    "subscription.trial_ending": "Its trial ends soon.",
    "subscription.reactivated": "A cancellation was taken back.",
    "subscription.retained": "Who was about to cancel it took an offer instead.",
    "subscription.canceled": "It has ended.",
    "invoice.finalized": "An invoice was issued.",
    "invoice.paid": "An invoice is paid in full.",
    "invoice.credited": "A credit note left nothing due of an invoice.",
    "invoice.overdue": "An invoice was not paid in time.",
    "invoice.voided": "An invoice was declared void.",
    "invoice.written_off": "An invoice was given up as uncollectible.",
    "credit_note.issued": "A credit note was issued.",
    "credit_note.voided": "A credit note was declared void.",
    "payment.authorized": "Money is held, but not taken.",
    "payment.captured": "Money was taken.",
    "payment.failed": "A payment failed.",
    "payment_method.expiring": "A stored card expires within a month.",
    "payment.returned": "A bank took back what had been paid.",
    "receipt.issued": "A receipt was issued.",
    "refund.awaiting_approval": "A refund waits for another person.",
    "refund.succeeded": "Money was given back.",
    "dispute.opened": "A cardholder takes a payment, or a part of it, back through the bank.",
    "dispute.won": "A dispute was won: the money is back.",
    "dispute.lost": "A dispute was lost: the money is gone.",
    "dunning.opened": "The collection of an unpaid invoice began.",
    "dunning.recovered": "What was dunned is paid.",
    "dunning.suspended": "Access ended, since nothing was paid.",
    "dunning.given_up": "The collection ended in vain.",
    "contract.signed": "A contract was signed.",
    "contract.ending": "A contract ends soon.",
    "contract.ended": "A contract has ended.",
    "document.retiring": "A registered document will be retired; told of the house's own customer.",
    "document.withdrawn": "A registered document does not run any more; told of the house's own customer.",
}


def require_published(kinds: Collection[str]) -> tuple[str, ...]:
    """The kinds, each once and in the order of the list; INVALID_INPUT for none at all and for one that is not told."""
    if not kinds or any(kind not in PUBLISHED for kind in kinds):
        raise Refused(RefusalCode.INVALID_INPUT, "Name kinds of events, and only such as are published.", ("kinds",))
    return tuple(kind for kind in PUBLISHED if kind in kinds)


def body_of(kind: str, customer: CustomerId, number: int, ids: dict[str, str], at: datetime) -> str:
    """The JSON that is sent and signed: `type`, `timestamp` and `data`, as Standard Webhooks 1.0.0 asks for.

    `data` holds ids alone, never a state that may be old when it is read. Its `sequence` counts the customer's events:
    deliveries overtake each other, and of two the higher is the later.
    """
    data: dict[str, Json] = {"customer": str(customer), "sequence": number, **ids}
    return canonical({"type": kind, "timestamp": at.isoformat(), "data": data}).decode()
