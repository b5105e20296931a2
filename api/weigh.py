"""What a document asks for: one walk that visits each node of the document once, or twice inside a fragment.

A fragment is weighed once and its weight is used wherever it is spread, so the walk is linear in the document however
often fragments spread each other. Costs are upper bounds that need no variables.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from graphql import GraphQLError, GraphQLNamedType, GraphQLSchema, get_named_type, get_nullable_type
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.type import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, is_composite_type, is_list_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.literals import read_literals

PAGE_CAP: Final = 100  # a page is never larger, so a variable page counts as this
UNSIZED_LIST: Final = 10  # lists without first, last or ids (lines, errors, plans): their usual length, not their worst
OBJECT_COST: Final = 1  # the unit; numbers and texts inside an object are free
MUTATION_COST: Final = 10  # a write locks, posts and syncs; Shopify charges the same
WORK: Final = "work"  # the key of a field's metadata that says its points beside those of the objects it answers
FREE_TYPES: Final = frozenset({"Money", "PageInfo"})  # values inside a row: no load of their own
FREE_SUFFIX: Final = "Edge"  # an edge costs what its node costs
SIZE_ARGUMENTS: Final = ("first", "last", "ids")
SATURATED: Final = 10**9  # sums stop here: far beyond every limit, and still an integer that JSON clients can read
MAX_SIZE_DIGITS: Final = 9  # more digits are beyond SATURATED anyway


def _add(left: int, right: int) -> int:
    return min(left + right, SATURATED)


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection set asks for, fragments expanded; sums saturate when selections are put together.

    ``paged`` is the cost of its lists for each element: the ``first`` of the field around it says how many there are.
    ``work`` are those of its points that no object of the answer shows.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    fixed: int = 0
    paged: int = 0
    work: int = 0

    def beside(self, other: "Weight") -> "Weight":
        """Both selections in one selection set."""
        return Weight(
            max(self.depth, other.depth),
            _add(self.fields, other.fields),
            _add(self.aliases, other.aliases),
            _add(self.fixed, other.fixed),
            _add(self.paged, other.paged),
            _add(self.work, other.work),
        )

    @property
    def cost(self) -> int:
        """Points, with every list that nothing sizes at its usual length."""
        return _add(self.fixed, UNSIZED_LIST * self.paged)


NOTHING: Final = Weight()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A whole document: a weight per operation name (None: anonymous) and counts over all of its text."""

    operations: dict[str | None, Weight]
    definitions: int
    selections: int
    directives: int
    repeats: int
    """Pairs of fields of one type under one name: what checking that fields merge may have to compare."""
    introspects: bool
    faults: tuple[GraphQLError, ...]
    visited: int
    """Nodes the walk has looked at: the measure of its work."""


