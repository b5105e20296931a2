"""How many streams there may be: for each caller and for the process, so that idle ones never crowd out requests."""

from collections import Counter
from typing import Final

from api.errors import Code, Fault
from api.measures import LIVE_STREAMS

PER_CALLER: Final = 20  # a browser opens six for one host; a person has a few tabs and a phone
PER_PROCESS: Final = 5_000  # 65 kB each: 330 MB, and a twentieth of a core for heartbeats
RETRY_SECONDS: Final = 5  # by then a tab was closed, or a balancer knows a process that has room


class Places:
    """The places for streams in one process."""

    def __init__(self, per_caller: int = PER_CALLER, per_process: int = PER_PROCESS) -> None:
        self._per_caller = per_caller
        self._per_process = per_process
        self._taken: Counter[str] = Counter()

    def take(self, caller: str) -> None:
        """Takes a place; THROTTLED where the caller has all of its own, UNAVAILABLE where the process has none."""
        if self._taken[caller] >= self._per_caller:
            sentence = f"This caller has {self._per_caller} streams here already: close one."
            raise Fault(Code.THROTTLED, sentence, retryAfterSeconds=RETRY_SECONDS)
        if self._taken.total() >= self._per_process:
            raise Fault(Code.UNAVAILABLE, "There is no room for another stream at the moment: poll, or come back.")
        self._taken[caller] += 1
        LIVE_STREAMS.inc()

    def give_back(self, caller: str) -> None:
        """Gives a place back."""
        self._taken[caller] -= 1
        if not self._taken[caller]:
            del self._taken[caller]
        LIVE_STREAMS.dec()
