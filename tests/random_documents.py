"""Random queries that are valid on a schema: arguments, variables, aliases, fragments, conditions, wrong ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

DEPTH = 9  # the deepest leaf of the schema is at ten; below that a selection holds leaves alone
FIELDS = 60  # of one document: enough for several resolvers side by side, few enough to run hundreds in seconds
WAY = frozenset({"customer", "edges", "node", "invoices", "lines", "payments"})
"""Fields below which most of the data lies; chance alone would seldom find the way through all of them."""
KINDS = ("Invoice", "Subscription", "Payment", "Customer", "CreditNote", "Refund")
"""What ids that are known mostly name."""
Known = Mapping[str, Sequence[Any]]
"""Good values by the name of an argument, of its input field, or of its type."""


@dataclass
class Written:
    """A document and the values of its variables."""

    text: str
    variables: dict[str, Any]

    def otherwise(self) -> "Written":
        """The same document with every condition the other way round."""
        turned = {name: not value if isinstance(value, bool) else value for name, value in self.variables.items()}
        return Written(self.text, turned)


@dataclass
class Writer:
    """Writes one document for a caller who begins at one of ``roots``."""

    schema: GraphQLSchema
    random: Random
    known: Known
    roots: Sequence[str]
    wanted: Callable[[str], bool]
    """Whether a field of that name may be asked for."""
    declared: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    count: int = 0
    left: int = FIELDS

    def document(self) -> Written:
        """The document."""
        root = self.schema.query_type
        assert root is not None
        chosen = [self.random.choice(self.roots) for _ in range(self.random.choice((1, 1, 1, 2)))]
        body = " ".join(self._field(root, name, 1) for name in chosen)
        head = f"query Random({', '.join(self.declared)})" if self.declared else "query Random"
        return Written("\n".join((f"{head} {{ {body} }}", *self.fragments)), self.values)

    def _selection(self, of: GraphQLNamedType, depth: int) -> str:
        if is_abstract_type(of):
            possible = {kind.name: kind for kind in self.schema.get_possible_types(of)}
            known = [possible[name] for name in KINDS if name in possible]
            kinds = [self.random.choice(known if known and self._chance(0.7) else list(possible.values()))]
            own = self._fields(of, depth) if hasattr(of, "fields") and self._chance(0.5) else "__typename"
            return f"{own} " + " ".join(f"... on {kind.name} {{ {self._fields(kind, depth)} }}" for kind in kinds)
        whole = self._fields(of, depth)
        if self._chance(0.12):
            self.count += 1
            self.fragments.append(f"fragment F{self.count} on {of.name} {{ {whole} }}")
            return f"...F{self.count}{self._condition()}"
        if self._chance(0.12):
            on = f" on {of.name}" if self._chance(0.5) else ""
            # What is in both places is one field, merged from two.
            return f"...{on}{self._condition()} {{ {whole} }} {self._fields(of, depth, few=True)}"
        return whole

    def _fields(self, of: Any, depth: int, few: bool = False) -> str:
        names = [name for name in of.fields if self.wanted(name)]
        leaves = [name for name in names if not is_composite_type(get_named_type(of.fields[name].type))]
        deeper = [name for name in names if name not in leaves]
        picked = self.random.sample(leaves, k=min(len(leaves), self.random.randint(0 if deeper else 1, 4)))
        if depth < DEPTH and self.left > 0 and not few and deeper:
            picked += self.random.sample(deeper, k=min(len(deeper), self.random.choice((1, 1, 2, 3))))
            picked += [name for name in deeper if name in WAY and name not in picked and self._chance(0.6)]
        if self._chance(0.1) or not picked:
            picked.append("__typename")
        self.random.shuffle(picked)
        return " ".join(self._field(of, name, depth + 1) for name in picked)

    def _field(self, of: Any, name: str, depth: int) -> str:
        self.left -= 1
        definition: GraphQLField | None = of.fields.get(name)
        if definition is None:
            return name
        below = get_named_type(definition.type)
        given = self._arguments(definition)
        alias = ""
        if given or self._chance(0.15) or is_composite_type(below):  # two of one name must ask for the same
            self.count += 1
            alias = f"a{self.count}: "
        inner = f" {{ {self._selection(below, depth)} }}" if is_composite_type(below) else ""
        return f"{alias}{name}{given}{self._condition()}{inner}"

    def _condition(self) -> str:
        if not self._chance(0.08):
            return ""
        kind, value = self.random.choice(("include", "skip")), self._chance(0.5)
        if self._chance(0.5):
            return f" @{kind}(if: {str(value).lower()})"
        return f" @{kind}(if: {self._variable('Boolean!', value)})"

    def _variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        self.values[name] = value
        return f"${name}"

    def _arguments(self, definition: GraphQLField) -> str:
        given = []
        for name, argument in definition.args.items():
            if not is_non_null_type(argument.type) and not self._chance(0.2):
                continue
            value = self._value(name, argument.type)
            text = self._variable(str(argument.type), value) if self._chance(0.4) else literal(argument.type, value)
            given.append(f"{name}: {text}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, name: str, type_: GraphQLInputType) -> Any:
        """As JSON has it, and now and then one that is nobody's."""
        nullable: Any = get_nullable_type(type_)
        if is_list_type(nullable):
            return [self._value(name, nullable.of_type) for _ in range(self.random.randint(1, 2))]
        if is_enum_type(nullable):
            return self.random.choice(sorted(nullable.values))
        if is_input_object_type(nullable):
            fields = nullable.fields.items()
            asked = {key: each for key, each in fields if is_non_null_type(each.type) or self._chance(0.3)}
            return {key: self._value(key, each.type) for key, each in asked.items()}
        return self.random.choice(self.known.get(name) or self.known[nullable.name])

    def _chance(self, of: float) -> bool:
        return self.random.random() < of


def literal(type_: GraphQLInputType, value: Any) -> str:
    """The value as it stands in a document."""
    nullable: Any = get_nullable_type(type_)
    if is_list_type(nullable):
        return f"[{', '.join(literal(nullable.of_type, each) for each in value)}]"
    if is_input_object_type(nullable):
        inside = (f"{key}: {literal(nullable.fields[key].type, each)}" for key, each in value.items())
        return f"{{{', '.join(inside)}}}"
    if is_enum_type(nullable):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
