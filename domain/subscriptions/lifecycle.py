"""The states of a subscription, the moves between them, and the kinds of due work that a life brings."""

from domain.machine import Machine

SUBSCRIPTION = Machine(
    "subscription",
    {
        ("new", "start"): "incomplete",
        ("new", "start_trial"): "trialing",
        ("incomplete", "activate"): "active",
        ("incomplete", "expire"): "incomplete_expired",
        ("trialing", "convert"): "active",
        ("trialing", "pause"): "paused",
        ("active", "pause"): "paused",
        ("paused", "resume"): "active",
        ("active", "payment_failed"): "past_due",
        ("pending_cancellation", "payment_failed"): "past_due",
        ("past_due", "retries_exhausted"): "grace",
        ("past_due", "recover"): "active",
        ("grace", "recover"): "active",
        ("suspended", "recover"): "active",
        ("past_due", "suspend"): "suspended",
        ("grace", "suspend"): "suspended",
        # An invoice of before fell overdue in a pause, which is no failed renewal; it may have been cancelled since.
        ("paused", "suspend"): "suspended",
        ("pending_cancellation", "suspend"): "suspended",
        ("suspended", "give_up"): "canceled",
        ("trialing", "schedule_cancel"): "pending_cancellation",
        ("active", "schedule_cancel"): "pending_cancellation",
        ("paused", "schedule_cancel"): "pending_cancellation",
        ("pending_cancellation", "reactivate"): "active",
        ("pending_cancellation", "reactivate_trial"): "trialing",
        ("incomplete", "cancel"): "canceled",
        ("trialing", "cancel"): "canceled",
        ("active", "cancel"): "canceled",
        ("past_due", "cancel"): "canceled",
        ("grace", "cancel"): "canceled",
        ("suspended", "cancel"): "canceled",
        ("paused", "cancel"): "canceled",
        ("pending_cancellation", "cancel"): "canceled",
    },
)

ENTITLED = frozenset({"trialing", "active", "past_due", "grace", "pending_cancellation"})
ENDED = frozenset({"canceled", "incomplete_expired"})

RENEW, EXPIRE = "renew", "expire_subscription"
END, RESUME, REMIND = "end_subscription", "resume_subscription", "remind_of_trial_end"
SPREAD_SECONDS = 3600  # renewals of one anchor are spread over the hour after it, never one batch at midnight

NO_PRICE = "no_price"  # the cause of a pause: a private price whose contract is over, of a plan without a public one
