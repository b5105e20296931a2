"""Named points between two effects, where a crash test may end the process from outside; they do nothing otherwise."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

on_reached: list[Callable[[str], None]] = []

POINTS = frozenset(
    {
        "perform.begun",
        "perform.key_stored",
        "perform.locked",
        "perform.done",
        "perform.recorded",
        "perform.committed",
        "attempt.claimed",
        "attempt.answered",
        "delivery.claimed",
        "delivery.answered",
        "hold.claimed",
        "refund.claimed",
        "refund.answered",
        "dispute.claimed",
        "dispute.answered",
        "detach.answered",
        "method.answered",
        "relay.consumed",
        "relay.deleted",
        "due.claimed",
        "notice.claimed",
        "notice.answered",
        "inbox.stored",
        "inbox.applied",
    }
)

_CHARGE, _REFUND = ("attempt.claimed", "attempt.answered"), ("refund.claimed", "refund.answered")
_DISPUTE = ("dispute.claimed", "dispute.answered")
# Every function that speaks to a provider, by file and name, and the points around it: after the commit before it, if
# there is one, and before the commit after it. A rule of the house finds such calls; tests end the process at each.
PROVIDER_CALLS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "domain/payments/attempt.py:_charge": _CHARGE,
        "domain/payments/attempt.py:_ask": _CHARGE,
        "domain/payments/bar_charge.py:bar_charge": _CHARGE,
        "domain/payments/hold_calls.py:ask_hold": _CHARGE,
        "domain/payments/hold_calls.py:_capture": ("hold.claimed", "attempt.answered"),
        "domain/payments/hold_calls.py:_found": _CHARGE,
        "domain/payments/attempt_refund.py:_give_back": _REFUND,
        "domain/payments/attempt_refund.py:_ask": _REFUND,
        "domain/reactions/method_work.py:detach": ("due.claimed", "detach.answered"),
        "domain/payments/attempt_dispute.py:_ask": _DISPUTE,
        "domain/payments/attempt_dispute.py:_answer": _DISPUTE,
        "domain/reactions/provider_charges.py:_against_staff": ("inbox.stored", "inbox.applied"),
        "domain/reactions/provider_refunds.py:_against_its_end": ("inbox.stored", "inbox.applied"),
        "domain/reactions/provider_disputes.py:_ask": ("inbox.stored", "inbox.applied"),
        "domain/reactions/lost_disputes.py:look_for_disputes": ("perform.begun",),
        # A method that nobody kept is found again by its token.
        "api/graph/portal_mutations.py:_method_of": ("method.answered",),
    }
)


def reached(point: str) -> None:
    """Tells the listeners that the process stands at this point."""
    assert point in POINTS, point
    for listener in on_reached:
        listener(point)
