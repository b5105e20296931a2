"""How many objects are in an answer, found out by its selection: few of its values have to be looked at for that."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, is_leaf_type, is_list_type, is_non_null_type
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.type import GraphQLOutputType, is_object_type

from api.bucket import objects_in

Count = Callable[[Any], int]
Collect = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]


class Counter:
    """Makes the counts of one plan."""

    def __init__(self, schema: GraphQLSchema, collect: Collect) -> None:
        self._schema = schema
        self._collect = collect

    def of_root(self, root: GraphQLObjectType, fields: GroupedFieldSet) -> Count:
        """Counts the objects of whole answers, of which null has none."""
        return _called(_or_null(self._of_object(root, fields)))

    def _of_object(self, of: GraphQLObjectType, fields: GroupedFieldSet) -> int | Count:
        """The number itself where it hangs on no value."""
        always, counts = 1, list[tuple[str, Count]]()
        for name, details in fields.items():
            definition = self._schema.get_field(of, details[0].node.name.value)
            count = 0 if definition is None else self._of_value(definition.type, details)
            if isinstance(count, int):
                always += count
            else:
                counts.append((name, count))
        if not counts:
            return always

        def counted(answer: Any) -> int:
            found = always
            for name, count in counts:
                found += count(answer[name])
            return found

        return counted

    def _of_value(self, type_: GraphQLOutputType, details: FieldDetailsList) -> int | Count:
        inner = type_.of_type if is_non_null_type(type_) else type_
        if is_leaf_type(inner):
            return 0
        if is_list_type(inner):
            return _of_list(self._of_value(inner.of_type, details))
        if not is_object_type(inner):
            return objects_in
        try:
            fields = self._collect(inner, details).grouped_field_set
        except (GraphQLError, RecursionError):  # a condition that is null: then there is no answer below
            return objects_in
        count = self._of_object(inner, fields)
        return count if is_non_null_type(type_) else _or_null(count)


def _of_list(each: int | Count) -> int | Count:
    if each == 0:
        return 0
    if isinstance(each, int):
        return lambda values: 0 if values is None else each * len(values)
    return lambda values: 0 if values is None else sum(map(each, values))


def _or_null(count: int | Count) -> Count:
    called = _called(count)
    return lambda value: 0 if value is None else called(value)


def _called(count: int | Count) -> Count:
    return (lambda _: count) if isinstance(count, int) else count
