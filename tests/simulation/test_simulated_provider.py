"""The simulated provider keeps the contract of all gateways, so that what it finds would happen at a real one too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.payments.gateway import Gateway, ProviderEvent
from tests.payments_contract import AmbiguityContract, ChargeContract, MethodContract
from tests.payments_contract_after import RefundContract, VoidContract
from tests.payments_stories import Story
from tests.simulation.clock import SimClock
from tests.simulation.course import Fault
from tests.simulation.provider import SimulatedProvider
from tests.simulation.provider_books import Charge, Method

FIRST_CHARGE = {
    Story.NEVER_ANSWERS_NOR_ACTS: Fault.LOST_BEFORE,
    Story.ACTS_BUT_NEVER_ANSWERS: Fault.LOST_AFTER,
    Story.ACTS_AND_HANGS_UP: Fault.LOST_AFTER,
    Story.ACTS_AND_FAILS: Fault.LOST_AFTER,
    Story.ACTS_AND_BABBLES: Fault.LOST_AFTER,
    Story.ACTS_AND_DRIPS: Fault.LOST_AFTER,
    Story.ECHOES_WRONG_AMOUNT: Fault.LOST_AFTER,
    Story.ECHOES_WRONG_CURRENCY: Fault.LOST_AFTER,
    Story.ACTS_WHEN_WE_ARE_GONE: Fault.LATE,
    Story.IS_DOWN: Fault.DOWN,
    Story.LIMITS_RATE: Fault.DOWN,
}


def story_of(method: Method) -> Story:
    """The story that a token names."""
    return Story(method.token.partition("#")[0])


class Scripted:
    """A course that the token of the method tells."""

    numbered = True

    def __init__(self) -> None:
        self.faulted: set[str] = set()

    def accepts(self, token: str) -> bool:
        return token.partition("#")[0] in set(Story) - {Story.NOT_ACCEPTED}

    def charge_fault(self, method: Method) -> Fault | None:
        if method.ref in self.faulted:
            return None
        self.faulted.add(method.ref)
        return FIRST_CHARGE.get(story_of(method))

    def question_fault(self) -> Fault | None:
        return None

    def refund_fault(self, charge: Charge) -> Fault | None:
        lost = self._story(charge) is Story.REFUND_ACTS_BUT_NEVER_ANSWERS and charge.ref not in self.faulted
        self.faulted.add(charge.ref)
        return Fault.LOST_AFTER if lost else None

    def verdict(self, method: Method) -> tuple[str, str | None, bool]:
        match story_of(method):
            case Story.HARD_DECLINE:
                return "declined", "stolen_card", True
            case Story.SOFT_DECLINE:
                return "declined", "insufficient_funds", False
            case Story.DECLINES_AFTER_ONE if method.charges > 1:
                return "declined", "insufficient_funds", False
            case Story.AUTHENTICATES:
                return "action", None, False
            case Story.BANK:
                return "processing", None, False
            case Story.TAKES_LESS:
                return "captured", "less", False
        return "captured", None, False

    def bank(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        return None

    def returnable(self, charge: Charge) -> timedelta | None:
        return None

    def refund(self, charge: Charge) -> tuple[timedelta, str | None] | None:
        return (timedelta(days=9), None) if self._story(charge) is Story.REFUND_FAILS_LATER else None

    def late(self) -> timedelta | None:
        return None

    def revival(self, charge: Charge) -> timedelta | None:
        return None

    def deliveries(self, event: ProviderEvent) -> Sequence[timedelta]:
        return ()

    def _story(self, charge: Charge) -> Story:
        return story_of(charge.method)


@dataclass
class SimulatedCase:
    provider: SimulatedProvider

    @property
    def gateway(self) -> Gateway:
        return self.provider

    @property
    def impatient(self) -> Gateway:
        return self.provider

    @property
    def secrets(self) -> Sequence[str]:
        return []

    @property
    def numbered(self) -> bool:
        return True

    def token(self, story: Story) -> str:
        return f"{story}#{uuid4().hex}"

    async def visit(self, url: str, *, complete: bool) -> None:
        self.provider.settle(url.rpartition("/")[2], None if complete else "authentication_failed")

    async def settle(self, provider_ref: str, failure: str | None) -> None:
        self.provider.settle(provider_ref, failure)

    async def act_late(self, key: str) -> None:
        self.provider.on_their_way[key]()

    async def webhooks(self, provider_ref: str, count: int) -> list[tuple[bytes, Mapping[str, str]]]:
        events = [event for event in self.provider.books.events if event.object_ref == provider_ref]
        return [(event.event_id.encode(), {}) for event in events[:count]]


class TestSimulatedProvider(MethodContract, ChargeContract, AmbiguityContract, VoidContract, RefundContract):
    @pytest.fixture
    def case(self) -> SimulatedCase:
        return SimulatedCase(SimulatedProvider(uuid4().hex, SimClock(), Scripted()))
