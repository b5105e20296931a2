"""When changes and cancellations take effect."""

from enum import Enum

import strawberry

_value = strawberry.enum_value


@strawberry.enum(description="When a change is to take effect.")
class ChangeTiming(Enum):
    """The domain's Timing."""

    BY_RULE = _value(
        "by_rule",
        description="Dearer: now, prorated. Cheaper: when the period ends. Another interval: a new cycle now.",
    )
    PERIOD_END = _value("period_end", description="When the running period ends.")
    NOW = _value("now", description="Staff only: now, prorated, whether dearer or cheaper.")
    NEW_CYCLE = _value("new_cycle", description="Staff only: a new cycle from now on, the unused time credited.")


@strawberry.enum(description="How a change takes effect. More values may come.")
class ChangeMode(Enum):
    """The domain's Mode."""

    NOW = _value("now", description="Now, prorated, once what is due is paid.")
    NEW_CYCLE = _value("new_cycle", description="In a new cycle from now on, once what is due is paid.")
    PERIOD_END = _value("period_end", description="When the running period ends.")
    TRIAL = _value("trial", description="At once and free: it is on trial.")


@strawberry.enum(description="When a subscription is to end.")
class CancelTiming(Enum):
    """The domain's CancelAt."""

    PERIOD_END = _value("period_end", description="When what was paid for is over.")
    NOW = _value("now", description="At once; what becomes of the unused time is the tenant's policy.")
