"""Whether the process lives, whether it can serve, and what it measures."""

from collections.abc import Awaitable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.measures import DUE, EVENTS, LAG, LETTERS, POOL, REGISTRY, count
from domain.fanout.waiting import backlog
from domain.operation import observers as operation_observers
from domain.reactions.house import House
from domain.refusals import Refused


def routes(house: House) -> list[Route]:
    """The doors for orchestrators and for monitoring."""
    watch = _Watch(house)
    if count not in operation_observers:  # an application may be built more than once in a process
        operation_observers.append(count)
    return [
        Route("/healthz", _healthz),
        Route("/readyz", watch.readyz),
        Route("/metrics", watch.metrics),
    ]


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


class _Watch:
    """Looks at the servers when it is asked to."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def readyz(self, _: Request) -> Response:
        """200 while the primary answers; a replica that does not is said, and leaves balances and changes working."""
        db = self._house.db
        primary = await _answers(db.primary.fetchval("SELECT 1"))
        replica = await db.lag() is not None
        body = {"primary": "up" if primary else "down", "replica": "up" if replica else "down"}
        return JSONResponse({"status": "ready" if primary else "unavailable", **body}, 200 if primary else 503)

    async def metrics(self, _: Request) -> Response:
        """Everything measured, in Prometheus' text form."""
        db = self._house.db
        lag = await db.lag()
        LAG.set(-1 if lag is None else lag.total_seconds())
        POOL.labels("open").set(db.pool.get_size())
        POOL.labels("idle").set(db.pool.get_idle_size())
        try:
            waiting = await backlog(db.primary, db.clock.now())
        except Refused:
            pass
        else:
            DUE.set(waiting.due)
            EVENTS.set(waiting.events)
            LETTERS.set(waiting.letters)
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def _answers(look: Awaitable[object]) -> bool:
    try:
        await look
    except Refused:
        return False
    return True
