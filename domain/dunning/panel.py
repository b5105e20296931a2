"""How an unpaid subscription comes back: why it is unpaid, and what would be accepted if it were asked for now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import TypeVar

from domain.dunning.attempts import Why, why_failed
from domain.dunning.standing import Standing, paydays, shares
from domain.invoices.billing_terms import AUTOMATIC
from domain.payments.outlook import resolves_by
from domain.refusals import Refused

T = TypeVar("T")


class Act(StrEnum):
    """What a customer may do about it."""

    PAY_NOW = "pay_now"
    ADD_METHOD = "add_method"
    CHOOSE_PAYDAY = "choose_payday"
    SPLIT = "split"
    CONFIRM = "confirm"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to do: ``url`` to confirm at, ``until`` when that or the waiting is over; the days that may be chosen;
    in how many parts over how many days it may be split."""

    act: Act
    url: str | None = None
    until: datetime | None = None
    first_day: date | None = None
    last_day: date | None = None
    parts: int | None = None
    days: int | None = None


def offers(of: Standing, now: datetime) -> list[Offer]:
    """What would be accepted now, the shortest way first."""
    found = [Offer(Act.PAY_NOW)] if _may_pay(of) else []
    attempt = of.open_attempt
    if attempt is not None and attempt.awaits_customer and attempt.action_url:
        found.append(Offer(Act.CONFIRM, attempt.action_url, resolves_by(attempt, of.wall)))
    elif attempt is not None:
        found.append(Offer(Act.WAIT, until=resolves_by(attempt, of.wall)))
    found.append(Offer(Act.ADD_METHOD))
    days = _accepted(lambda: paydays(of, now))
    if days:
        found.append(Offer(Act.CHOOSE_PAYDAY, first_day=days[0], last_day=days[1]))
    if most := _most_parts(of):
        found.append(Offer(Act.SPLIT, parts=most, days=of.split_days))
    return found


def _may_pay(of: Standing) -> bool:
    """Whether payInvoice on the default method would be accepted."""
    method = of.owner.default_method
    untried = method not in {attempt.method for attempt in of.attempts}
    return of.open_attempt is None and method is not None and (of.tries_left or untried)


def _most_parts(of: Standing) -> int:
    """In how many parts it may be split at most; 0: in none."""
    for parts in range(of.rules.split_parts, 1, -1):
        if _accepted(partial(shares, of, parts, 1)):
            return parts
    return 0


def _accepted(asked: Callable[[], T]) -> T | None:
    try:
        return asked()
    except Refused:
        return None


def reason(of: Standing) -> Why:
    """Why it is unpaid, in a word that a customer may read."""
    if of.plan is not None:
        return Why.PAID_IN_PARTS
    if of.open_attempt is not None:
        return Why.CONFIRMATION_NEEDED if of.open_attempt.awaits_customer else Why.OUTCOME_OPEN
    if of.invoice.collection != AUTOMATIC:
        return Why.OVERDUE
    return (why_failed(of.attempts[-1]) if of.attempts else None) or Why.METHOD_MISSING
