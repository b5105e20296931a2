"""Fields that are made from what a loader reads for their object: a plan fills them in for a whole list at once."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

import strawberry
from strawberry.types import Info

from api.loading import Loader

LOADED: Final = "loaded"  # the key of a field's metadata that holds its ``Loaded``

S = TypeVar("S")
K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Loaded(Generic[S, K, V]):
    """How a field is made: by which of a request's loaders, under which key of its object, and of what was read."""

    loader: Callable[[Any], Loader[K, V]]
    key: Callable[[S], K]
    make: Callable[[V], Any]
    less: "Sequence[Less[K, Any]]" = ()

    def for_fields(self, names: Collection[str]) -> "Loaded[S, K, Any]":
        """How it is made where nothing but these fields of it is asked for."""
        for less in self.less:
            if less.fields.issuperset(names):
                return Loaded(less.loader, self.key, less.make)
        return self

    async def value(self, source: S, loaders: Any) -> Any:
        """What the field answers for the one object."""
        return self.make(await self.loader(loaders).load(self.key(source)))


@dataclass(frozen=True, slots=True, eq=False)
class Less(Generic[K, V]):
    """What is read instead, under the same key, where no other fields of what is made are asked for than these."""

    fields: frozenset[str]
    loader: Callable[[Any], Loader[K, V]]
    make: Callable[[V], Any]


def loaded(
    loader: Callable[[Any], Loader[K, V]], key: Callable[[Any], K], make: Callable[[V], Any],
    *less: Less[K, Any], description: str,
) -> Any:  # fmt: skip
    """A field of the type that it is annotated with; of what is read instead, the first that is enough."""
    of = Loaded(loader, key, make, less)

    async def resolve(self: Any, info: Info[Any, Any]) -> Any:
        return await of.value(self, info.context.loaders)

    metadata: Mapping[object, object] = {LOADED: of}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def how_loaded(metadata: Mapping[Any, Any] | None) -> "Loaded[Any, Any, Any] | None":
    """How a field of that metadata is loaded, if it is."""
    found = (metadata or {}).get(LOADED)
    return found if isinstance(found, Loaded) else None


def to_come(answer: Awaitable[T]) -> T:
    """What a resolver gives that has not at hand what it answers: GraphQL takes both, Python's types only one."""
    return cast(T, answer)


def each_as(make: Callable[[V], Any]) -> Callable[[Iterable[V]], list[Any]]:
    """Makes a list, each of its elements by itself."""
    return lambda found: [make(each) for each in found]
