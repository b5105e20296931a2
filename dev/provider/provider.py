"""The running provider: its books, its courier, and what is under way in this process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from dev.provider.delivery import Courier, Letter
from dev.provider.disputes import settle_dispute
from dev.provider.events import Event
from dev.provider.payments import settle_payment
from dev.provider.records import Dispute, Payment, Refund, kind_of
from dev.provider.refunds import settle_refund
from dev.provider.settings import ProviderSettings
from dev.provider.store import Store
from dev.provider.timers import due_timers, next_due

_IDLE_S: Final = 60.0  # nothing is due: look again now and then, as the clock of the machine may have jumped
_AFTER_ERROR_S: Final = 1.0  # a loop that fails at once must not spin
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Late:
    """A request whose client has gone: it acts once `release` is set, and then sets `acted`."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    acted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Provider:
    """Everything a request may touch; `busy` are the keys whose first request is still running."""

    settings: ProviderSettings
    store: Store
    courier: Courier
    wake: asyncio.Event
    busy: set[str] = field(default_factory=set)
    late: dict[str, Late] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Keys whose first answer was a failure of the server, which the Stripe-shaped API gives again."""


@asynccontextmanager
async def running(
    settings: ProviderSettings, writer: Callable[[ProviderSettings, Store], Callable[[Event], Letter]]
) -> AsyncIterator[Provider]:
    """A provider with its background work; both end with the block."""
    store, wake = Store(settings.state_file), asyncio.Event()
    courier = Courier(store, writer(settings, store), wake)
    courier.recover()
    provider = Provider(settings, store, courier, wake)
    clockwork = asyncio.create_task(_clockwork(provider))
    try:
        yield provider
    finally:
        clockwork.cancel()
        with suppress(asyncio.CancelledError):
            await clockwork
        await courier.close()
        store.close()


def settle(provider: Provider, subject: str, outcome: str | None) -> Payment | Refund | Dispute:
    """End an open payment, refund or dispute by its id, as its timer says or as told."""
    with provider.store.write() as db:
        if subject.startswith(kind_of(Refund)):
            return settle_refund(db, subject, outcome)
        if subject.startswith(kind_of(Dispute)):
            return settle_dispute(db, subject, outcome)
        return settle_payment(db, subject, outcome)


async def _clockwork(provider: Provider) -> None:
    while True:
        provider.wake.clear()
        try:
            for timer in due_timers(provider.store.db):
                settle(provider, timer.object, None)
            provider.courier.dispatch()
            pause = next_due(provider.store.db)
        except Exception:
            _log.exception("background work failed; trying again")
            pause = _AFTER_ERROR_S
        with suppress(TimeoutError):
            await asyncio.wait_for(provider.wake.wait(), _IDLE_S if pause is None else min(pause, _IDLE_S))
