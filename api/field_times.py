"""How long fields wait: each field of the schema that waits for something is measured under its own name."""

import time
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from inspect import isawaitable
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema
from prometheus_client import Histogram

from api.measures import FIELDS

Resolver = Callable[..., Any]


def measure_fields(schema: GraphQLSchema) -> None:
    """Wraps every resolver that is our own code; a field that only reads an attribute costs nothing more than before.

    Called once for each schema, before anything runs on it.
    """
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in kind.fields.items():
                if field.resolve is not None and not getattr(field.resolve, "_is_default", False):
                    field.resolve = _timed(field.resolve, f"{name}.{field_name}")


def _timed(resolve: Resolver, name: str) -> Resolver:
    @wraps(resolve)
    def timed(*args: Any, **given: Any) -> Any:
        began = time.monotonic()
        answer = resolve(*args, **given)
        return _awaited(answer, name, began) if isawaitable(answer) else answer

    timed.measured = name  # type: ignore[attr-defined]  # for who calls the resolver without this wrapper
    return timed


async def _awaited(answer: Awaitable[Any], name: str, began: float) -> Any:
    try:
        return await answer
    finally:
        waited(name, began)


def waited(name: str, began: float) -> None:
    """Notes that the field of that name has waited since ``began``, a monotonic time."""
    _histogram(name).observe(time.monotonic() - began)


@cache  # one for each field of the schema that ever waited
def _histogram(name: str) -> Histogram:
    return FIELDS.labels(name)
