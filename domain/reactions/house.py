"""What a process needs to do the house's own work: database, gateways, an actor for its jobs, the way out."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.actor import Actor, system
from domain.database import Database
from domain.ids import CustomerId
from domain.notices.post import Mail
from domain.payments.gateway import Gateway
from domain.refusals import RefusalCode, Refused
from domain.webhooks.send import Sender

LOG = logging.getLogger("quittance")
TRIES = 5  # what fails five times in a row will not be healed by a sixth
BACKOFF_SECONDS = 2  # the first wait; it doubles with each failure


def _nobody(_: CustomerId) -> None:
    """Nobody serves live streams."""


async def at_full_speed(_: timedelta) -> None:
    """Rests after no batch."""


AUDIT_YEARS = 10  # what § 147 AO asks of books; a deployment may say more


@dataclass(frozen=True)
class House:
    """Handed to everything that works without a caller; without ``mail``, nobody is told anything by e-mail.

    ``herald`` is told whenever something is new about a customer, returns at once, and may forget. ``pace`` is awaited
    after each batch with the time it took, and rests where others shall come first.
    """

    db: Database
    gateways: Mapping[str, Gateway]
    actor: Actor = field(default_factory=lambda: system("house"))
    sender: Sender = field(default_factory=Sender)
    mail: Mail | None = None
    herald: Callable[[CustomerId], None] = field(default=_nobody, compare=False)
    audit_years: int = AUDIT_YEARS
    pace: Callable[[timedelta], Awaitable[None]] = field(default=at_full_speed, compare=False)
    missed: set[str] = field(default_factory=set, compare=False)  # accounts that somebody was told of

    def gateway(self, account: str) -> Gateway:
        """The gateway of a provider account (``name/account``); UNAVAILABLE where this process has no secret for it."""
        if account not in self.gateways:
            if account not in self.missed:
                self.missed.add(account)
                LOG.critical("no secret for the provider account %s: all that needs it waits", account)
            raise Refused(RefusalCode.UNAVAILABLE, "The payment provider cannot be reached at the moment.")
        return self.gateways[account]


def follows(house: House, request_id: str) -> House:
    """The house as it does what follows from that request: its audit entries and events name it too."""
    return replace(house, actor=replace(house.actor, request_id=request_id)) if request_id else house


def backoff(attempts: int) -> timedelta:
    """How long to wait after the given number of failures."""
    return timedelta(seconds=BACKOFF_SECONDS * 2**attempts)


def log_failure(house: House, what: str, error: Exception) -> str:
    """Logs the error once, with an id that dead letters and answers can name."""
    error_id = house.db.entropy(8).hex()
    retryable = isinstance(error, Refused) and error.retryable
    LOG.log(
        logging.INFO if retryable else logging.ERROR, "%s failed", what, extra={"error_id": error_id}, exc_info=error
    )
    return error_id


def cause_of(error: Exception) -> str:
    """The cause as dead letters keep it: the kind of error, and a refusal's code; no values."""
    return f"{type(error).__name__}: {error.code}" if isinstance(error, Refused) else type(error).__name__
