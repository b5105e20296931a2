"""Everybody who may knock at the schema, and what the schema says to each: allowed, or not, and no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import httpx2
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from redis.asyncio import Redis

from api.app import library_of, rooms_of
from api.audience import Audience
from api.auth.principal import WRITE_SCOPE, Principal
from api.graph.context import Context, Rooms
from api.graph.loaders import Loaders
from api.graph.schema import build_schema
from api.live.hub import Hub
from domain import points
from domain.actor import Actor, Grant, acting, partner, staff
from domain.refusals import RefusalCode, Refused, StepUp
from runtime.settings import Settings
from tests.api_callers import Api, Guest, key

ROLES = ("portal", "partner", "support", "lead", "finance", "admin", "looking", "writing", "stale")
"""The last three: staff that look or write in the customer's place, and an admin who signed in long ago."""

MAY, MAY_NOT, NOT_YET = "y", "-", "s"
_REACHED = "The door was open."


@dataclass
class Knocker:
    """Calls the schema as each role, without HTTP; nothing that is allowed is done."""

    rooms: Rooms
    actors: dict[str, Actor]
    principal: Principal

    def context(self, role: str) -> Context:
        """A request of that role."""
        actor = self.actors[role]
        audience = {"portal": Audience.PORTAL, "partner": Audience.PARTNER}.get(role, Audience.STAFF)
        principal = replace(self.principal, kind=audience, subject=actor.subject)
        if actor.on_behalf_of:
            audience, principal = Audience.PORTAL, replace(principal, acting_staff=actor.subject, reason=actor.reason)
        return Context(self.rooms, audience, role, actor, principal.tenant, principal, Loaders(self.rooms.db), {})

    async def answer(
        self, role: str, document: str, variables: dict[str, Any] | None = None, *, stopped: bool = True
    ) -> dict[str, Any]:
        """Data and errors; what would be performed is ``stopped`` at the door, once it was let through."""

        def stop(at: str) -> None:
            if stopped and at == "perform.begun":
                raise Refused(RefusalCode.UNAVAILABLE, _REACHED)

        points.on_reached.append(stop)
        try:
            result = await SCHEMA.execute(document, variables, self.context(role))
        finally:
            points.on_reached.remove(stop)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


SCHEMA = build_schema()
GRAPH: GraphQLSchema = SCHEMA._schema


@asynccontextmanager
async def knocking(api: Api, guest: Guest, settings: Settings, http: httpx2.AsyncClient) -> AsyncIterator[Knocker]:
    """The roles at the guest's tenant; the portal's is the guest."""
    home, tenant = api.world.tenant.live_house, api.world.tenant.tenant
    client = await api.world.partner()
    lacks = StepUp(timedelta(minutes=15), "aal2")

    def member(grant: Grant, step_up: StepUp | None = None) -> Actor:
        return staff(tenant, home, api.issuer, "sue", frozenset({grant}), "request", step_up)

    actors = {
        "portal": guest.who.actor,
        "partner": partner(tenant, home, client, "request"),
        **{grant.value: member(grant) for grant in (Grant.SUPPORT, Grant.LEAD, Grant.FINANCE, Grant.ADMIN)},
        "looking": acting(member(Grant.LEAD), guest.who.id, "R.", may_write=False),
        "writing": acting(member(Grant.LEAD), guest.who.id, "R.", may_write=True),
        "stale": member(Grant.ADMIN, lacks),
    }
    now = api.world.house.db.clock.now()
    principal = Principal(
        Audience.STAFF, tenant, api.issuer, "audience", "sue", "client", frozenset({WRITE_SCOPE}), frozenset(), None,
        None, None, None, now, None, now + timedelta(hours=1),
    )  # fmt: skip
    house, url = api.world.house, settings.redis_url.get_secret_value()
    async with Redis.from_url(url) as redis:
        library = library_of(house, settings, redis)
        yield Knocker(rooms_of(house, settings, http, Hub(house.db, url, lambda: False), library), actors, principal)


