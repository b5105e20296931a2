"""Whether an attempt at an invoice may still take money, so that no other may begin beside it.

That is an open one, and one that staff took for not charged until the provider has said that it takes nothing of it.
"""

from collections.abc import Sequence

from domain import due
from domain.db import Primary
from domain.payments.payment import Payment

SEND = "send_payment"  # the due work of a payment: sending it, asking about it, barring it
NOT_CHARGED = "not_charged"  # why such a payment has failed; dunning tries again, for nothing is wrong with the method


def is_to_be_barred(known: Payment) -> bool:
    """Whether work that is due for this payment, which is over, is to bar it."""
    return known.state.name == "failed" and known.failure_code == NOT_CHARGED


async def is_being_barred(db: Primary, known: Payment) -> bool:
    """Whether the provider was not heard yet on a payment that it is to take nothing of."""
    return is_to_be_barred(known) and await due.find(db, known.customer, SEND, known.id.uuid) is not None


async def still_open(db: Primary, attempts: Sequence[Payment]) -> Payment | None:
    """The attempt of these that may still succeed, or None."""
    for attempt in attempts:
        if attempt.is_open or await is_being_barred(db, attempt):
            return attempt
    return None
