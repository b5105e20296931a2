"""When the next retry of a case is: on its day of the timeline, or where a decline or the customer has moved it to.

A retry that is moved stays one of the timeline's: it takes the place of the days it passes over, so that there are
never more retries than days, and never one after access may end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.dunning.case import Case
from domain.dunning.retry_rule import RetryRule, RetryStep
from domain.period import local_date, noon

REST = timedelta(days=1)  # issuers count tries a day: retries that were missed are not made up for in one go
A_DAY = timedelta(days=1)  # the step from one date to the next


@dataclass(frozen=True, slots=True)
class NextRetry:
    """When it is, and how many days of the timeline are done with then, but for its own."""

    at: datetime
    done: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of a customer's money: in which zone its days are, and on which days of a month it comes."""

    zone: str
    paydays: Sequence[int]


def moved_to(of: Case, at: datetime) -> NextRetry:
    """The next retry at an instant in the place of its day; at the end of access at the latest."""
    at = min(at, of.suspend_at)
    passed = sum(day <= at for day in of.retries)
    return NextRetry(at, max(of.retries_done, passed - 1))


def next_retry(of: Case, rule: RetryRule, calendar: Calendar, now: datetime) -> NextRetry | None:
    """The next retry after a decline of now; None where no day is left. What the customer chose holds."""
    if of.retries_done >= len(of.retries):
        return None
    if of.payday_at is not None and of.payday_at > now:
        return NextRetry(of.payday_at, of.retries_done)
    own = of.retries[of.retries_done]
    if rule.step is RetryStep.AFTER:
        return moved_to(of, now + timedelta(days=rule.days))
    found = _payday(of, own, calendar, now) if rule.step is RetryStep.PAYDAY else own
    return NextRetry(found if found > now else now + REST, of.retries_done)


def _payday(of: Case, own: datetime, calendar: Calendar, now: datetime) -> datetime:
    """The first payday from the retry's day on and before the next one's, else its day."""
    later = of.retries[of.retries_done + 1 :]
    end, day = (later[0] if later else of.suspend_at), local_date(own, calendar.zone)
    while calendar.paydays and (at := noon(day, calendar.zone)) < end:
        if _is_payday(day.day, (day + A_DAY).day == 1, calendar.paydays) and at >= own and at > now:
            return at
        day += A_DAY
    return own


def _is_payday(day: int, is_last: bool, paydays: Sequence[int]) -> bool:
    return day in paydays or (is_last and any(payday > day for payday in paydays))
