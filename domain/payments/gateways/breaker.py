"""A circuit breaker before a gateway: a provider that does not answer is left alone, and what it was to do stays due.

A call that surely did nothing is made again at once, a few times; whatever may have done something never is.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import stamina

from domain.payments.gateway import CredentialsRefused, Gateway, Unavailable, Unknown
from domain.payments.gateways.bulkhead import Fence
from domain.payments.gateways.circuit import Circuit, answered, called, given_up, rest, unanswered

LOG = logging.getLogger("quittance")
COMPLAIN_AGAIN = timedelta(minutes=10)  # one line in ten minutes is seen; one for each payment would bury the rest
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
        self._complained: dict[str, timedelta] = {}

    def rests(self) -> timedelta | None:
        return rest(self.circuit, self._elapsed())

    async def _call(self, kind: str, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        if (pause := self.rests()) is not None:
            return Unavailable("the circuit is open", pause)
        self.circuit, answer = called(self.circuit), None
        try:
            answer = await _tried(call)
        finally:
            self.circuit = self._after(answer)
        if isinstance(answer, CredentialsRefused):
            self._complain(kind)
        return answer

    def _complain(self, kind: str) -> None:
        now, last = self._elapsed(), self._complained.get(kind)
        if last is None or now - last >= COMPLAIN_AGAIN:
            self._complained[kind] = now
            LOG.error("the credentials of %s/%s are refused for %s", self.name, self.account, kind)

    def _after(self, answer: object) -> Circuit:
        if _is_silent(answer):
            return unanswered(self.circuit, self._elapsed(), getattr(answer, "retry_after", None))
        return given_up(self.circuit) if answer is None else answered(self.circuit)


def _is_silent(answer: object) -> bool:
    """Whether nothing was heard of what was asked; refused credentials are an answer, to this kind of call."""
    if isinstance(answer, Unknown):
        return not answer.heard
    return isinstance(answer, Unavailable) and not isinstance(answer, CredentialsRefused)


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
