"""The API process: GraphQL, documents, webhooks, health and metrics behind one guard."""

import asyncio
import gc
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx2
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import downloads, export_door, webhooks
from api.answers import GRAPHQL_PATH, refusal_at, rejection_by
from api.asgi import guard
from api.audience import DEVELOPMENT, PRODUCTION, Audience
from api.auth.directory import Directory
from api.auth.keys import KeyCache
from api.auth.verify import Verifier
from api.console import door as console
from api.cursors import Cursors
from api.documents import DocumentStore
from api.execution.schema import PlannedSchema
from api.field_times import measure_fields
from api.graph.context import Context, Rooms, context_maker
from api.graph.schema import build_schema
from api.http import PortalGraphQL
from api.installed import InstalledDocuments
from api.latency import Latency
from api.library import Library
from api.live.hub import Hub
from api.manifests import ManifestDocuments, read_manifest
from api.near_bucket import NearBucket
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
from domain.http_client import HttpClient
from domain.reactions.house import House
from domain.refusals import StepUp
from runtime import health
from runtime.house import open_house, provider_account, with_breakers
from runtime.memory import loaded
from runtime.settings import Settings

_MANIFESTS = Path(__file__).parent / "documents"
REDIS_SECONDS = 0.25  # it answers within a millisecond, or it is away
# Some dozens of long answers being made at once, so that collections meet what was left behind and not what is in use;
# what is left behind in a cycle takes 10 MB at most until then.
YOUNG_OBJECTS = 50_000
STOP_SECONDS = 5.0  # what mutations left running gets this long when the process stops; the worker finishes the rest


def library_of(house: House, settings: Settings, redis: "Redis") -> Library:
    """The documents of a process, and what is known of each."""
    shipped = trusted_documents()
    schema = _measured_schema()
    policies = DEVELOPMENT if settings.environment == "dev" else PRODUCTION
    installed = InstalledDocuments(house.db, ManifestDocuments(shipped))
    store = DocumentStore(schema._schema, installed, policies)
    bucket = NearBucket(RedisBucket(redis))
    return Library(schema, store, shipped, UseCounter(house.db.clock), bucket, RequestLog(house.db), installed)


@cache
def _measured_schema() -> PlannedSchema:
    """One for all applications of a process: making it takes half a second, and nothing of it differs between them."""
    schema = build_schema()
    measure_fields(schema._schema)
    return schema


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
        Directory(db),
    )


def trusted_documents() -> dict[Audience, dict[str, str]]:
    """The documents that each audience may name by id, from the manifests that are part of this release."""
    return {Audience(path.stem): read_manifest(path.read_bytes()) for path in sorted(_MANIFESTS.glob("*.json"))}


def graphql_door(rooms: Rooms) -> PortalGraphQL[Context]:
    """The GraphQL door."""
    library, live = rooms.library, rooms.live
    return PortalGraphQL(
        library.schema, library.store, library.bucket, context_maker(rooms), lambda: live.ended, library.uses.count,
        library.requests.note,
    )  # fmt: skip


def doors(rooms: Rooms, settings: Settings, graphql: ASGIApp) -> list[Route]:
    """Every route of the API."""
    library = rooms.library
    return [
        Route(GRAPHQL_PATH, graphql),
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


class _Shortcut:
    """Lets requests to the GraphQL door pass by the router, which would spend on them a good part of what they cost;
    that door answers its errors itself."""

    def __init__(self, others: ASGIApp) -> None:
        self._others = others
        self.graphql: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.graphql is not None and scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.graphql(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def _redis(settings: Settings) -> "Redis":
    """The server that counts points; one that hangs must not hold up what can be counted here."""
    url = settings.redis_url.get_secret_value()
    client: Redis = Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return client


class _LastResort:
    """Answers what a door raised, a body too that grows too long or too slow while it is read: what is no refusal is
    masked and logged once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def pass_on(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, pass_on)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            accept = Headers(scope=scope).get("accept", "")
            await refusal_at(scope["path"], rejection_by(error), accept)(scope, receive, send)


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
            HttpClient(timeout=5.0) as http,  # an identity provider that takes longer is down
            _redis(settings) as redis,
        ):
            live = Hub(house.db, settings.redis_url.get_secret_value(), stopping)
            library = library_of(house, settings, redis)
            live.on_word, library.installed.hears = library.installed.forget, lambda: live.hears
            rooms = rooms_of(fenced(house), settings, http, live, library)
            app.state.web_doors = rooms.sessions.doors
            shortcut.graphql = graphql_door(rooms)
            app.router.routes.extend(doors(rooms, settings, shortcut.graphql))
            loaded()
            gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
            async with (
                live.open(), library.uses.kept(house.db), library.requests.kept(), library.bucket.kept(),
                Latency(redis).told(),
            ):  # fmt: skip
                yield
            if rooms.running:
                await asyncio.wait(set(rooms.running), timeout=STOP_SECONDS)

    starlette = Starlette(routes=[], lifespan=life, middleware=[Middleware(_LastResort)])
    shortcut = _Shortcut(starlette)
    return guard(Cors(shortcut, lambda: starlette.state.web_doors))
