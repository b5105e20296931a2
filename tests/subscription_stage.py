"""One subscription for each thing that can be done to one, all of a single customer, so that none disturbs another."""

from typing import Any

from domain.ids import SubscriptionId
from domain.money import Money
from domain.subscriptions.cancel import CancelAt, CancelSubscription, cancel_subscription
from domain.subscriptions.change_quantity import ChangeQuantity, change_quantity
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from tests.api_callers import Api, Guest
from tests.lives import buy, publish
from tests.world import EUR

# The defaults: the tenant is everybody's.
POLICY = {"cancelNow": "NONE", "seatDecrease": "PERIOD_END", "pauseAccess": "PAID", "trialReminderDays": 3}


async def subscription_input(api: Api, guest: Guest) -> dict[str, dict[str, Any]]:
    """For each mutation about a running subscription an input that would be performed."""
    world, who = api.world, guest.who
    seats, leaves, planned, pauses, paused, ends = [await _bought(api, guest) for _ in range(6)]
    await world.do(who, change_quantity, ChangeQuantity(planned, 1))
    await world.do(who, pause_subscription, PauseSubscription(paused, None))
    await world.do(who, cancel_subscription, CancelSubscription(ends, CancelAt.PERIOD_END))
    return {
        "changeQuantity": {"subscriptionId": str(seats), "quantity": 3},
        "cancelSubscription": {"subscriptionId": str(leaves)},
        "cancelScheduledChange": {"subscriptionId": str(planned)},
        "pauseSubscription": {"subscriptionId": str(pauses)},
        "resumeSubscription": {"subscriptionId": str(paused)},
        "reactivateSubscription": {"subscriptionId": str(ends)},
        "setSubscriptionPolicy": POLICY,
    }


async def _bought(api: Api, guest: Guest) -> SubscriptionId:
    """Two seats of a plan of its own."""
    return (await buy(api.world, guest.who, await publish(api.world, Money(500, EUR)), 2)).subscription


# For each of these mutations another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "changeQuantity": {"quantity": 4},
    "cancelSubscription": {"timing": "NOW"},
    "cancelScheduledChange": {"subscriptionId": "subscription_" + "0" * 32},
    "pauseSubscription": {"resumesAt": "2027-01-20T00:00:00Z"},
    "resumeSubscription": {"subscriptionId": "subscription_" + "0" * 32},
    "reactivateSubscription": {"subscriptionId": "subscription_" + "0" * 32},
    "setSubscriptionPolicy": {"trialReminderDays": 6},
}
PORTAL = tuple(name for name in OTHERWISE if name != "setSubscriptionPolicy")
QUOTE_ALONE = {"subscriptionId": None, "priceId": None, "timing": "BY_RULE"}
NOBODY = "subscription_" + "0" * 32
# What is wrong with input that would do otherwise, the refusal, and the part it is about.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, {"subscriptionId": NOBODY}, "NOT_FOUND", ["subscriptionId"]) for name in PORTAL),
    *((name, {"subscriptionId": "nonsense"}, "NOT_FOUND", ["subscriptionId"]) for name in PORTAL),
    *((name, {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]) for name in PORTAL),
    *(("startSubscription", {"couponCode": typed}, "INVALID_INPUT", ["couponCode"]) for typed in ("", " ", "x" * 201)),
    ("startSubscription", {"couponCode": "NOSUCH"}, "NOT_FOUND", ["couponCode"]),
    *(("changeQuantity", {"quantity": n}, "INVALID_INPUT", ["quantity"]) for n in (0, -1, 10_001, 2**31 - 1)),
    ("changeQuantity", {"quantity": 2}, "STATE_CONFLICT", ["quantity"]),
    ("changeQuantity", {"timing": "NOW"}, "FORBIDDEN", ["timing"]),
    ("changeQuantity", {"version": 0}, "STATE_CONFLICT", ["version"]),
    ("cancelSubscription", {"version": 7_000}, "STATE_CONFLICT", ["version"]),
    ("changePlan", {"quoteId": "nonsense", **QUOTE_ALONE}, "NOT_FOUND", ["quoteId"]),
    ("changePlan", {"quoteId": "nonsense"}, "INVALID_INPUT", ["quoteId"]),
    ("changePlan", {"subscriptionId": None}, "INVALID_INPUT", ["quoteId"]),
    ("changePlan", {"timing": "NEW_CYCLE"}, "FORBIDDEN", ["timing"]),
    ("changePlan", {"quantity": 0}, "INVALID_INPUT", ["quantity"]),
    ("pauseSubscription", {"resumesAt": "2026-12-31T00:00:00Z"}, "INVALID_INPUT", ["resumesAt"]),
    ("pauseSubscription", {"resumesAt": "9999-12-31T23:59:59Z"}, "INVALID_INPUT", ["resumesAt"]),
    ("setSubscriptionPolicy", {"trialReminderDays": 31}, "INVALID_INPUT", ["trialReminderDays"]),
    ("setSubscriptionPolicy", {"trialReminderDays": -1}, "INVALID_INPUT", ["trialReminderDays"]),
]
