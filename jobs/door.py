"""A worker's own door, for monitoring alone: /healthz, /readyz and /metrics on METRICS_HOST and METRICS_PORT."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette

from domain.reactions.house import House
from runtime.health import routes
from runtime.settings import Settings

LOG: Final = logging.getLogger("quittance.jobs")
CONNECTIONS: Final = 16  # waiting to be taken: monitoring has one or two
STOP_SECONDS: Final = 1  # a scrape takes a few milliseconds, and a worker that ends has no more to give it


class _Server(uvicorn.Server):
    """A server inside a process that hears signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def monitored(house: House, settings: Settings) -> AsyncIterator[None]:
    """Serves while it is entered; a port that is taken is logged, and the worker works on without a door."""
    listener = _listener(settings)
    if listener is None:
        yield
        return
    config = uvicorn.Config(
        Starlette(routes=list(routes(house, settings))),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait((serving,), timeout=STOP_SECONDS * 2)
        serving.cancel()
        listener.close()


def _listener(settings: Settings) -> socket.socket | None:
    if not settings.metrics_port:
        return None
    at = (settings.metrics_host, settings.metrics_port)
    try:
        return socket.create_server(at, family=_family(settings.metrics_host), backlog=CONNECTIONS)
    except OSError as error:
        LOG.error("nobody can scrape this worker: METRICS_PORT is not free", extra={"cause": type(error).__name__})
        return None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
