"""The dunning of an invoice: where it stands, or what ended it."""

from datetime import datetime
from enum import Enum

import strawberry

from domain.dunning import case as cases


@strawberry.enum(description="Where the dunning of an invoice stands. More values may come.")
class DunningState(Enum):
    """The states of the dunning machine."""

    RETRYING = strawberry.enum_value("retrying", description="The payment is tried again, or the customer reminded.")
    GRACE = strawberry.enum_value("grace", description="Nothing is tried any more; access stays for a while.")
    SUSPENDED = strawberry.enum_value("suspended", description="Access has ended until the invoice is paid.")
    RECOVERED = strawberry.enum_value("recovered", description="The invoice was paid.")
    GIVEN_UP = strawberry.enum_value("given_up", description="The invoice was written off.")
    STOPPED = strawberry.enum_value("stopped", description="Nothing is collected any more, without a payment.")


@strawberry.enum(description="What ended the dunning of an invoice. More values may come.")
class DunningEnd(Enum):
    """One for each end of a case."""

    PAID = strawberry.enum_value("paid", description="The invoice was paid.")
    VOIDED = strawberry.enum_value("voided", description="The invoice was voided.")
    CREDITED = strawberry.enum_value("credited", description="A credit note left nothing due on it.")
    WRITTEN_OFF = strawberry.enum_value("written_off", description="Staff gave the invoice up.")
    SUBSCRIPTION_ENDED = strawberry.enum_value("subscription_ended", description="The subscription has ended.")
    TIMELINE = strawberry.enum_value("timeline", description="Its last day came, and the invoice was written off.")


@strawberry.type(description="The dunning of an invoice.")
class Dunning:
    """A dunning case."""

    state: DunningState = strawberry.field(description="Where it stands.")
    opened_at: datetime = strawberry.field(description="When the first payment had failed, or its day had passed.")
    ended_by: DunningEnd | None = strawberry.field(description="What ended it; null while it goes on.")

    @classmethod
    def of(cls, case: cases.Case) -> "Dunning":
        """The domain's case."""
        ended_by = DunningEnd(case.ended_by.value) if case.ended_by else None
        return cls(state=DunningState(case.state.name), opened_at=case.opened_at, ended_by=ended_by)
