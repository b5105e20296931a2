"""What a decline code says of the next retry: nothing more on this method, its day, a payday, or so many days later.

Which codes may be tried again at all is ``domain.payments.gateways.declines``, with its sources; no tenant can soften
those. Of the codes that may, Recurly (support.recurly.com, "What can affect decline retries") moves retries by days for
an issuer that does not answer, and Stripe (docs.stripe.com/billing/revenue-recovery/smart-retries) by what it has
learnt of the best time; here a tenant says it, code by code, and without a word of it the day of the timeline holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.payments.gateways.declines import HARD


class RetryStep(StrEnum):
    """What follows a decline."""

    STOP = "stop"  # no retry of this method
    TIMELINE = "timeline"
    PAYDAY = "payday"  # on the first payday from the day of the timeline on, before the day after it
    AFTER = "after"  # so many days after the decline


@dataclass(frozen=True, slots=True)
class RetryRule:
    """The rule of one decline code; ``days`` is above 0 for AFTER, and 0 for the others."""

    code: str
    step: RetryStep
    days: int = 0


# Money comes with the wages: of all declines this one alone is cured by a day of the month.
_DEFAULTS: Final = {"insufficient_funds": RetryStep.PAYDAY}


def is_hard(code: str) -> bool:
    """Whether the code is known to forbid another retry, whatever a tenant says."""
    return HARD.get(code, False)


def rule_of(own: Sequence[RetryRule], code: str | None, *, hard: bool) -> RetryRule:
    """The rule for a decline, of the tenant's own or by default; a hard decline stops whatever rule there is."""
    named = code or ""
    if hard or is_hard(named):
        return RetryRule(named, RetryStep.STOP)
    found = next((rule for rule in own if rule.code == named), None)
    return found or RetryRule(named, _DEFAULTS.get(named, RetryStep.TIMELINE))


def rules_of(own: Sequence[RetryRule]) -> list[RetryRule]:
    """The rule of every code that is known or has one of the tenant's own, by code."""
    codes = sorted({*HARD, *(rule.code for rule in own)})
    return [rule_of(own, code, hard=False) for code in codes]
