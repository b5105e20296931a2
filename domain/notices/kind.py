"""Kinds of notices, and which events a customer is told of by which."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a notice tells. Those of a dunning case are called as its steps are."""

    INVOICE_ISSUED = "invoice_issued"
    RECEIPT = "receipt"
    PAYMENT_SHORT = "payment_short"
    PAYMENT_ACTION = "payment_action"
    PAYMENT_FAILED = "payment_failed"
    REMINDER = "reminder"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    GIVEN_UP = "given_up"
    RECOVERED = "recovered"
    REFUND_SETTLED = "refund_settled"
    REFUND_FAILED = "refund_failed"
    TRIAL_ENDING = "trial_ending"
    METHOD_EXPIRING = "method_expiring"
    MEMBER_INVITED = "member_invited"


# Those whose subject is a dunning case.
OF_CASES = frozenset(
    {Kind.PAYMENT_FAILED, Kind.REMINDER, Kind.RESTRICTED, Kind.SUSPENDED, Kind.GIVEN_UP, Kind.RECOVERED}
)


@dataclass(frozen=True, slots=True)
class Told:
    """How an event is told: by which kind (None: by the kind called as the event's step), and about which id of it."""

    kind: Kind | None
    subject: str


TOLD = {
    "invoice.finalized": Told(Kind.INVOICE_ISSUED, "invoice"),
    "receipt.issued": Told(Kind.RECEIPT, "receipt"),
    "payment.short": Told(Kind.PAYMENT_SHORT, "payment"),
    "payment.action_required": Told(Kind.PAYMENT_ACTION, "payment"),
    "dunning.notice": Told(None, "case"),
    "refund.succeeded": Told(Kind.REFUND_SETTLED, "refund"),
    "refund.failed": Told(Kind.REFUND_FAILED, "refund"),
    "subscription.trial_ending": Told(Kind.TRIAL_ENDING, "subscription"),
    "payment_method.expiring": Told(Kind.METHOD_EXPIRING, "method"),
    "member.invited": Told(Kind.MEMBER_INVITED, "invitation"),
}
