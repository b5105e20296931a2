"""What of the schema will be removed and when: dates in reasons, and what a document uses of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from graphql import GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, visit
from graphql.language import ArgumentNode, DocumentNode, EnumValueNode, FieldNode, ObjectFieldNode
from graphql.type import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from domain.tenants.trusted_document import NOTICE_DAYS

_DATES: Final = re.compile(r"Deprecated on (\d{4}-\d\d-\d\d)\. Removal on (\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Deprecation:
    """One element of the schema, as ``Type.field``, ``Type.field(argument:)``, ``Enum.VALUE`` or ``Input.field``."""

    element: str
    reason: str

    @property
    def since(self) -> date | None:
        """When it was deprecated; None where the reason does not say it as it should."""
        return self._date(1)

    @property
    def removal(self) -> date | None:
        """The first day on which it may be gone; None as for since."""
        return self._date(2)

    def _date(self, group: int) -> date | None:
        found = _DATES.search(self.reason)
        return date.fromisoformat(found[group]) if found else None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a valid document asks of the schema: its fields, sorted, and those elements that will be removed.

    Input that comes in variables is not in the text and so not seen.
    """

    fields: tuple[str, ...]
    deprecated: tuple[Deprecation, ...]


NOTHING_READ: Final = Reading((), ())


def read_document(schema: GraphQLSchema, document: DocumentNode) -> Reading:
    """One walk over a valid document."""
    types = TypeInfo(schema)
    seen = _Seen(types)
    visit(document, TypeInfoVisitor(types, seen))
    return Reading(tuple(sorted(seen.fields)), tuple(seen.deprecated[name] for name in sorted(seen.deprecated)))


class _Seen(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.fields: set[str] = set()
        self.deprecated: dict[str, Deprecation] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, field = self.types.get_parent_type(), self.types.get_field_def()
        if parent and field and not node.name.value.startswith("__"):
            self.fields.add(f"{parent.name}.{node.name.value}")
            self._note(f"{parent.name}.{node.name.value}", field.deprecation_reason)

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        parent, argument = self.types.get_parent_type(), self.types.get_argument()
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and argument:
            name = next((name for name, each in parent.fields.items() if each is self.types.get_field_def()), "")
            self._note(f"{parent.name}.{name}({node.name.value}:)", argument.deprecation_reason)

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        parent = self.types.get_parent_input_type()
        named = get_named_type(parent) if parent else None
        field = named.fields.get(node.name.value) if isinstance(named, GraphQLInputObjectType) else None
        if named and field:
            self._note(f"{named.name}.{node.name.value}", field.deprecation_reason)

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        given, value = self.types.get_input_type(), self.types.get_enum_value()
        if given and value:
            self._note(f"{get_named_type(given).name}.{node.value}", value.deprecation_reason)

    def _note(self, element: str, reason: str | None) -> None:
        if reason is not None:
            self.deprecated[element] = Deprecation(element, reason)


def deprecations(schema: GraphQLSchema) -> Iterator[Deprecation]:
    """Every element of the schema that will be removed."""
    for of in schema.type_map.values():
        if of.name.startswith("__"):
            continue
        if isinstance(of, GraphQLObjectType | GraphQLInterfaceType):
            yield from _of_fields(of)
        elif isinstance(of, GraphQLInputObjectType):
            yield from _reasoned(((f"{of.name}.{name}", each.deprecation_reason) for name, each in of.fields.items()))
        elif isinstance(of, GraphQLEnumType):
            yield from _reasoned(((f"{of.name}.{name}", each.deprecation_reason) for name, each in of.values.items()))


def _of_fields(of: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[Deprecation]:
    for name, field in of.fields.items():
        yield from _reasoned([(f"{of.name}.{name}", field.deprecation_reason)])
        arguments = ((f"{of.name}.{name}({each}:)", one.deprecation_reason) for each, one in field.args.items())
        yield from _reasoned(arguments)


def _reasoned(pairs: "Iterator[tuple[str, str | None]] | list[tuple[str, str | None]]") -> Iterator[Deprecation]:
    return (Deprecation(element, reason) for element, reason in pairs if reason is not None)


def undated(schema: GraphQLSchema, today: date) -> list[str]:
    """One sentence for each deprecation that says no dates, gives less than the notice, or should be gone by now."""
    found = []
    for each in deprecations(schema):
        if each.since is None or each.removal is None:
            found.append(f'{each.element}: its reason must say "Deprecated on <date>. Removal on <date>".')
        elif each.removal < each.since + timedelta(days=NOTICE_DAYS):
            found.append(f"{each.element}: between the two dates there must be {NOTICE_DAYS} days.")
        elif each.removal < today:
            found.append(f"{each.element}: it was to be removed on {each.removal}; remove it, or name a later day.")
    return found
