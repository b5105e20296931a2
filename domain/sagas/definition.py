"""What goes on over several steps between a provider and the ledger, as data: its steps, their time, the ways back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SagaKind(StrEnum):
    """What is done in several steps."""

    PURCHASE = "purchase"
    """A subscription is bought, and goes on once it is paid."""
    TRIAL = "trial"
    """A trial ends, and what follows it is billed."""
    PAID_CHANGE = "paid_change"
    """A change applies once it is paid."""
    REFUND_AND_CANCEL = "refund_and_cancel"
    """A subscription ends at once, and what is unused of it goes back to the method that paid."""


class Follows(StrEnum):
    """Which time a step's deadline follows: the customer's own (its test clock, where it has one), or the wall's."""

    BUSINESS = "business"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which operation does it, after which events it is done, and how long it ``takes`` at most.

    When that time is over and the facts do not show it done, ``undone_by`` takes back all that went before; a step
    without that goes ``forward``: one of these operations is performed, again or instead. ``why`` says which and why.
    """

    name: str
    does: str
    completed_by: tuple[str, ...]
    takes: timedelta
    follows: Follows
    why: str
    undone_by: str | None = None
    forward: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """One kind: which operations begin it, its steps in order, and the events after which nothing is left to do."""

    kind: SagaKind
    begun_by: tuple[str, ...]
    steps: tuple[Step, ...]
    ended_by: tuple[str, ...]

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(each for each in self.steps if each.name == name)

    def place(self, name: str) -> int:
        """Which one it is, from 0 on."""
        return [each.name for each in self.steps].index(name)


DAY = timedelta(days=1)  # an hour after the 23 in which a first invoice can be paid: its own end comes first
CHANGE = timedelta(hours=23)  # as long as a first invoice: who changes a plan is at the desk, and paid by then or never
EVENT = timedelta(hours=1)  # an event is performed within seconds; five tries in vain take a minute
QUERIES = timedelta(days=6)  # a day more than the provider is asked about a refund

_PURCHASE: Final = Definition(
    SagaKind.PURCHASE,
    ("subscriptions.start",),
    (
        Step("charge", "payments.settle", ("subscription.active",), DAY, Follows.BUSINESS,
             "Nothing was taken: the invoice is void and the subscription over.", undone_by="subscriptions.expire"),
        Step("activate", "subscriptions.invoice_paid", ("subscription.active",), EVENT, Follows.WALL,
             "Money was taken, so what it paid for is given.", forward=("subscriptions.invoice_paid",)),
    ),
    ("subscription.incomplete_expired", "subscription.canceled"),
)  # fmt: skip
_TRIAL: Final = Definition(
    SagaKind.TRIAL,
    ("subscriptions.start",),
    (
        Step("convert", "subscriptions.renew", ("subscription.active",), DAY, Follows.BUSINESS,
             "The trial was had: what the plan says of its end is done, and nothing is taken back.",
             forward=("subscriptions.renew", "subscriptions.end")),
        Step("bill", "subscriptions.finalize_invoice", ("subscription.trial_paid",), DAY, Follows.BUSINESS,
             "The period runs, so its invoice is issued.", forward=("subscriptions.finalize_invoice",)),
        Step("collect", "payments.settle", ("subscription.trial_paid",), DAY, Follows.BUSINESS,
             "The period runs and is owed: dunning goes on, by its own timeline.", forward=("dunning.payment_failed",)),
    ),
    ("subscription.canceled", "subscription.paused"),
)  # fmt: skip
_PAID_CHANGE: Final = Definition(
    SagaKind.PAID_CHANGE,
    ("subscriptions.change_plan", "subscriptions.change_quantity"),
    (
        Step("charge", "payments.settle", ("subscription.changed",), CHANGE, Follows.BUSINESS,
             "Nothing was taken: the invoice is void and the subscription stays as it was.",
             undone_by="subscriptions.discard_change"),
        Step("apply", "subscriptions.invoice_paid", ("subscription.changed",), EVENT, Follows.WALL,
             "Money was taken, so the change applies; too late for its period, it is given back as credit.",
             forward=("subscriptions.invoice_paid",)),
    ),
    ("subscription.change_discarded", "subscription.canceled"),
)  # fmt: skip
_REFUND_AND_CANCEL: Final = Definition(
    SagaKind.REFUND_AND_CANCEL,
    ("subscriptions.cancel",),
    (
        Step("refund", "payments.settle_refund", ("refund.succeeded", "refund.failed"), QUERIES, Follows.WALL,
             "The subscription is over and the credit note issued: where money does not go back, it is credit, and "
             "people decide.", forward=("payments.open_exception",)),
    ),
    ("exception.resolved",),
)  # fmt: skip

DEFINITIONS: Final[Mapping[SagaKind, Definition]] = MappingProxyType(
    {each.kind: each for each in (_PURCHASE, _TRIAL, _PAID_CHANGE, _REFUND_AND_CANCEL)}
)
LISTENED: Final = frozenset(
    event
    for each in DEFINITIONS.values()
    for event in (*each.ended_by, *(name for step in each.steps for name in step.completed_by))
)
"""The events after which a saga is looked at."""
