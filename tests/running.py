"""A subscription that is in no database, for what is worked out of one alone."""

from typing import Any
from uuid import UUID

from domain.ids import CustomerId, PlanId, PlanVersionId, PriceId, SubscriptionId, TenantId
from domain.machine import State
from domain.money import Currency, Money
from domain.period import Anchor, Period, period_index
from domain.subscriptions.plans import NOTHING
from domain.subscriptions.subscription import Subscription


def alive(anchor: Anchor, running: Period, **otherwise: Any) -> Subscription:
    """An active subscription in that period, or in another state."""
    given: dict[str, Any] = {
        "state": State("active", 2), "planned": NOTHING, "pending": None, "trial_end": None, "cancel_at": None,
        "paused_at": None, "resumes_at": None, "pause_access": None, "pause_cause": None, "resumed_at": None,
        "ended_at": None,
        **otherwise,
    }  # fmt: skip
    return Subscription(
        id=SubscriptionId(1, UUID(int=1)), tenant=TenantId(UUID(int=2)), customer=CustomerId(1, UUID(int=3)),
        plan=PlanId(UUID(int=4)), plan_version=PlanVersionId(UUID(int=4)), family="f", price=PriceId(UUID(int=5)),
        quantity=1, unit_amount=Money(1000, Currency("EUR")), cadence=anchor.cadence, anchor_at=anchor.start,
        time_zone=anchor.zone, period_index=period_index(anchor, running.start), period=running, version=1, terms_seq=1,
        **given,
    )  # fmt: skip
