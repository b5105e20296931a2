"""Hearing by Redis that something is new about a customer: one connection for all streams of a process."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.ids import CustomerId
from domain.refusals import Refused
from runtime.herald import CHANNELS

READ_SECONDS: Final = 5.0  # one wait for a message; a read that never ends could not notice a closed connection
HEALTH_SECONDS: Final = 10  # a server that vanished without a word is noticed by then
AGAIN_SECONDS: Final = 1.0  # between two tries to reach a server that is away
JOIN_SECONDS: Final = 0.25  # Redis answers within a millisecond, or it is away
_ROOT: Final = f"{CHANNELS}all"  # of all processes; a connection needs one channel while nobody is followed
_AWAY: Final = (RedisError, OSError)
_log: Final = structlog.get_logger("api.live")


class Hints:
    """``told`` is called with each customer that is heard of; ``followed`` says who is to be listened for.

    ``everybody`` is called when something is said to all processes, and after a time in which it could not be heard.
    """

    def __init__(
        self, redis_url: str, followed: Callable[[], Iterable[CustomerId]], told: Callable[[CustomerId], None],
        everybody: Callable[[], None],
    ) -> None:  # fmt: skip
        self._url = redis_url
        self._followed = followed
        self._told = told
        self._everybody = everybody
        self._ear: Any = None
        self.heard = False
        """Whether hints come in; while they do not, whoever waits has to look more often."""

    async def run(self) -> None:
        """Listens until it is cancelled, whatever becomes of the server."""
        while True:
            try:
                async with Redis.from_url(self._url, health_check_interval=HEALTH_SECONDS) as redis:
                    await self._listen(redis)
            except Exception as error:  # whatever it was, it has to be tried again
                _log.info("live.unheard", cause=type(error).__name__)
            finally:
                self._ear, self.heard = None, False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self, redis: Redis) -> None:
        async with redis.pubsub(ignore_subscribe_messages=True) as ear:
            await ear.subscribe(_ROOT)
            self._ear = ear
            if names := [f"{CHANNELS}{customer}" for customer in self._followed()]:
                await ear.subscribe(*names)
            self.heard = True
            self._everybody()
            while True:
                message = await ear.get_message(timeout=READ_SECONDS)
                if message is not None:
                    self._hear(message["channel"].decode())

    def _hear(self, channel: str) -> None:
        if channel == _ROOT:
            self._everybody()
            return
        with suppress(Refused):  # whoever can publish there can also write nonsense
            self._told(CustomerId.parse(channel.removeprefix(CHANNELS)))

    async def tell_everybody(self) -> None:
        """Says to all processes that what they keep of documents is old; without Redis they look more often."""
        try:
            url, wait = self._url, JOIN_SECONDS
            async with Redis.from_url(url, socket_timeout=wait, socket_connect_timeout=wait) as redis:
                await redis.publish(_ROOT, b"")
        except _AWAY as error:
            _log.warning("live.untold", cause=type(error).__name__)

    async def join(self, customer: CustomerId) -> None:
        """Listens for the customer from now on, or as soon as the server is back."""
        await self._say("subscribe", customer)

    async def leave(self, customer: CustomerId) -> None:
        """Listens for the customer no longer."""
        await self._say("unsubscribe", customer)

    async def _say(self, what: str, customer: CustomerId) -> None:
        if self._ear is None:
            return
        with suppress(*_AWAY):  # a time-out too; the listener meets the same trouble and begins again
            async with asyncio.timeout(JOIN_SECONDS):
                await getattr(self._ear, what)(f"{CHANNELS}{customer}")
