"""What a plan takes for granted, and how it says that something is otherwise."""

from typing import Any

from strawberry.types import Info


class NotPlain(Exception):
    """A value that a plan leaves to graphql-core, or a question of a resolver that only that can answer."""


class _OnlyContext:
    """Stands for what graphql-core tells a resolver of its place, of which nothing is known but the context."""

    __slots__ = ("context",)

    def __init__(self, context: Any) -> None:
        self.context = context

    def __getattr__(self, name: str) -> Any:
        raise NotPlain


def only_context(context: Any) -> Info[Any, Any]:
    """What resolvers of a request are told that is answered in one go."""
    nowhere: Any = _OnlyContext(context)
    return Info(_raw_info=nowhere, _field=nowhere)
