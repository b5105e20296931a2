"""Mishaps that tests bring about: time that has passed, and a process that dies at a named point."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain import points
from domain.database import Database
from domain.payments.gateway import Gateway
from domain.reactions.house import House


class LaterClock:
    """Wall time plus a distance: leases run out without anybody waiting."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def later(house: House, ahead: timedelta) -> House:
    """Another process on the same servers, as much later."""
    db = house.db
    pools = db.pool, db._replica._pool, db._history._pool
    return replace(house, db=Database(*pools, LaterClock(ahead), db.entropy, db.vault))


class Death(BaseException):
    """The process is gone: nothing after this runs in it."""


@contextmanager
def death_at(point: str) -> Iterator[None]:
    """Ends whoever reaches the point."""

    def die(reached: str) -> None:
        if reached == point:
            raise Death(point)

    points.on_reached.append(die)
    try:
        yield
    finally:
        points.on_reached.remove(die)


class Mistaken(dict[str, Gateway]):
    """Provider accounts of which each is there and none can be had."""

    def __contains__(self, account: object) -> bool:
        return True


def with_a_mistake(house: House) -> House:
    """The house as it is while a mistake of ours makes all that needs a provider fail."""
    return replace(house, gateways=Mistaken())


@contextmanager
def failing(error: Exception, times: int, after: int = 0) -> Iterator[None]:
    """So many operations fail before they begin, after so many that do not."""
    passed = 0

    def fail(reached: str) -> None:
        nonlocal passed
        if reached == "perform.begun":
            passed += 1
            if after < passed <= after + times:
                raise error

    points.on_reached.append(fail)
    try:
        yield
    finally:
        points.on_reached.remove(fail)
