"""Whether the process lives, whether it can serve, and what it measures."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.fanout.waiting import backlog
from domain.operation import observers as operation_observers
from domain.reactions.house import House
from domain.refusals import Refused

REGISTRY: Final = CollectorRegistry()
OPERATIONS: Final = Counter(
    "quittance_operations", "Operations by name and outcome", ["operation", "outcome"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "quittance_operation_seconds", "How long an operation took", ["operation"], registry=REGISTRY
)
LAG: Final = Gauge("quittance_replica_lag_seconds", "How far the replica is behind; -1: no answer", registry=REGISTRY)
DUE: Final = Gauge("quittance_due_work", "Work that is due and waits", registry=REGISTRY)
EVENTS: Final = Gauge("quittance_outbox_events", "Events that wait for their consumers", registry=REGISTRY)
LETTERS: Final = Gauge("quittance_dead_letters", "Work that failed too often", registry=REGISTRY)
POOL: Final = Gauge("quittance_pool_connections", "Connections of the write pool", ["state"], registry=REGISTRY)


def routes(house: House) -> list[Route]:
    """The doors for orchestrators and for monitoring."""
    watch = _Watch(house)
    if _count not in operation_observers:  # an application may be built more than once in a process
        operation_observers.append(_count)
    return [
        Route("/healthz", _healthz),
        Route("/readyz", watch.readyz),
        Route("/metrics", watch.metrics),
    ]


def _count(operation: str, outcome: str, took: timedelta) -> None:
    OPERATIONS.labels(operation, outcome).inc()
    SECONDS.labels(operation).observe(took.total_seconds())


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
