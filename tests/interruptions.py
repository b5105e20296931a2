"""What may befall a process in the middle of its work: it dies, it is slow, or another one takes its place."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from domain import points
from domain.database import Database
from domain.reactions.house import House

LEASE_OVER = timedelta(seconds=31)  # a second more than a lease lasts


class Killed(BaseException):
    """The process ended here; nothing of it catches this."""


@asynccontextmanager
async def killed_at(point: str, passes: int = 0) -> AsyncIterator[None]:
    """Ends whoever stands at the point after that many passes."""
    left = passes

    def kill(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left < 0:
                raise Killed(point)

    points.on_reached.append(kill)
    try:
        yield
    finally:
        points.on_reached.remove(kill)


class Ahead:
    """A clock that is ahead of the others."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        """The operating system's time and some more."""
        return datetime.now(UTC) + self.by


def ahead(house: House, by: timedelta) -> House:
    """Another process of the house, whose clock is ahead: to it, that much time has passed."""
    db = house.db
    return House(Database(db.pool, db.pool, db.pool, Ahead(by), secrets.token_bytes, db.vault), house.gateways)
