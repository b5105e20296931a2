"""A circuit before a provider, as a calculation: closed it lets calls through, open it does not, half open one.

It opens where half of the last calls had no clear answer, and at once where the provider says when to come back.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

LAST = 10  # calls that are looked at: enough that one customer's trouble is not taken for the provider's
MOST_FAILED = 5  # of those: half, as no healthy provider leaves that many without an answer
FIRST_REST = timedelta(seconds=5)  # a provider that restarts is back by then; doubled by each failed probe
LONGEST_REST = timedelta(minutes=5)  # a probe every five minutes costs nobody anything
LONGEST_ASKED = timedelta(minutes=15)  # what a provider may ask for at most: a wrong header must not stop us for a day
PROBE_PAUSE = timedelta(seconds=2)  # while a probe is out; it is answered sooner, or not at all


@dataclass(frozen=True, slots=True)
class Circuit:
    """``failed`` are the last calls, newest last; ``until`` is when an open circuit lets a probe through, counted from
    any fixed instant; ``opened`` is how often in a row it has opened."""

    failed: tuple[bool, ...] = ()
    opened: int = 0
    until: timedelta | None = None
    probing: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether every call goes through."""
        return self.until is None


def rest(of: Circuit, now: timedelta) -> timedelta | None:
    """How long to leave the provider alone; None where a call may be made now."""
    if of.until is None or (now >= of.until and not of.probing):
        return None
    return max(of.until - now, PROBE_PAUSE) if of.probing else of.until - now


def called(of: Circuit) -> Circuit:
    """After a call was begun that ``rest`` had nothing against: in a half-open circuit it is the one probe."""
    return of if of.is_closed else replace(of, probing=True)


def answered(of: Circuit) -> Circuit:
    """After a clear answer, whatever it says of the charge: an open circuit is closed by that of its probe."""
    if not of.is_closed:
        return Circuit() if of.probing else of
    return replace(of, failed=(*of.failed, False)[-LAST:])


def unanswered(of: Circuit, now: timedelta, asked: timedelta | None = None) -> Circuit:
    """After a call without a clear answer; ``asked`` is when the provider said to come back."""
    if not of.is_closed:
        return _open(of, now, asked) if of.probing else of  # what was begun before it opened says nothing new
    seen = replace(of, failed=(*of.failed, True)[-LAST:])
    return _open(seen, now, asked) if asked is not None or sum(seen.failed) >= MOST_FAILED else seen


def given_up(of: Circuit) -> Circuit:
    """After a call that we ended ourselves: the next one is the probe."""
    return replace(of, probing=False)


def _open(of: Circuit, now: timedelta, asked: timedelta | None) -> Circuit:
    pause = min(FIRST_REST * 2 ** min(of.opened, 10), LONGEST_REST)  # ten doublings are beyond the longest
    wait = pause if asked is None else min(asked, LONGEST_ASKED)
    return Circuit(of.failed, of.opened + 1, now + wait)
