"""What bounds a town of the later seeds: how much is owed, renewed and waited for, until somebody does something."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

PATIENT_FROM = 6100  # above every seed that was ever tried without it: those live as they did
ENDLESS_IN = 24  # one in so many of the others bears everything as well, so that large piles are seen too


@dataclass(frozen=True)
class Patience:
    """Drawn for each seed apart from all that it draws beside."""

    debts: int | None  # open invoices of one customer; beyond them it is made an end of
    renewals: int | None  # about so many of a life of 1,000 steps; beyond its share somebody leaves or pays by the year
    by_clock: timedelta  # how far a test clock is sent while a payment is open: each hour of it is asked for that
    at_rest: timedelta  # how long after what is due the worker looks


ENDLESS = Patience(None, None, timedelta(days=2), timedelta(hours=6))


def draw_patience(seed: int) -> Patience:
    """How much a town bears."""
    chance = Random(f"patience {seed}")
    if seed < PATIENT_FROM or chance.randrange(ENDLESS_IN) == 0:
        return ENDLESS
    return Patience(
        chance.choice((1, 2, 4, 8, 16)),
        chance.choice((30, 60, 60, 120, 240)),
        chance.choice((timedelta(hours=2), timedelta(hours=2), timedelta(hours=9), timedelta(days=2))),
        chance.choice((timedelta(hours=6), timedelta(days=1), timedelta(days=1), timedelta(days=1))),
    )
