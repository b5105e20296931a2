"""From a field of a document to its step in a plan."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, is_leaf_type, is_list_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.type import GraphQLField, GraphQLOutputType, is_object_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from api.execution.at_once import answering
from api.execution.counting import Collect
from api.execution.gaps import Fill, Gap
from api.execution.reading import (
    Below,
    Piece,
    Read,
    Way,
    as_it_is,
    constant,
    filling,
    filling_in,
    leaf,
    list_of,
    nullable,
    printed,
    reading,
)
from api.execution.steps import Resolver, Step
from api.lazily import Lazily, Made
from api.loaded import Loaded, how_loaded


class Compiler:
    """Makes the steps of one plan."""

    def __init__(self, schema: GraphQLSchema, collect: Collect) -> None:
        self._schema = schema
        self._collect = collect

    def step(self, parent: GraphQLObjectType, name: str, details: FieldDetailsList) -> Step | None:
        """None for a field that is not in the schema, which graphql-core leaves out too."""
        node = details[0].node
        definition = self._schema.get_field(parent, node.name.value)
        if definition is None:
            return None
        if node.name.value == "__typename":
            return Step(
                name,
                details,
                definition.type,
                definition,
                Way(),
                constant(name, parent.name),
                lambda _: parent.name,
            )
        attribute, resolver = _source_of(definition)
        way = self._way(definition.type, details)
        piece: Piece | None = None
        gap = None
        if attribute is not None and way.finish is not None:
            piece = _lazily(parent, attribute, name, way)
            piece = piece or Piece(name, attrgetter(attribute), way.finish, way.as_it_is, way.printed)
        resolve, measured = definition.resolve, getattr(definition.resolve, "measured", None)
        if measured is not None:
            resolve = resolve.__wrapped__  # type: ignore[union-attr]  # a measured one wraps it
        if resolver is not None and (of := how_loaded(resolver.field.metadata)) is not None:
            gap = _gap(name, of, way, measured)
        whole = piece.read() if piece else None
        return Step(
            name, details, definition.type, definition, way, piece, whole, attribute, resolver, resolve, measured, gap
        )

    def _way(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Way:
        inner = type_.of_type if is_non_null_type(type_) else type_
        if is_leaf_type(inner):
            return Way(leaf(inner, is_non_null_type(type_)), as_it_is=as_it_is(inner), printed=printed(inner))
        item = inner.of_type if is_list_type(inner) else None
        element = inner if item is None else item
        named = element.of_type if is_non_null_type(element) else element
        if is_leaf_type(named):
            return Way(finish=nullable(list_of(leaf(named, is_non_null_type(element))), type_))
        if not is_object_type(named) or (origin := _origin(named)) is None:
            return Way()
        try:
            fields = self._collect(named, details).grouped_field_set
        except (GraphQLError, RecursionError):  # a condition that is null: said where it is met
            return Way()
        below = Below(named, origin, fields, item)
        return self._object(below).within(type_, item, below)

    def whole(self, root: GraphQLObjectType, fields: GroupedFieldSet) -> Fill | None:
        """How a whole answer is made in one go, from no value and the request's context; None where it cannot be."""
        return self._object(Below(root, type(None), fields, None)).filled()

    def _object(self, below: Below) -> Way:
        """How an object is answered, if it can be in one go: what code of ours resolves of it is loaded or at hand."""
        pieces: list[Piece] = []
        fills: list[tuple[str, Fill]] = []
        gaps: list[Gap] = []
        for name, details in below.fields.items():
            step = self.step(below.of, name, details)
            if step is None:
                continue
            pieces.append(step.piece or constant(name, None))  # keeps the place of what is filled in
            if step.gap is not None:
                gaps.append(step.gap)
            elif step.piece is None and (fill := _fill(step)) is not None:
                fills.append((name, fill))
            elif step.piece is None:
                return Way()
        finish, raw = reading(below.origin, pieces)
        if fills or gaps:
            return Way(fill=filling_in(finish, fills, gaps))
        return Way(finish=finish, raw=raw)


def _fill(step: Step) -> Fill | None:
    """How a field is filled in that holds more than what is read of attributes."""
    if step.attribute is not None:
        return None if step.way.fill is None else filling(step.attribute, step.way.fill)
    return None if step.resolver is None else answering(step.resolver, step.way)


def _asked(below: Below | None) -> frozenset[str]:
    names = (details[0].node.name.value for details in below.fields.values()) if below else ()
    return frozenset(name for name in names if name != "__typename")


def _source_of(definition: GraphQLField) -> tuple[str | None, Resolver | None]:
    """The attribute that strawberry would read, or the resolver without arguments that it would call."""
    of = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if type(of) is not StrawberryField or of.extensions or definition.args:
        return None, None
    if of.base_resolver is None:
        return (of.python_name, None) if of.default_resolver is getattr else (None, None)
    asked, call = of.base_resolver, of.base_resolver.wrapped_func
    if isinstance(call, staticmethod | classmethod):
        return None, None
    named = [each.name for each in (asked.parent_parameter, asked.root_parameter) if each]
    info = asked.info_parameter.name if asked.info_parameter else None
    return None, Resolver(of, call, asked.self_parameter is not None, tuple(named), info)


def _origin(type_: GraphQLObjectType) -> type | None:
    """The class whose own instances are surely of the type; None where a type decides that by code."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None or definition.is_type_of is not None:
        return None
    generic = definition.concrete_of  # what it was made of stands for it: instances know no arguments of types
    origin: type = definition.origin if generic is None else generic.origin
    return origin


def _lazily(parent: GraphQLObjectType, attribute: str, name: str, way: Way) -> Piece | None:
    """A field that is worked out when it is asked for: nothing is kept, and no object is made only to be read."""
    origin = _origin(parent)
    if origin is None or not issubclass(origin, Lazily) or attribute not in origin.later or way.finish is None:
        return None
    make = origin.later[attribute]
    if (raw := _raw(make, way)) is not None:
        return Piece(name, *raw, lazy=True)
    return Piece(name, make, way.finish, way.as_it_is, way.printed, lazy=True)


def _gap(name: str, of: Loaded[Any, Any, Any], way: Way, measured: str | None) -> Gap | None:
    """How the field is filled in; None where not all below it can be answered in one go."""
    of = of.for_fields(_asked(way.below))
    make, finish, fill = of.make, way.finish, way.fill
    if (raw := _raw(make, way)) is not None:
        made_of, read = raw
        return Gap(name, of, lambda found, _: read(made_of(found)), measured)
    if finish is not None:
        return Gap(name, of, lambda found, _: finish(make(found)), measured)
    return None if fill is None else Gap(name, of, lambda found, gaps: fill(make(found), gaps), measured)


def _raw(make: Callable[[Any], Any], way: Way) -> tuple[Read, Read] | None:
    """What those objects are made of that ``make`` makes, and how that is read; None where it does more or others."""
    below = way.below
    if below is None or way.raw is None or not isinstance(make, Made) or make.type is not below.origin:
        return None
    return (make.of, way.raw) if make.many == (below.item is not None) else None
