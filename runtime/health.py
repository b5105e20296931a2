"""Whether the process lives, whether it can serve, and what it measures: doors of the API and of a worker alike."""

from collections.abc import Awaitable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.database import LAG_BOUND
from domain.reactions.house import House
from domain.refusals import Refused
from runtime.measures import watch_operations
from runtime.scrape import Scrape
from runtime.settings import Settings


def routes(house: House, settings: Settings) -> list[Route]:
    """The doors for orchestrators and for monitoring."""
    watch_operations()
    redis_url, seconds = settings.redis_url.get_secret_value(), settings.metrics_seconds
    doors = _Doors(house, Scrape(house.db, redis_url, seconds, house.gateways.keys()))
    return [
        Route("/healthz", _healthz),
        Route("/readyz", doors.readyz),
        Route("/metrics", doors.metrics),
    ]


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


class _Doors:
    """Looks at the servers when it is asked to."""

    def __init__(self, house: House, scrape: Scrape) -> None:
        self._db, self._scrape = house.db, scrape

    async def readyz(self, _: Request) -> Response:
        """200 while the primary answers; a replica that does not is said, and leaves balances and changes working.

        ``history`` is who answers lists and statements now, as they say it themselves in ``source``.
        """
        primary = await _answers(self._db.primary.fetchval("SELECT 1"))
        lag = await self._db.lag()
        body = {
            "status": "ready" if primary else "unavailable",
            "primary": "up" if primary else "down",
            "replica": "down" if lag is None else "up",
            "replicaLagSeconds": None if lag is None else round(lag.total_seconds(), 1),
            "history": "UNAVAILABLE" if lag is None or lag > LAG_BOUND else "REPLICA",
        }
        return JSONResponse(body, 200 if primary else 503)

    async def metrics(self, _: Request) -> Response:
        """Everything measured, in Prometheus' text form."""
        return Response(await self._scrape.text(), media_type=CONTENT_TYPE_LATEST)


async def _answers(look: Awaitable[object]) -> bool:
    try:
        await look
    except Refused:
        return False
    return True