def weigh(schema: GraphQLSchema, document: DocumentNode) -> Weighed:
    """Weighs a parsed document that need not be valid: what the schema does not know counts as an object."""
    return _Walk(schema, document).weighed()


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.schema = schema
        self.document = document
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.memo: dict[str, Weight] = {}
        self.selections = self.directives = self.visited = 0
        self.named: Counter[tuple[str, str]] = Counter()
        self.introspects = False
        self.faults: list[GraphQLError] = []

    def weighed(self) -> Weighed:
        for name in self._inner_first():
            fragment = self.fragments[name]
            self._texts(fragment.directives)
            on = self.schema.type_map.get(fragment.type_condition.name.value)
            self.memo[name] = self._selection_set(fragment.selection_set, on)
        for definition in self.document.definitions:
            if (
                isinstance(definition, FragmentDefinitionNode)
                and self.fragments[definition.name.value] is not definition
            ):
                self._selection_set(definition.selection_set, None)  # invalid, but its text counts until that is found
        operations = {
            (node.name.value if node.name else None): self._operation(node)
            for node in self.document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        return Weighed(
            operations,
            len(self.document.definitions),
            self.selections,
            self.directives,
            sum(count * (count - 1) // 2 for count in self.named.values()),
            self.introspects,
            tuple(self.faults),
            self.visited,
        )

    def _inner_first(self) -> Iterator[str]:
        """Fragment names, each after those it spreads; one that spreads itself comes once, its own spread unweighed."""
        done: set[str] = set()
        for root in self.fragments:
            path = [] if root in done else [(root, iter(self._spreads(root)))]
            done.add(root)
            while path:
                name, spreads = path[-1]
                inner = next((spread for spread in spreads if spread in self.fragments and spread not in done), None)
                if inner is None:
                    path.pop()
                    yield name
                else:
                    done.add(inner)
                    path.append((inner, iter(self._spreads(inner))))

    def _spreads(self, fragment: str) -> list[str]:
        names: list[str] = []
        queue: list[SelectionSetNode] = [self.fragments[fragment].selection_set]
        for selection_set in queue:  # grows while it is read
            for selection in selection_set.selections:
                self.visited += 1
                if isinstance(selection, FragmentSpreadNode):
                    names.append(selection.name.value)
                elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                    queue.append(selection.selection_set)
        return names

    def _operation(self, node: OperationDefinitionNode) -> Weight:
        self._texts(node.directives)
        self._texts(node.variable_definitions)
        return self._selection_set(node.selection_set, self.schema.get_root_type(node.operation))

    def _selection_set(self, node: SelectionSetNode, parent: GraphQLNamedType | None) -> Weight:
        total = NOTHING
        spread: set[str] = set()  # the executor, too, follows a fragment once in a selection set
        for selection in node.selections:
            self.visited += 1
            self.selections += 1
            self._texts(selection.directives)
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in spread:
                    continue
                spread.add(selection.name.value)
            total = total.beside(self._selection(selection, parent))
        return total

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Weight:
        if isinstance(node, FragmentSpreadNode):
            return self.memo.get(node.name.value, NOTHING)
        if isinstance(node, InlineFragmentNode):
            on = node.type_condition
            return self._selection_set(node.selection_set, self.schema.type_map.get(on.name.value) if on else parent)
        assert isinstance(node, FieldNode)
        return self._field(node, parent)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Weight:
        self._texts(node.arguments)
        name = node.name.value
        self.named[parent.name if parent else "", node.alias.value if node.alias else name] += 1
        field = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        named = get_named_type(field.type) if field else None
        inner = self._selection_set(node.selection_set, named) if node.selection_set else NOTHING
        fields, aliases = _add(inner.fields, 1), _add(inner.aliases, 1 if node.alias else 0)
        if name in ("__schema", "__type"):  # bounded by graphql-core's own rule on introspection lists
            self.introspects = True
            return Weight(1, fields, aliases)
        work = _work(field)
        own = self._own_cost(node, named, parent) + work
        size = _size(node)
        if _is_list(field):  # its size counts itself, and what lists lie in an element are not sized
            cost = _add(own, inner.cost)
            fixed, paged = (0, cost) if size is None else (size * cost, 0)
        else:  # a connection's size counts the lists right below it
            fixed, paged = own + inner.fixed + (UNSIZED_LIST if size is None else size) * inner.paged, 0
        return Weight(inner.depth + 1, fields, aliases, fixed, paged, _add(inner.work, work))

    def _own_cost(self, node: FieldNode, named: GraphQLNamedType | None, parent: GraphQLNamedType | None) -> int:
        if parent is not None and parent is self.schema.mutation_type:
            return MUTATION_COST
        if named is None:
            return OBJECT_COST if node.selection_set else 0
        free = named.name in FREE_TYPES or named.name.endswith(FREE_SUFFIX)
        return OBJECT_COST if is_composite_type(named) and not free else 0

    def _texts(self, nodes: Iterable[Node] | None) -> None:
        """Looks at what stands beside a selection: arguments, directives, variables."""
        if nodes:
            found = read_literals(nodes)
            self.visited += found.nodes
            self.directives += found.directives
            self.faults.extend(found.faults)


def _work(field: GraphQLField | None) -> int:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if field else None
    points: int = definition.metadata.get(WORK, 0) if definition else 0
    return points


def _is_list(field: GraphQLField | None) -> bool:
    return field is not None and is_list_type(get_nullable_type(field.type))


def _size(node: FieldNode) -> int | None:
    """How many elements the field's arguments ask for; None when they do not say."""
    sizes = []
    for argument in node.arguments or ():
        if argument.name.value not in SIZE_ARGUMENTS:
            continue
        value = argument.value
        if isinstance(value, VariableNode):
            sizes.append(PAGE_CAP)
        elif isinstance(value, ListValueNode):
            sizes.append(len(value.values))
        elif isinstance(value, IntValueNode):
            digits = value.value
            sizes.append(SATURATED if len(digits) > MAX_SIZE_DIGITS else max(0, int(digits)))
    return max(sizes, default=None)
