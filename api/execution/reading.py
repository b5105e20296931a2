"""From values to their parts of an answer: functions that are put together once for each selection of a document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from graphql import GraphQLObjectType, is_non_null_type
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.type import GraphQLLeafType, GraphQLOutputType
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from api.execution.gaps import Fill, Gap, Gaps
from api.execution.plain import NotPlain
from api.lazily import Lazily
from domain.currencies import EXPONENTS

_PLAIN: Final = frozenset({str, int, bool, float})  # values that are neither awaited nor raised

Read = Callable[[Any], Any]
"""From a value to its part of the answer; raises whatever it likes where the value is not as plain as expected."""


@dataclass(frozen=True, slots=True)
class Below:
    """The selection under a field whose objects are of one class: their type, class, fields, and whether a list."""

    of: GraphQLObjectType
    origin: type
    fields: GroupedFieldSet
    item: GraphQLOutputType | None
    """The type of the list's elements; None where the field is no list."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the values of a field are answered in one go, if they can be."""

    finish: Read | None = None
    """From the value to the finished answer, where nothing below it is resolved by code of ours."""
    fill: Fill | None = None
    """The same where all that is resolved by code of ours is loaded."""
    raw: Read | None = None
    """As ``finish``, from what the objects of a lazy type are made of."""
    as_it_is: type | None = None
    """The class of values that are the answer already."""
    printed: tuple[type, Mapping[Any, str]] | None = None
    """The class of values of which each is known how it is answered."""
    below: Below | None = None

    def filled(self) -> Fill | None:
        """The same in either case; None where it is neither."""
        finish = self.finish
        return self.fill if finish is None else lambda value, _: finish(value)

    def within(self, type_: GraphQLOutputType, item: GraphQLOutputType | None, below: Below) -> "Way":
        """Of an object's: that of the field of this type, a list of such items unless None."""
        finish, fill, raw = self.finish, self.fill, self.raw
        if item is not None:
            finish = finish and list_of(nullable(finish, item))
            fill = fill and _filled_list(_filled_or_null(fill, item))
            raw = raw and _raw_list(nullable(raw, item))
        finish, raw = finish and nullable(finish, type_), raw and nullable(raw, type_)
        return Way(finish, fill and _filled_or_null(fill, type_), raw, below=below)


@dataclass(frozen=True, slots=True)
class Piece:
    """A field of an object: how its value is got, and how that is answered unless it is ``as_it_is``."""

    name: str
    get: Read
    finish: Read
    as_it_is: type | None = None
    printed: tuple[type, Mapping[Any, str]] | None = None
    lazy: bool | None = False
    """Whether it is got from what the object is made of; None where it is got from nothing."""

    def from_object(self) -> "Piece":
        """The same of the object itself."""
        if not self.lazy:
            return self
        get = self.get
        return replace(self, get=lambda source: get(source.__dict__["made_of"]), lazy=False)

    def read(self) -> Read:
        """From the object to its field, answered."""
        get, finish = self.from_object().get, self.finish
        return lambda source: finish(get(source))


def constant(name: str, value: Any) -> Piece:
    """A field that is the same of every object."""
    return Piece(name, lambda _: value, lambda _: value, type(value), lazy=None)


def reading(origin: type, pieces: Sequence[Piece]) -> tuple[Read, Read | None]:
    """How objects of the class are read, and how what they are made of is, where that is all that is read of them."""
    if issubclass(origin, Lazily) and not any(each.lazy is False for each in pieces):
        raw = _together(pieces)

        def read_lazily(value: Any) -> Any:
            if type(value) is not origin:
                raise NotPlain
            return raw(value.__dict__["made_of"])

        return read_lazily, raw
    together = _together([each.from_object() for each in pieces])

    def read(value: Any) -> Any:
        if type(value) is not origin:  # also what is awaitable or an exception
            raise NotPlain
        return together(value)

    return read, None


