"""What a simulated provider may do with each request, and who decides it."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.payments.gateway import ProviderEvent
from tests.simulation.provider_books import Charge, Method


class Fault(StrEnum):
    """What becomes of one request."""

    LOST_BEFORE = "no answer, and nothing done"
    LOST_AFTER = "no answer, but done"
    LATE = "no answer, done when the client has gone"
    DOWN = "turned away"


class Course(Protocol):
    """What the provider will do; drawn in a simulation, written down in a test of the contract."""

    numbered: bool
    """Whether events say which of their object they are; where they do not, nobody knows their order."""

    def accepts(self, token: str) -> bool:
        """Whether a token can be stored."""

    def charge_fault(self, method: Method) -> Fault | None:
        """What goes wrong with a request to charge."""

    def question_fault(self) -> Fault | None:
        """What goes wrong with a question; only LOST_BEFORE and DOWN have a meaning."""

    def refund_fault(self, charge: Charge) -> Fault | None:
        """What goes wrong with a request to refund."""

    def verdict(self, method: Method) -> tuple[str, str | None, bool]:
        """State, code and hardness of a charge of this method."""

    def bank(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        """When a processing charge ends and with which code (None: captured); None as a whole: when it is told to."""

    def returnable(self, charge: Charge) -> timedelta | None:
        """For how long the bank may take it back once it is captured; None where it does not say."""

    def refund(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        """When a pending refund ends and how; None where it succeeds at once."""

    def late(self) -> timedelta | None:
        """When a late request arrives; None: when it is told to."""

    def revival(self, charge: Charge) -> timedelta | None:
        """When a declined charge turns out to be captured after all; None where it never does."""

    def deliveries(self, event: ProviderEvent) -> Sequence[timedelta]:
        """When the webhooks of an event arrive; none where it is lost."""
