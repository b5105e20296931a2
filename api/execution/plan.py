"""What of executing a document is the same each time, found once: which fields are read how, in which order.

A plan changes nothing that a client sees. What it knows it does in fewer steps than graphql-core; what it does not
know, and every value that is not of the plainest kind, is left to graphql-core, which also words every error.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from graphql import GraphQLObjectType, GraphQLSchema
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.language import DirectiveNode, DocumentNode, VariableNode, Visitor, visit

from api.execution.compiling import Compiler
from api.execution.counting import Collect, Count, Counter
from api.execution.gaps import Fill
from api.execution.steps import Step

VARIANTS_MAX: Final = 8  # plans of one document: two for each variable of a condition, and clients rarely have two
FIELDS_MAX: Final = 4_000  # of all plans of one document, each two kilobytes; one plan it may have in any case


class How(StrEnum):
    """How an operation is executed: by plan, or by graphql-core and why."""

    PLANNED = "planned"
    SUBSCRIPTION = "subscription"
    UNPREPARED = "unprepared"  # it did not come through the document store
    UNUSUAL = "unusual"  # with @defer, middleware, a signal to abort, or nulls that do not rise
    TOO_MANY = "too_many"  # the document has as many plans as it may


@dataclass(slots=True)
class Plan:
    """The plan of one operation under one choice of its conditions; it is filled in as selections are met."""

    schema: GraphQLSchema
    root: GroupedFieldSet
    sub_fields: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = field(
        default_factory=dict
    )
    """graphql-core's own memo of a request, kept for the next one; what it holds keeps its keys' ids from reuse."""
    selections: dict[int, tuple[Step, ...]] = field(default_factory=dict)
    _count: Count | None = None

    def steps(self, parent: GraphQLObjectType, fields: GroupedFieldSet, collect: Collect) -> tuple[Step, ...]:
        """The steps of a selection, whose fields must be the root's or come from ``sub_fields``."""
        steps = self.selections.get(id(fields))
        if steps is None:
            compiler = Compiler(self.schema, collect)
            found = (compiler.step(parent, name, details) for name, details in fields.items())
            steps = self.selections[id(fields)] = tuple(step for step in found if step is not None)
        return steps

    def count(self, root: GraphQLObjectType, collect: Collect) -> Count:
        """How the objects of its answers are counted."""
        if self._count is None:
            self._count = Counter(self.schema, collect).of_root(root, self.root)
        return self._count


@dataclass(frozen=True, slots=True)
class Whole:
    """How the whole answer of an operation is made in one go, and its objects are counted."""

    fill: Fill
    count: Count


class Plans:
    """The plans of one prepared document, whose largest operation has that many fields, fragments expanded."""

    def __init__(self, fields: int = 1) -> None:
        self._fields = max(1, fields)
        self._most = max(1, min(VARIANTS_MAX, FIELDS_MAX // self._fields))
        self._conditions: tuple[str, ...] | None = None
        self._kept: dict[tuple[object, ...], Plan] = {}
        self.whole: dict[str | None, Whole | None] = {}
        """How operations without variables are answered in one go, by their names, once they ran; None: they cannot."""

    def __deepcopy__(self, memo: object) -> "Plans":
        return Plans(self._fields)

    def fields(self) -> int:
        """How many fields there are in the plans that were made and in the one that is made next."""
        return self._fields * min(len(self._kept) + 1, self._most)

    def of(
        self, schema: GraphQLSchema, document: DocumentNode, operation: str | None, values: dict[str, Any],
        root: GroupedFieldSet,
    ) -> Plan | None:  # fmt: skip
        """The plan under these values of variables; None where there are too many already."""
        if self._conditions is None:
            self._conditions = conditions(document)
        key = (operation, *(values.get(name) for name in self._conditions))
        plan = self._kept.get(key)
        if plan is None and len(self._kept) < self._most:
            plan = self._kept[key] = Plan(schema, root)
        return plan

    def kept(self) -> tuple[Plan, ...]:
        """The plans that were made."""
        return tuple(self._kept.values())


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.names |= {each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)}


def conditions(document: DocumentNode) -> tuple[str, ...]:
    """The variables that say which fields there are: those of directives."""
    found = _Conditions()
    visit(document, found)
    return tuple(sorted(found.names))