def _together(pieces: Sequence[Piece]) -> Read:
    """One expression for all fields: a loop over them takes longer than most of the fields."""
    known: dict[str, Any] = {}
    parts: list[str] = []
    for n, each in enumerate(pieces):
        known |= {f"name{n}": each.name, f"get{n}": each.get, f"finish{n}": each.finish, f"class{n}": each.as_it_is}
        finished = f"finish{n}(get{n}(of))"
        if each.as_it_is is not None:
            finished = f"value if type(value := get{n}(of)) is class{n} else finish{n}(value)"
        elif each.printed is not None:  # a value that is not among them is an error, which is found on the long way
            known[f"class{n}"], known[f"printed{n}"] = each.printed
            finished = f"printed{n}[value] if type(value := get{n}(of)) is class{n} else finish{n}(value)"
        parts.append(f"name{n}: {finished}")
    read: Read = eval(f"lambda of: {{{', '.join(parts)}}}", known)
    return read


def filling_in(read: Read, fills: Sequence[tuple[str, Fill]], lacking: Sequence[Gap]) -> Fill:
    """An object as it is read at first, and then in part: every field is in its place already."""

    def fill(value: Any, gaps: Gaps) -> Any:
        answer = read(value)
        for name, of in fills:
            answer[name] = of(value, gaps)
        for gap in lacking:
            gaps.note(gap, answer, value)
        return answer

    return fill


def filling(attribute: str, fill: Fill) -> Fill:
    """Fills in what the attribute holds."""

    def of(source: Any, gaps: Gaps) -> Any:
        return fill(getattr(source, attribute), gaps)

    return of


def as_it_is(type_: GraphQLLeafType) -> type | None:
    """The class of values that coercing would return unchanged."""
    return {"String": str, "ID": str, "Boolean": bool}.get(type_.name)


def printed(type_: GraphQLLeafType) -> tuple[type, Mapping[Any, str]] | None:
    """The class of a type's values and how each is answered, where there are so few that all of them are known."""
    if isinstance(type_, CustomGraphQLEnumType):
        kind: Any = type_.wrapped_cls
        return kind, {each: type_.coerce_output_value(each) for each in kind}
    return (str, {code: code for code in EXPONENTS}) if type_.name == "CurrencyCode" else None


def leaf(type_: GraphQLLeafType, required: bool) -> Read:
    """A value that is coerced."""
    coerce, unchanged = type_.coerce_output_value, as_it_is(type_)

    def read(value: Any) -> Any:
        kind: Any = type(value)
        if kind is unchanged:
            return value
        if value is None:
            if required:
                raise NotPlain
            return None
        if kind not in _PLAIN and _is_odd(kind):
            raise NotPlain
        coerced = coerce(value)
        if coerced is None or type(coerced) not in _PLAIN:
            raise NotPlain
        return coerced

    return read


@cache  # one for each class that a field ever gave; asking one of an enumeration takes longer than all the rest
def _is_odd(kind: type) -> bool:
    """Whether values of the class are awaited or raised."""
    return issubclass(kind, Exception) or hasattr(kind, "__await__")


def list_of(of: Read) -> Read:
    """Every element of a list."""

    def read(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise NotPlain
        return [of(each) for each in value]

    return read


def nullable(of: Read, type_: GraphQLOutputType) -> Read:
    """The same, or null where the type may be."""
    if is_non_null_type(type_):
        return of

    def read(value: Any) -> Any:
        return None if value is None else of(value)

    return read


def _raw_list(of: Read) -> Read:
    def read(value: Any) -> Any:
        return [of(each) for each in value]

    return read


def _filled_list(of: Fill) -> Fill:
    def fill(value: Any, gaps: Gaps) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise NotPlain
        return [of(each, gaps) for each in value]

    return fill


def _filled_or_null(of: Fill, type_: GraphQLOutputType) -> Fill:
    if is_non_null_type(type_):
        return of

    def fill(value: Any, gaps: Gaps) -> Any:
        return None if value is None else of(value, gaps)

    return fill
