"""Callers of the API's schema without HTTP, under a clock that stands, with and without a replica that answers."""

import copy
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from graphql import GraphQLSchema
from redis.asyncio import Redis

from api.app import library_of, rooms_of
from api.bucket import objects_in
from api.documents import PREPARED, Prepared
from api.graph.context import Context, Rooms, looked_up
from api.graph.loaders import Loaders
from api.live.hub import Hub
from api.sign_in.sessions import Credential
from domain.actor import Grant
from domain.database import Database
from domain.db import Replica
from domain.ids import PaymentId, SubscriptionId
from domain.money import Money
from domain.pool import READ_WRITE, open_pool
from domain.reactions.house import House
from domain.subscriptions.change_plan import ChangePlan, change_plan
from runtime.settings import Settings
from tests.api_callers import Api, Guest
from tests.lives import day, give_back, invoices_of, until
from tests.null_rules import NOTED, Noted, NothingRises
from tests.random_documents import Written
from tests.world import EUR

INSTANT = "2027-01-20T00:00:00Z"


@dataclass(frozen=True)
class Still:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        """Always the same."""
        return self.at


@dataclass
class Desk:
    """Callers of the API's schema, without HTTP."""

    rooms: Rooms
    away: Rooms
    """The same with a replica that does not answer."""
    callers: dict[str, str]
    known: dict[str, list[Any]]

    @property
    def schema(self) -> GraphQLSchema:
        return self.rooms.library.schema._schema

    async def context(self, caller: str, away: bool) -> Context:
        rooms = self.away if away else self.rooms
        principal, actor, read = await looked_up(rooms, Credential(self.callers[caller]), "request")
        return Context(
            rooms, principal.kind, principal.caller, actor, principal.tenant, principal, Loaders(rooms.db, read),
            {},
        )  # fmt: skip

    @contextmanager
    def nothing_rises(self) -> Iterator[None]:
        """Within it answers are those of the specification's rules before any null rises."""
        schema = self.rooms.library.schema
        usual, schema.execution_context_class = schema.execution_context_class, NothingRises
        try:
            yield
        finally:
            schema.execution_context_class = usual

    async def answer(self, prepared: Prepared, written: Written, context: Context, noted: Noted | None = None) -> Any:
        extensions = {PREPARED: prepared, NOTED: noted}
        result = await self.rooms.library.schema.execute(
            None, written.variables, context, operation_name="Random", operation_extensions=extensions
        )
        counted = getattr(result, "objects", None)
        assert counted is None or counted == objects_in(result.data), written
        errors = [error.formatted for error in result.errors or ()]
        for error in errors:  # a new one each time
            if "errorId" in (error.get("extensions") or {}):
                error["extensions"] = {**error["extensions"], "errorId": "?"}
        return {"data": result.data, "errors": errors, "extensions": result.extensions}


def still(db: Database) -> Database:
    """The same pools under a clock that stands."""
    other = copy.copy(db)
    other.clock = Still(db.clock.now())
    return other


@asynccontextmanager
async def opened(api: Api, house: House, process_settings: Settings) -> AsyncIterator[Desk]:
    """A desk of one tenant, whose customer has a past."""
    guest, ids = await past(api)
    url = process_settings.database_url.get_secret_value()
    closed = await open_pool(url, size=1, attrs=READ_WRITE, name="closed", first=0)
    await closed.close()
    steady = still(house.db)
    away = copy.copy(steady)
    away._replica = Replica(closed)
    redis = Redis.from_url(process_settings.redis_url.get_secret_value())
    live = Hub(steady, process_settings.redis_url.get_secret_value(), lambda: False)
    library = library_of(house, process_settings, redis)
    rooms = [rooms_of(replace(house, db=db), process_settings, api.mint, live, library) for db in (steady, away)]
    callers = {
        "guest": guest.token,
        "admin": (await api.staff(Grant.ADMIN)).token,
        "support": (await api.staff()).token,
        "partner": (await api.partner()).token,
    }
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    yield Desk(rooms[0], rooms[1], callers, values(api, guest.id, reference, ids))
    await redis.aclose()


async def past(api: Api) -> tuple[Guest, list[str]]:
    """A customer with two terms, a dearer plan, and a payment that was given back in part; ids of what is its own."""
    guest, bought = await api.subscriber()
    price = api.world.prices["team"]
    subscription, payment = bought["subscription"]["id"], bought["invoice"]["payments"][0]["id"]
    await until(api.world, guest.who, day(1, 11))
    await api.world.do(guest.who, change_plan, ChangePlan(SubscriptionId.parse(subscription), price))
    await give_back(api.world, guest.who, PaymentId.parse(payment), Money(100, EUR))
    await until(api.world, guest.who, day(2, 2))
    invoices = [str(each.id) for each in await invoices_of(api.world, guest.who)]
    assert len(invoices) == 3
    return guest, [subscription, payment, *invoices]


def values(api: Api, customer: str, reference: str, own: list[str]) -> dict[str, list[Any]]:
    """Values for arguments, good ones and some that are nobody's."""
    subscription, invoice = own[0], own[-1]
    ids = [*own, *own, customer, "invoice_" + "0" * 32, "nonsense"]
    return {
        "ID": ids, "ids": ids, "id": ids,
        "customerId": [customer, customer, customer, invoice],
        "subscriptionId": [subscription, subscription, "subscription_" + "0" * 32],
        "priceId": [str(each) for each in api.world.prices.values()],
        "reference": [reference, reference, "nobody"],
        "first": [1, 2, 5, 0], "count": [1, 2, 3], "quantity": [1, 2],
        "after": ["nonsense"], "atLeast": ["nonsense", "0" * 24, "f" * 24],
        "Int": [1, 2, 10], "Int64": ["1", "100"], "Float": [1.5], "Boolean": [True, False],
        "String": ["DE", "x", "ACME"], "DateTime": [INSTANT, "2027-01-01T00:00:00Z"], "Date": ["2027-01-20"],
        "IdempotencyKey": ["nobody-used-this"], "CurrencyCode": ["EUR", "EUR", "USD"], "ConsistencyToken": ["0" * 24],
    }  # fmt: skip
