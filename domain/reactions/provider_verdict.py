"""What may become of a provider's event once it was looked at, and the one way to perform what it says."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.ids import CustomerId
from domain.inbox import InboxEvent
from domain.operation import Operation
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused

ASK_AGAIN = timedelta(seconds=30)  # a provider that does not answer is not asked in a hurry
SILENT = "the provider did not answer"


class Misfit(Exception):
    """The event is about nothing of ours, or contradicts what it is about; the text is the cause, without values."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A move of the inbox machine and its cause; ``after`` is how long a waiting event is left alone."""

    move: str
    cause: str = ""
    customer: CustomerId | None = None
    after: timedelta = timedelta(0)


def silent(customer: CustomerId) -> Verdict:
    """The provider was asked and did not answer: the event waits and asks again."""
    return Verdict("wait", SILENT, customer, ASK_AGAIN)


async def perform_news(
    house: House, event: InboxEvent, customer: CustomerId, operation: Operation[Any, Any], command: object
) -> Verdict:
    """Performs the event's operation under the event's own key, once whatever happens."""
    try:
        await perform(house.db, operation, house.actor, customer, command, f"event:{event.key}")
    except Refused as refused:
        if refused.code is RefusalCode.ALREADY_EXISTS:
            raise Misfit("the provider calls another customer's object by this name") from refused
        # A release that read the event otherwise has performed it: it is done.
        if refused.code is not RefusalCode.IDEMPOTENCY_MISMATCH:
            raise
    return Verdict("apply", customer=customer)
