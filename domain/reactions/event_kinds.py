"""Which kinds of events this code knows; any other is newer code's, and is left to it."""

from typing import Final

from domain.notices.kind import TOLD
from domain.payments.installments import INSTALLMENTS
from domain.payments.refund import REFUND
from domain.subscriptions.lifecycle import SUBSCRIPTION
from domain.webhooks.event_kind import PUBLISHED

# Events of which nothing follows and nobody is told; those that are named after a state are below.
QUIET: Final = frozenset(
    {
        "contract.canceled",
        "coupon.redeemed",
        "customer.parent_set",
        "dispute.answer_refused",
        "dunning.payday_chosen",
        "dunning.reminded",
        "dunning.stopped",
        "entitlement.ended",
        "entitlement.granted",
        "exception.opened",
        "installments.agreed",
        "invoice.reopened",
        "method.removed",
        "payment.capture_refused",
        "payment.part_captured",
        "receipt.withdrawn",
        "refund.approved",
        "subscription.without_price",
    }
)
OF_STATES: Final = {"refund": REFUND, "subscription": SUBSCRIPTION, "installments": INSTALLMENTS}
"""Entities whose events are called as the states that they come to."""

TOLD_OR_QUIET: Final = frozenset(
    {
        *PUBLISHED,
        *TOLD,
        *QUIET,
        *(f"{entity}.{state}" for entity, machine in OF_STATES.items() for state in machine.moves.values()),
    }
)
