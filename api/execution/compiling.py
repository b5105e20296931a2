"""From a field of a document to its step in a plan."""

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, is_leaf_type, is_list_type, is_non_null_type
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.type import GraphQLField, GraphQLLeafType, GraphQLOutputType, is_object_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from api.execution.steps import Below, NotPlain, Read, Resolver, Step
from api.lazily import Lazily

_PLAIN: Final = frozenset({str, int, bool, float})  # values that are neither awaited nor raised

Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]


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
            return Step(name, details, definition.type, definition, lambda _: parent.name, None, None, None, None)
        attribute, resolver = _source_of(definition)
        finish, below = self._completion(definition.type, details)
        whole = None
        if attribute is not None and finish is not None:
            whole = _lazily(parent, attribute, finish) or _reading(attribute, finish)
        resolve, measured = definition.resolve, getattr(definition.resolve, "measured", None)
        if measured is not None:
            resolve = resolve.__wrapped__  # type: ignore[union-attr]
        return Step(
            name, details, definition.type, definition, whole, attribute, resolver, finish, below, resolve, measured
        )

    def _completion(self, type_: GraphQLOutputType, details: FieldDetailsList) -> tuple[Read | None, Below | None]:
        inner = type_.of_type if is_non_null_type(type_) else type_
        if is_leaf_type(inner):
            return _leaf(inner, is_non_null_type(type_)), None
        item = inner.of_type if is_list_type(inner) else None
        element = inner if item is None else item
        named = element.of_type if is_non_null_type(element) else element
        if is_leaf_type(named):
            return _nullable(_list(_leaf(named, is_non_null_type(element))), type_), None
        if not is_object_type(named) or (origin := _origin(named)) is None:
            return None, None
        try:
            fields = self._collect(named, details).grouped_field_set
        except (GraphQLError, RecursionError):  # a condition that is null: said where it is met
            return None, None
        below = Below(named, origin, fields, item)
        plain = self._object(named, origin, fields)
        if plain is None:
            return None, below
        if item is not None:
            plain = _list(_nullable(plain, item))
        return _nullable(plain, type_), below

    def _object(self, type_: GraphQLObjectType, origin: type, fields: GroupedFieldSet) -> Read | None:
        reads: list[tuple[str, Read]] = []
        for name, details in fields.items():
            step = self.step(type_, name, details)
            if step is None:
                continue
            if step.whole is None:
                return None
            reads.append((name, step.whole))

        def read(value: Any) -> Any:
            if type(value) is not origin:  # also what is awaitable or an exception
                raise NotPlain
            return {name: of(value) for name, of in reads}

        return read


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


def _lazily(parent: GraphQLObjectType, attribute: str, finish: Read) -> Read | None:
    """The reading of a field that is worked out when it is asked for, without keeping what came out."""
    origin = _origin(parent)
    if origin is None or not issubclass(origin, Lazily) or attribute not in origin.later:
        return None
    make = origin.later[attribute]

    def read(source: Any) -> Any:
        if type(source) is not origin or attribute in source.__dict__:
            return finish(getattr(source, attribute))
        return finish(make(source.__dict__["made_of"]))

    return read


def _reading(attribute: str, finish: Read) -> Read:
    def read(source: Any) -> Any:
        return finish(getattr(source, attribute))

    return read


def _leaf(type_: GraphQLLeafType, required: bool) -> Read:
    coerce = type_.coerce_output_value
    as_it_is = {"String": str, "ID": str, "Boolean": bool}.get(type_.name)  # what coercing would return unchanged

    def read(value: Any) -> Any:
        kind = type(value)
        if kind is as_it_is:
            return value
        if value is None:
            if required:
                raise NotPlain
            return None
        if kind not in _PLAIN and (isinstance(value, Exception) or hasattr(kind, "__await__")):
            raise NotPlain
        coerced = coerce(value)
        if coerced is None or type(coerced) not in _PLAIN:
            raise NotPlain
        return coerced

    return read


def _list(of: Read) -> Read:
    def read(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise NotPlain
        return [of(each) for each in value]

    return read


def _nullable(of: Read, type_: GraphQLOutputType) -> Read:
    if is_non_null_type(type_):
        return of

    def read(value: Any) -> Any:
        return None if value is None else of(value)

    return read
