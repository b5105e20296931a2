"""A small schema behind the real door: every kind of field that the door treats in its own way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum

import httpx2
import pytest
import strawberry
from starlette.requests import Request
from starlette.types import ASGIApp
from strawberry.schema.config import StrawberryConfig

from api.asgi import guard
from api.audience import DEVELOPMENT, PRODUCTION, Audience, Policies, Sender
from api.bucket import Bucket, MemoryBucket
from api.connection import Connection, HistoryConnection, Keyset, Source
from api.cursors import Cursors
from api.documents import DocumentStore, UsePrepared
from api.errors import Code, Fault, PortalSchema
from api.http import PortalGraphQL
from api.manifests import ManifestDocuments
from api.scalars import ConsistencyToken, CurrencyCode, GlobalId, IdempotencyKey, Int64, Text, scalar_map
from domain.refusals import RefusalCode, Refused

INVOICES = [f"invoice-{n:03}" for n in range(250)]
LISTS = Keyset("invoices", tuple[int, str], Cursors([b"k" * 32]))
NOTE = Text(max_length=20)


@dataclass
class Desk:
    """The context of a request, and what its mutations have done."""

    sender: Sender
    caller: str = "caller-1"
    written: list[str] = field(default_factory=list)


@strawberry.type
class Money:
    minor_units: Int64
    currency: CurrencyCode


@strawberry.type
class Line:
    text: str
    amount: Money


@strawberry.interface
class Node:
    id: GlobalId


@strawberry.type
class Invoice(Node):
    number: str
    total: Money

    @strawberry.field
    def lines(self) -> list[Line]:
        return [Line(text="seat", amount=self.total)] * 3

    @strawberry.field
    def again(self) -> "Invoice":
        return self


def invoice(row: tuple[int, str]) -> Invoice:
    return Invoice(
        id=GlobalId(row[1]), number=row[1], total=Money(minor_units=Int64(2**53 + 1), currency=CurrencyCode("EUR"))
    )


@strawberry.enum
class Colour(Enum):
    MAGENTA = "MAGENTA"


@strawberry.input
class PayInput:
    idempotency_key: IdempotencyKey
    amount: Int64
    currency: CurrencyCode
    note: str = ""


@strawberry.type
class PayPayload:
    paid: Int64


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def colour(self, of: Colour) -> Colour:
        return of

    @strawberry.field
    def number(self, of: Int64) -> Int64:
        return of

    @strawberry.field
    def small(self, of: int) -> int:
        return of

    @strawberry.field
    def instant(self, of: datetime) -> datetime:
        return of

    @strawberry.field
    def day(self, of: date) -> date:
        return of

    @strawberry.field
    def currency(self, of: CurrencyCode) -> CurrencyCode:
        return of

    @strawberry.field
    def token(self, of: ConsistencyToken) -> ConsistencyToken:
        return of

    @strawberry.field
    def text(self, of: str) -> str:
        return of

    @strawberry.field
    def any_id(self, of: GlobalId) -> GlobalId:
        return of

    @strawberry.field
    def invoice(self) -> Invoice:
        return invoice((0, INVOICES[0]))

    @strawberry.field
    def nodes(self, ids: list[GlobalId]) -> list[Node]:
        return [invoice((0, str(one))) for one in ids]

    @strawberry.field
    async def invoices(self, first: int, after: str | None = None, owner: str = "me") -> Connection[Invoice]:
        asked = LISTS.slice(owner, first, after)
        start = 0 if asked.after is None else asked.after[0] + 1
        rows = [(n, INVOICES[n]) for n in range(start, min(len(INVOICES), start + asked.fetch))]

        async def count(limit: int) -> int:
            COUNTED.append(limit)
            return min(limit, len(INVOICES))

        return LISTS.connection(asked, rows, lambda row: row, invoice, count)

    @strawberry.field
    async def history(self, first: int, after: str | None = None) -> HistoryConnection[Invoice]:
        asked = LISTS.slice("me", first, after)
        page = LISTS.page(asked, [(0, "a")], lambda row: row, invoice)

        async def count(limit: int) -> int:
            return limit

        read_at = datetime(2026, 3, 31, 18, tzinfo=UTC)
        return HistoryConnection(
            edges=page.edges, page_info=page.page_info, count=count, as_of=read_at, source=Source.REPLICA
        )

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("password=hunter2 in table secrets")

    @strawberry.field
    def broken_maybe(self) -> str | None:
        raise RuntimeError("password=hunter2 in table secrets")

    @strawberry.field
    def too_big(self) -> int:
        return 2**31

    @strawberry.field
    def foreign(self) -> str | None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such invoice.")

    @strawberry.field
    def stale(self) -> str | None:
        raise Fault(Code.HISTORY_UNAVAILABLE, "History is not available right now.")


COUNTED: list[int] = []


@strawberry.type
class Mutation:
    @strawberry.mutation
    def pay(self, info: strawberry.Info, input: PayInput) -> PayPayload:
        if input.note:
            NOTE(input.note, "note")
        info.context.written.append(input.idempotency_key)
        return PayPayload(paid=input.amount)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, colour: Colour | None = None) -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number


SCHEMA = PortalSchema(
    Query,
    Mutation,
    Subscription,
    types=[Invoice],
    extensions=[UsePrepared],
    config=StrawberryConfig(scalar_map=scalar_map),
)


@dataclass
class Door:
    """The whole door of one caller: the guarded app, its context, and a client that speaks to it."""

    app: ASGIApp
    desk: Desk
    client: httpx2.AsyncClient

    async def ask(self, query: str, **parameters: object) -> httpx2.Response:
        """POST of a query in the newer media type."""
        return await self.client.post(
            "/graphql", json={"query": query, **parameters}, headers={"accept": "application/graphql-response+json"}
        )

    async def send(self, body: bytes, **headers: str) -> httpx2.Response:
        """POST of raw bytes as JSON."""
        return await self.client.post("/graphql", content=body, headers={"content-type": "application/json", **headers})


MakeDoor = Callable[..., Door]


def make_door(
    audience: Audience = Audience.STAFF,
    policies: Policies = PRODUCTION,
    bucket: Bucket | None = None,
    trusted: Mapping[Audience, Mapping[str, str]] | None = None,
    signed_in: bool = True,
    trouble: Exception | None = None,
) -> Door:
    desk = Desk(Sender(Audience(audience)))

    async def context(_request: Request, headers: dict[str, str]) -> Desk:
        if not signed_in:
            raise Fault(Code.UNAUTHENTICATED, "Sign in first.")
        if trouble:
            raise trouble
        headers["x-seen"] = "yes"
        return desk

    store = DocumentStore(SCHEMA._schema, ManifestDocuments(trusted or {}), policies)
    app = guard(PortalGraphQL(SCHEMA, store, bucket or MemoryBucket(capacity=10**6), context))
    transport = httpx2.ASGITransport(app=app)
    return Door(app, desk, httpx2.AsyncClient(transport=transport, base_url="http://portal.test"))


@pytest.fixture
def open_door() -> MakeDoor:
    """Makes a door: by default a staff member's, in production, with a bucket that is never empty."""
    return make_door


@pytest.fixture
def door() -> Door:
    """A staff member's door in production."""
    return make_door()


@pytest.fixture
def door_in_development() -> Door:
    """A portal user's door in development."""
    return make_door(Audience.PORTAL, DEVELOPMENT)


@pytest.fixture
def schema() -> PortalSchema:
    """The schema behind the door."""
    return SCHEMA


@pytest.fixture
def counted() -> list[int]:
    """The limits that counts of the invoice list were asked with."""
    COUNTED.clear()
    return COUNTED
