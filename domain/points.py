"""Named points between two effects, where a crash test may end the process; they do nothing otherwise."""

from collections.abc import Callable

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
        "relay.consumed",
        "relay.deleted",
        "due.claimed",
        "inbox.stored",
        "inbox.applied",
    }
)


def reached(point: str) -> None:
    """Tells the listeners that the process stands at this point."""
    assert point in POINTS, point
    for listener in on_reached:
        listener(point)