async def mutation_cells(knocker: Knocker, guest: Guest, good: dict[str, dict[str, Any]], role: str) -> dict[str, str]:
    """For each mutation whether the role may; all of them in one document."""
    names = list(good)
    kinds = {name: f"{name[0].upper()}{name[1:]}Input" for name in names}
    document = "mutation ({}) {{ {} }}".format(
        ", ".join(f"${name}: {kinds[name]}!" for name in names),
        " ".join(f"{name}(input: ${name}) {{ errors {{ ... on UserError {{ code message }} }} }}" for name in names),
    )
    variables = {}
    for name in names:
        given = {**good[name], "idempotencyKey": key()}
        kind = GRAPH.type_map[kinds[name]]
        assert isinstance(kind, GraphQLInputObjectType)
        portal = role in ("portal", "looking", "writing")
        if "customerId" in kind.fields and not portal:
            given.setdefault("customerId", guest.id)
        if "customerId" in kind.fields and portal:
            given["customerId"] = guest.id
        variables[name] = given
    answer = await knocker.answer(role, document, variables)
    assert answer["errors"] == [], answer["errors"]
    return {name: _cell(name, role, answer["data"][name]["errors"]) for name in names}


def _cell(name: str, role: str, errors: list[dict[str, Any]]) -> str:
    (error,) = errors
    if error["code"] == "FORBIDDEN":
        return MAY_NOT
    if error["code"] == "STEP_UP_REQUIRED":
        return NOT_YET
    assert error["message"] == _REACHED, (name, role, error)
    return MAY


async def field_cell(knocker: Knocker, role: str, root: str, name: str) -> str:
    """Whether the role may ask that field of that root; what comes of it does not matter."""
    document, variables = read_document(root, name, {})
    errors = (await knocker.answer(role, document, variables))["errors"]
    return MAY_NOT if any(error["extensions"]["code"] == "FORBIDDEN" for error in errors) else MAY


async def stream_cell(knocker: Knocker, role: str, name: str) -> str:
    """Whether the role may open that live stream; its first event says so, and then it is closed."""
    document, variables = read_document("live", name, {})
    stream = await SCHEMA.subscribe(document, variables, knocker.context(role))
    try:
        first = await anext(stream)
    finally:
        await stream.aclose()
    assert not first.errors or "portal" in str(first.errors), first.errors
    return MAY_NOT if first.errors else MAY


def read_document(root: str, name: str, given: dict[str, Any], around: str = "") -> tuple[str, dict[str, Any]]:
    """A query of one field with an argument for each that it needs, and for each that is given."""
    field = cast(GraphQLObjectType, GRAPH.type_map[root.capitalize()]).fields[name]
    used = {
        each: given.get(each, made_up(argument.type))
        for each, argument in field.args.items()
        if each in given or isinstance(argument.type, GraphQLNonNull)
    }
    declared = ", ".join(f"${each}: {field.args[each].type}" for each in used)
    passed = ", ".join(f"{each}: ${each}" for each in used)
    leaf = not hasattr(get_named_type(field.type), "fields") and not hasattr(get_named_type(field.type), "types")
    asked = f"{name}{f'({passed})' if passed else ''}{'' if leaf else ' { __typename }'}"
    whole = around % asked if around else asked if root in ("query", "live") else f"{root} {{ {asked} }}"
    kind = "subscription" if root == "live" else "query"
    return f"{kind} {f'({declared})' if declared else ''} {{ {whole} }}", used


def made_up(kind: Any) -> Any:
    """A value of that type that means nothing."""
    if isinstance(kind, GraphQLNonNull):
        return made_up(kind.of_type)
    if hasattr(kind, "of_type"):
        return [made_up(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {name: made_up(each.type) for name, each in kind.fields.items() if isinstance(each.type, GraphQLNonNull)}
    return _SCALARS[kind.name]


_SCALARS: dict[str, Any] = {
    "Int": 1, "ID": "customer_" + "0" * 32, "String": "x", "Boolean": True, "DateTime": "2027-02-01T00:00:00Z",
    "Date": "2027-02-01", "IdempotencyKey": "a-key-of-nobody", "CurrencyCode": "EUR", "Int64": "1",
    "ConsistencyToken": "0" * 24,
}  # fmt: skip
