"""A circuit breaker before a gateway: a provider that does not answer is left alone, and what it was to do stays due.

A call that surely did nothing is made again at once, a few times; whatever may have done something never is.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import stamina

from domain.payments.gateway import Gateway, Unavailable, Unknown
from domain.payments.gateways.bulkhead import Fence
from domain.payments.gateways.circuit import Circuit, answered, called, given_up, rest, unanswered

TRIES = 3  # of one call: a connection that was refused by a server that restarts is taken by the second or third
TRY_SECONDS = 1.0  # for all of them: whoever called us waits
FIRST_WAIT_SECONDS = 0.05  # between tries, with jitter: a fraction of what one call may take
LONGEST_WAIT_SECONDS = 0.3  # above it another try would end beyond TRY_SECONDS

T = TypeVar("T")


class _Nothing(Exception):
    """A call that surely did nothing."""

    def __init__(self, answer: Unavailable) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class Breaker(Fence):
    """A gateway of one provider account; a call against an open circuit is Unavailable and was never made.

    ``elapsed`` is a clock that never goes back. Each process has its own circuit: none has to know of the others'.
    """

    def __init__(self, gateway: Gateway, elapsed: Callable[[], timedelta]) -> None:
        super().__init__(gateway)
        self._elapsed = elapsed
        self.circuit = Circuit()

    def rests(self) -> timedelta | None:
        return rest(self.circuit, self._elapsed())

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        if (pause := self.rests()) is not None:
            return Unavailable("the circuit is open", pause)
        self.circuit, answer = called(self.circuit), None
        try:
            answer = await _tried(call)
        finally:
            self.circuit = self._after(answer)
        return answer

    def _after(self, answer: object) -> Circuit:
        if isinstance(answer, Unavailable) or (isinstance(answer, Unknown) and not answer.heard):
            return unanswered(self.circuit, self._elapsed(), getattr(answer, "retry_after", None))
        return given_up(self.circuit) if answer is None else answered(self.circuit)


async def _tried(call: Callable[[], Awaitable[T]]) -> T | Unavailable:
    """The call's answer; made again where it surely did nothing and the provider did not say when to come back."""
    try:
        async for attempt in stamina.retry_context(
            on=_Nothing, attempts=TRIES, timeout=TRY_SECONDS, wait_initial=FIRST_WAIT_SECONDS,
            wait_max=LONGEST_WAIT_SECONDS,
        ):  # fmt: skip
            with attempt:
                answer = await call()
                if isinstance(answer, Unavailable) and answer.retry_after is None:
                    raise _Nothing(answer)
                return answer
    except _Nothing as nothing:
        return nothing.answer
    raise AssertionError("a call is tried at least once")
