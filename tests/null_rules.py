"""What the GraphQL specification says of an answer with errors (section 6.4.4), worked out without the executor.

A document is executed once with nothing rising: every resolver runs, every error stays at its own place, and of each
place it is noted whether it may be null. From that follows what any right answer is:

- the data, in full: each error makes the nearest place null that may be null;
- of each place in the answer that an error made null, exactly one error, which is one of those that rise to it.

Two things are left open, and only these: which one of several errors that rise to the same place is told, and which of
the errors are told that lie below such a null, where siblings may be cancelled (at most one for each place there). The
order of errors is open too.
"""

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import is_non_null_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

NOTED = "tests.noted"
"""Where the extensions of a request carry the ``Noted`` to be filled."""
Place = tuple[str | int, ...]


@dataclass
class Noted:
    """Which places that were met may be null."""

    nullable: dict[Place, bool] = field(default_factory=dict)


class NothingRises(StrawberryGraphQLCoreExecutionContext):
    """graphql-core, with each error kept where it happened."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.error_propagation = False
        self._noted: Noted = self.operation_extensions[NOTED]

    def complete_value(self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any) -> Any:
        self._note(return_type, path)
        return super().complete_value(return_type, details, info, path, result, position)

    def handle_field_error(self, raw_error: Exception, return_type: Any, details: Any, path: Any) -> None:
        self._note(return_type, path)
        super().handle_field_error(raw_error, return_type, details, path)

    def _note(self, type_: Any, path: Any) -> None:
        self._noted.nullable.setdefault(tuple(path.as_list()), not is_non_null_type(type_))


class Wrong(AssertionError):
    """An answer that the specification does not allow."""


@dataclass
class Rules:
    """What a right answer is."""

    data: Any
    errors: Sequence[Mapping[str, Any]]
    """All that could be told."""
    nullable: Mapping[Place, bool]

    @classmethod
    def of(cls, data: Any, errors: Sequence[Mapping[str, Any]], noted: Noted) -> "Rules":
        """From the answer of an execution where nothing rises."""
        rules = cls(copy.deepcopy(data), errors, noted.nullable)
        for place in rules.nulls():
            rules.data = _without(rules.data, place)
        return rules

    def rises_to(self, error: Mapping[str, Any]) -> Place:
        """The place that the error makes null; the empty one is the whole of the data."""
        place: Place = tuple(error["path"])
        while place and not self.nullable[place]:
            place = place[:-1]
        return place

    def nulls(self) -> set[Place]:
        """The places in the answer that errors made null."""
        places = {self.rises_to(error) for error in self.errors}
        return {place for place in places if not any(place[:end] in places for end in range(len(place)))}

    def check(self, data: Any, errors: Sequence[Mapping[str, Any]]) -> None:
        """Wrong unless the answer is a right one, to the order of its fields."""
        if repr(data) != repr(self.data):
            raise Wrong(f"data: {data} instead of {self.data}")
        possible = [dict(error) for error in self.errors]
        strange = [error for error in errors if dict(error) not in possible]
        if strange:
            raise Wrong(f"told, though it cannot happen: {strange}")
        told = Counter(self.rises_to(error) for error in errors)
        if missing := {place for place in self.nulls() if not told[place]}:
            raise Wrong(f"null without a reason: {missing}")
        if twice := {place for place, count in told.items() if count > 1}:
            raise Wrong(f"told more than once: {twice}")

    def open(self) -> bool:
        """Whether anything is left open but the order of the errors."""
        rising = Counter(self.rises_to(error) for error in self.errors)
        return any(count > 1 for count in rising.values()) or len(rising) > len(self.nulls())


def _without(data: Any, place: Place) -> Any:
    if not place:
        return None
    parent = data
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = None
    return data
