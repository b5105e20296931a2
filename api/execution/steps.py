"""What is known of a field before any value is: how it is read, and what is below it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.type import GraphQLField, GraphQLOutputType
from strawberry.types.field import StrawberryField

Read = Callable[[Any], Any]
"""From a value to its part of the answer; raises whatever it likes where the value is not as plain as expected."""


class NotPlain(Exception):
    """A value that a plan leaves to graphql-core."""


@dataclass(frozen=True, slots=True)
class Below:
    """The selection under a field whose objects are of one class: their type, class, fields, and whether a list."""

    of: GraphQLObjectType
    origin: type
    fields: GroupedFieldSet
    item: GraphQLOutputType | None
    """The type of the list's elements; None where the field is no list."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a selection."""

    name: str
    """Under which it is answered."""
    details: FieldDetailsList
    type: GraphQLOutputType
    definition: GraphQLField
    whole: Read | None
    """From the parent's value to the finished answer: nothing below it is resolved by code of ours."""
    attribute: str | None
    """The attribute that is the value."""
    resolver: "Resolver | None"
    """What makes the value without arguments."""
    finish: Read | None
    """From the value to the finished answer, where nothing below it is resolved by code of ours."""
    below: Below | None
    resolve: Callable[..., Any] | None = None
    """graphql-core's resolver of the field, without the wrapper that measures it."""
    measured: str | None = None
    """The name under which it is measured how long the field waits, if it is."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver that takes no arguments of GraphQL."""

    field: StrawberryField
    call: Callable[..., Any]
    by_position: bool
    named: tuple[str, ...]
    info: str | None

    def value(self, source: Any, info: Any) -> Any:
        """What it returns, awaitable or not; raises what it raises."""
        given = dict.fromkeys(self.named, source)
        if self.info is not None:
            given[self.info] = info
        return self.call(source, **given) if self.by_position else self.call(**given)
