"""What a generated document becomes before it is sent: real ids and good values in the places where they belong.

Chance alone never gets past "not found", so most arguments take a value that was good for one of that name, whole
inputs of mutations are taken over, and ids are picked up from the answers. Runs where schemathesis is, without our
packages.
"""

import re
from collections import defaultdict
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any, Final

import graphql
from graphql import (
    REMOVE,
    FieldNode,
    GraphQLSchema,
    NameNode,
    ObjectValueNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    ast_from_value,
    visit,
)

TYPENAME: Final = FieldNode(name=NameNode(value="__typename"))
AN_ID: Final = re.compile(r'"([a-z]+)_([0-9a-z]{26,32})"')
KEPT_IDS: Final = 200  # of each kind: the newest, since the oldest may be cancelled, void or erased by now
SELECTIONS: Final = (6, 20, 60)  # how many fields of a document are kept: large ones only meet the limits
BY_NAME, WHOLE, OVERWRITTEN = (
    0.75,
    0.5,
    0.1,
)  # shares: of arguments, of whole inputs, and of their fields left as they were


class Pool:
    """Good inputs by mutation, good values by name of an argument, ids by their kind."""

    def __init__(self, good: dict[str, list[dict[str, Any]]], random: Random) -> None:
        self._good, self._random, self._numbers = good, random, count()
        self._values: dict[str, list[Any]] = defaultdict(list)
        self._ids: dict[str, list[str]] = defaultdict(list)
        for inputs in good.values():
            for each in inputs:
                self._learn(each)

    def harvest(self, answer: str) -> None:
        """Keeps the ids of an answer."""
        for kind, rest in AN_ID.findall(answer):
            kept = self._ids[kind]
            if (found := f"{kind}_{rest}") not in kept:
                kept.append(found)
                del kept[:-KEPT_IDS]

    def value(self, name: str, field: str) -> Any:
        """A good value for an argument of that name, or an id for one of that field; None where none is known."""
        if name == "idempotencyKey":
            return self.key()
        known = self._values.get(name, [])
        kinds = {str(each).partition("_")[0] for each in known} | ({field.lower()} if name in ("id", "ids") else set())
        ids = [each for kind in kinds for each in self._ids.get(kind, [])]
        if name in ("id", "ids") and not ids:
            ids = [each for kept in self._ids.values() for each in kept]
        among = ids if ids and self._random.random() < 0.7 else known or ids
        return self._random.choice(among) if among else None

    def whole(self, mutation: str) -> dict[str, Any] | None:
        """A whole good input of a mutation, under a key of its own most of the time."""
        if mutation not in self._good or self._random.random() > WHOLE:
            return None
        return {**self._random.choice(self._good[mutation]), "idempotencyKey": self.key()}

    def key(self) -> str:
        """A key that nobody used, or one time in ten one that somebody did."""
        number = next(self._numbers)
        return f"fuzz-{number if self._random.random() < 0.9 else self._random.randrange(number + 1)}"

    def _learn(self, value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                self._values[key].append(each)
                self._learn(each, key)
        elif isinstance(value, list):
            for each in value:
                self._learn(each, name)
        elif isinstance(value, str):
            self.harvest(f'"{value}"')


class Mixed(Visitor):
    """Puts good values into a document, and takes away what would only meet the limits."""

    def __init__(self, pool: Pool, types: TypeInfo, random: Random) -> None:
        super().__init__()
        self._pool, self._types, self._random = pool, types, random
        self._left = random.choice(SELECTIONS)
        self._fields: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """Counts it; one too many is taken away."""
        self._left -= 1
        if self._left < 0 and len(self._fields) > 2 and node.selection_set is not None:
            return REMOVE
        self._fields.append(node.name.value)
        return None

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        """One whose whole selection was taken away asks for its type's name."""
        self._fields.pop()
        if node.selection_set is not None and not node.selection_set.selections:
            return replace(node, selection_set=replace(node.selection_set, selections=(TYPENAME,)))
        return None

    def leave_argument(self, node: Any, *_: Any) -> Any:
        """The argument with a good value, or as it is."""
        return self._replaced(node, self._types.get_argument())

    def leave_object_field(self, node: Any, *_: Any) -> Any:
        """The field of an input with a good value, or as it is."""
        return self._replaced(node, self._types.get_input_type())

    def _replaced(self, node: Any, of: Any) -> Any:
        kind = getattr(of, "type", of)
        name, good = node.name.value, None
        parent = self._types.get_parent_type()
        if name == "input" and parent is not None and parent.name == "Mutation":
            good = self._pool.whole(self._fields[-1])
        elif self._random.random() < BY_NAME:
            good = self._pool.value(name, self._fields[-1] if self._fields else "")
        if good is None or kind is None:
            return None
        try:
            value = ast_from_value(good, kind)
        except (graphql.GraphQLError, TypeError, ValueError):
            return None
        if value is None:
            return None
        if isinstance(value, ObjectValueNode) and isinstance(node.value, ObjectValueNode):
            return replace(node, value=self._overwritten(value, node.value))
        return replace(node, value=value)

    def _overwritten(self, good: ObjectValueNode, generated: ObjectValueNode) -> ObjectValueNode:
        """The good input, with a field here and there as it was generated."""
        own = {each.name.value: each for each in generated.fields}
        fields = [
            own[each.name.value] if each.name.value in own and self._random.random() < OVERWRITTEN else each
            for each in good.fields
        ]
        return replace(good, fields=tuple(fields))


def mixed(document: Any, schema: GraphQLSchema, pool: Pool, random: Random) -> Any:
    """The document with good values in it."""
    types = TypeInfo(schema)
    return visit(document, TypeInfoVisitor(types, Mixed(pool, types, random)))


def root_of(document: Any) -> tuple[str, str]:
    """Whether it reads or changes, and the field that it begins with."""
    operation = document.definitions[0]
    kind = "mutation" if operation.operation is OperationType.MUTATION else "query"
    return kind, operation.selection_set.selections[0].name.value
