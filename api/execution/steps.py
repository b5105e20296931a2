"""What is known of a field before any value is: how it is read, and what is below it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql.execution.collect_fields import FieldDetailsList
from graphql.type import GraphQLField, GraphQLOutputType
from strawberry.types.field import StrawberryField

from api.execution.gaps import Gap
from api.execution.reading import Piece, Read, Way


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a selection."""

    name: str
    """Under which it is answered."""
    details: FieldDetailsList
    type: GraphQLOutputType
    definition: GraphQLField
    way: Way
    piece: Piece | None = None
    """How it is read, where nothing below it is resolved by code of ours."""
    whole: Read | None = None
    """The same by itself: from the parent's value to the finished answer."""
    attribute: str | None = None
    """The attribute that is the value."""
    resolver: "Resolver | None" = None
    """What makes the value without arguments."""
    resolve: Callable[..., Any] | None = None
    """graphql-core's resolver of the field, without the wrapper that measures it."""
    measured: str | None = None
    """The name under which it is measured how long the field waits, if it is."""
    gap: Gap | None = None
    """How it is filled in once its object was looked through."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver that takes no arguments of GraphQL."""

    field: StrawberryField
    call: Callable[..., Any]
    by_position: bool
    named: tuple[str, ...]
    info: str | None

    def calling(self) -> Callable[[Any, Any], Any]:
        """The same as ``value`` in fewer steps, for fields that are asked for at every request."""
        call = self.call
        if self.by_position and not self.named:
            if self.info is None:
                return lambda source, _: call(source)
            if self.info == "info":
                return lambda source, info: call(source, info=info)
        return self.value

    def value(self, source: Any, info: Any) -> Any:
        """What it returns, awaitable or not; raises what it raises."""
        given = dict.fromkeys(self.named, source)
        if self.info is not None:
            given[self.info] = info
        return self.call(source, **given) if self.by_position else self.call(**given)
