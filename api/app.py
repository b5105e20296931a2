"""The API process: GraphQL, documents, webhooks, health and metrics behind one guard."""

import asyncio
import gc
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api import downloads, export_door, webhooks
from api.answers import Rejected, refusal_at
from api.asgi import guard
from api.audience import DEVELOPMENT, PRODUCTION, Audience
from api.auth.keys import KeyCache
from api.auth.verify import Verifier
from api.console import door as console
from api.cursors import Cursors
from api.documents import DocumentStore
from api.field_times import measure_fields
from api.graph.context import Rooms, context_maker
from api.graph.schema import build_schema
from api.http import PortalGraphQL
from api.installed import InstalledDocuments
from api.library import Library
from api.live.hub import Hub
from api.manifests import ManifestDocuments, read_manifest
from api.redis_bucket import RedisBucket
from api.request_log import RequestLog
from api.sign_in import acting, joining, provider_logout
from api.sign_in import routes as sign_in
from api.sign_in.cookies import Cookies
from api.sign_in.cors import Cors
from api.sign_in.doors import Doors
from api.sign_in.provider import Provider
from api.sign_in.sessions import Sessions
from api.trust import IssuersInDatabase
from api.uses import UseCounter
from domain.reactions.house import House
from domain.refusals import StepUp
from runtime import health
from runtime.house import open_house, provider_account, with_breakers
from runtime.settings import Settings

_MANIFESTS = Path(__file__).parent / "documents"
REDIS_SECONDS = 0.25  # it answers within a millisecond, or it is away
STOP_SECONDS = 5.0  # what mutations left running gets this long when the process stops; the worker finishes the rest


def library_of(house: House, settings: Settings, redis: "Redis") -> Library:
    """The documents of a process, and what is known of each."""
    shipped = trusted_documents()
    schema = build_schema()
    measure_fields(schema._schema)
    policies = DEVELOPMENT if settings.environment == "dev" else PRODUCTION
    installed = InstalledDocuments(house.db, ManifestDocuments(shipped))
    store = DocumentStore(schema._schema, installed, policies)
    return Library(
        schema, store, shipped, UseCounter(house.db.clock), RedisBucket(redis), RequestLog(house.db), installed
    )  # fmt: skip


def rooms_of(house: House, settings: Settings, http: httpx2.AsyncClient, live: Hub, library: Library) -> Rooms:
    """What all requests of a process share."""
    db, keys = house.db, KeyCache(http, time.monotonic)
    issuers = IssuersInDatabase(db.primary)
    verifier = Verifier(issuers, keys, db.clock, time.monotonic)
    sessions = Sessions(db, Doors(db.primary), Provider(http), Cookies(settings.public_url))
    # Cursors are signed with a key of their own, derived so that no further secret has to be handed out.
    signing = hashlib.sha256(b"cursors" + settings.house_key).digest()
    return Rooms(
        house,
        provider_account(settings),
        Cursors([signing]),
        verifier,
        settings.environment,
        sessions,
        issuers,
        keys,
        live,
        library,
        StepUp(timedelta(seconds=settings.step_up_seconds), settings.step_up_acr),
    )


def trusted_documents() -> dict[Audience, dict[str, str]]:
    """The documents that each audience may name by id, from the manifests that are part of this release."""
    return {Audience(path.stem): read_manifest(path.read_bytes()) for path in sorted(_MANIFESTS.glob("*.json"))}


def doors(rooms: Rooms, settings: Settings) -> list[Route]:
    """Every route of the API."""
    library, live = rooms.library, rooms.live
    graphql = PortalGraphQL(
        library.schema, library.store, library.bucket, context_maker(rooms), lambda: live.ended, library.uses.count,
        library.requests.note,
    )  # fmt: skip
    return [
        Route("/graphql", graphql),
        *downloads.routes(rooms, library.bucket),
        *export_door.routes(rooms.house.db),
        *provider_logout.routes(rooms),  # before the log-outs of surfaces, since none has its name
        *sign_in.routes(rooms),
        *console.routes(),
        *acting.routes(rooms),
        *joining.routes(rooms),
        *webhooks.routes(rooms.house, settings),
        *health.routes(rooms.house, settings),
    ]


def _redis(settings: Settings) -> "Redis":
    """The server that counts points; one that hangs must not hold up what can be counted here."""
    url = settings.redis_url.get_secret_value()
    client: Redis = Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return client


async def _rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return refusal_at(request.url.path, error, request.headers.get("accept", ""))


def build_app(
    settings: Settings, fenced: Callable[[House], House] = with_breakers, stopping: Callable[[], bool] = lambda: False
) -> ASGIApp:
    """The ASGI application; it opens its pools when it starts and gives them back when it stops.

    ``fenced`` is what stands between it and the providers; once ``stopping``, live streams end.
    """

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        async with (
            open_house(settings, "quittance-api") as house,
            httpx2.AsyncClient(timeout=5.0) as http,  # an identity provider that takes longer is down
            _redis(settings) as redis,
        ):
            live = Hub(house.db, settings.redis_url.get_secret_value(), stopping)
            library = library_of(house, settings, redis)
            live.on_word, library.installed.hears = library.installed.forget, lambda: live.hears
            rooms = rooms_of(fenced(house), settings, http, live, library)
            app.state.web_doors = rooms.sessions.doors
            app.router.routes.extend(doors(rooms, settings))
            gc.collect()
            gc.freeze()  # the schema lives as long as the process: full collections need not walk it
            async with live.open(), library.uses.kept(house.db), library.requests.kept():
                yield
            if rooms.running:
                await asyncio.wait(set(rooms.running), timeout=STOP_SECONDS)

    # A body that grows too long or too slow while a door reads it is refused as it is at the GraphQL door.
    starlette = Starlette(routes=[], lifespan=life, exception_handlers={Rejected: _rejected})
    return guard(Cors(starlette, lambda: starlette.state.web_doors))
