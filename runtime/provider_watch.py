"""A fence before a gateway that measures each call which is really made, and says in the log what came of it."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from domain.payments.gateway import Gateway, Unavailable
from domain.payments.gateways.bulkhead import Fence
from domain.tracing import span
from runtime.measures import PROVIDER

LOG: Final = logging.getLogger("quittance.provider")
_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")

T = TypeVar("T")


class Watched(Fence):
    """The gateway; nothing of a call is changed by being watched."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._to = f"{gateway.name}/{gateway.account}"

    async def _call(self, kind: str, call: Callable[[], Awaitable[T]]) -> T | Unavailable:
        began, what = time.monotonic(), "error"
        try:
            with span(f"provider {kind}", "client", account=self._to):
                answer = await call()
            what = _WORD.sub("_", type(answer).__name__).lower()
            return answer
        finally:
            took = time.monotonic() - began
            PROVIDER.labels(self._to, kind, what).observe(took)
            facts = {"account": self._to, "call": kind, "answer": what, "seconds": round(took, 3)}
            LOG.info("provider called", extra=facts)
