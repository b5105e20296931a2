"""graphql-core's executor, following a plan where the request brings one.

It stands in for the methods of graphql-core that lie between a selection and its fields, each of which is named below.
Order of resolvers, places of errors and nulls that rise are those of graphql-core. One thing is not: nothing is
cancelled because something beside it failed, so which errors are told does not hang on who was faster.
"""

import time
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any
from weakref import proxy

from graphql import GraphQLObjectType, GraphQLOutputType, OperationType
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList, GroupedFieldSet
from graphql.execution.executor import collect_iterator_awaitables, to_nodes
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import Info

from api.documents import PREPARED, Prepared
from api.execution.counting import Count
from api.execution.gaps import Gaps
from api.execution.later import Later, gathered, throw_away
from api.execution.plan import How, Plan
from api.execution.reading import Below
from api.execution.steps import Step
from api.execution.whole import name_of, remember
from api.field_times import waited
from api.measures import EXECUTIONS

_COUNTED = {how: EXECUTIONS.labels(how.value) for how in How}


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes prepared documents by plan; subscriptions, and what no plan was made for, as graphql-core.

    Of a mutation graphql-core runs the root fields, one after the other; what they return is answered by plan.
    """

    _plan: Plan | None = None
    _count: Count | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        own = proxy(self)  # graphql-core's lead back here: each request would be left to the collector
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=lambda each: own.gather_async_work(each), track=lambda each: own.track_async_work(each)
        )

    def objects_in(self, data: Any) -> int | None:
        """How many objects are in what was answered; None where no plan can tell."""
        return None if self._count is None else self._count(data)

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[DeferUsage],
    ) -> Any:
        """As graphql-core, with the fields of the plan in the place of the equal ones that were just collected."""
        plan, how = self._planned(grouped_field_set, bool(new_defer_usages))
        _COUNTED[how].inc()
        if plan is None:
            return super().execute_collected_root_fields(
                root_type, root_value, grouped_field_set, serially, new_defer_usages
            )
        self._plan = plan
        self._relevant_sub_fields = plan.sub_fields
        self._count = plan.count(root_type, self.collect_subfields)
        remember(self, plan, root_type)
        return self.execute_root_grouped_field_set(root_type, root_value, plan.root, serially, None)

    def _planned(self, fields: GroupedFieldSet, defers: bool) -> tuple[Plan | None, How]:
        prepared = (self.operation_extensions or {}).get(PREPARED)
        if self.operation.operation is OperationType.SUBSCRIPTION:
            return None, How.SUBSCRIPTION
        if not isinstance(prepared, Prepared) or prepared.plans is None or prepared.document is None:
            return None, How.UNPREPARED
        wrapped = bool(self.middleware_manager and self.middleware_manager.middlewares)
        if wrapped or defers or self.abort_signal is not None or not self.error_propagation:
            return None, How.UNUSUAL
        name = name_of(self.operation)
        plan = prepared.plans.of(self.schema, prepared.document, name, self.variable_values.coerced, fields)
        return plan, How.TOO_MANY if plan is None else How.PLANNED

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """Stands for the method of the same name."""
        plan = self._plan
        if plan is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for step in plan.steps(parent_type, grouped_field_set, self.collect_subfields):
                name = step.name
                if step.whole is not None:
                    try:
                        results[name] = step.whole(source_value)
                        continue
                    except Exception:  # not plain: done again below, where the error gets its place
                        pass
                result = results[name] = self._field(
                    step, parent_type, source_value, Path(path, name, parent_type.name)
                )
                if type(result) is Later:
                    waiting.append(name)
        except Exception:
            throw_away(results[name] for name in waiting)
            raise
        return _gathering(results, waiting) if waiting else results

    def _field(self, step: Step, parent: GraphQLObjectType, source: Any, path: Path) -> Any:
        """Stands for ``execute_field``."""
        info = self.build_resolve_info(step.definition, to_nodes(step.details), parent, path)
        try:
            began = time.monotonic()
            result = self._value(step, source, info)
            if self.is_awaitable(result):
                return Later(self._awaited, step, info, path, result, began, held=(result,))
            completed = self._completed(step, info, path, result)
        except Exception as error:
            self.handle_field_error(error, step.type, step.details, path)
            return None
        return self._protected(completed, step.type, step.details, path)

    def _value(self, step: Step, source: Any, info: Any) -> Any:
        """What the field's resolver returns."""
        if step.attribute is not None:
            return getattr(source, step.attribute)
        if step.resolver is not None:
            return step.resolver.value(source, Info(_raw_info=info, _field=step.resolver.field))
        first, definition = step.details[0], step.definition
        given: dict[str, Any] = {}
        if definition.args or first.node.arguments:
            given = get_argument_values(
                definition, first.node, self.variable_values, first.fragment_variable_values, self.hide_suggestions
            )
        return (step.resolve or self.field_resolver)(source, info, **given)

    async def _awaited(self, step: Step, info: Any, path: Path, result: Awaitable[Any], began: float) -> Any:
        """Stands for ``complete_awaitable_value``."""
        try:
            try:
                value = await result
            finally:
                if step.measured is not None:
                    waited(step.measured, began)
            completed = self._completed(step, info, path, value)
            return await completed if type(completed) is Later else completed
        except Exception as error:
            self.handle_field_error(error, step.type, step.details, path)
            return None

    def _protected(self, completed: Any, type_: GraphQLOutputType, details: FieldDetailsList, path: Path) -> Any:
        """The same; where it is still to come, an error below is this place's."""
        if type(completed) is Later:
            return Later(self._finished, completed, type_, details, path, held=(completed,))
        return completed

    async def _finished(
        self, completed: Awaitable[Any], type_: GraphQLOutputType, details: FieldDetailsList, path: Path
    ) -> Any:
        try:
            return await completed
        except Exception as error:
            self.handle_field_error(error, type_, details, path)
            return None

    def _completed(self, step: Step, info: Any, path: Path, value: Any) -> Any:
        """Stands for ``complete_value``."""
        way = step.way
        if way.finish is not None:
            try:
                return way.finish(value)
            except Exception:  # not plain: graphql-core says what is wrong with it
                return self.complete_value(step.type, step.details, info, path, value, None)
        if way.fill is not None:
            gaps = Gaps(self.context_value)
            try:
                answer = way.fill(value, gaps)
            except Exception:  # not plain: done again in parts, where the error gets its place
                return self._in_parts(step, info, path, value)
            return Later(self._closed, step, info, path, value, answer, gaps, held=()) if gaps else answer
        return self._in_parts(step, info, path, value)

    async def _closed(self, step: Step, info: Any, path: Path, value: Any, answer: Any, gaps: Gaps) -> Any:
        """The answer once nothing is lacking; where that fails, the value is done again in parts."""
        try:
            await gaps.close()
        except Exception:
            completed = self._in_parts(step, info, path, value)
            return await completed if type(completed) is Later else completed
        return answer

    def _in_parts(self, step: Step, info: Any, path: Path, value: Any) -> Any:
        """The value's objects one by one where they are of the class that is expected, else as graphql-core."""
        if (below := step.way.below) is not None:
            if below.item is None and type(value) is below.origin:
                return self.execute_fields(below.of, value, path, below.fields, None)
            if below.item is not None and _all_of(below.origin, value):
                return self._list(step, below, below.item, path, value)
        return self.complete_value(step.type, step.details, info, path, value, None)

    def _list(self, step: Step, below: Below, item: GraphQLOutputType, path: Path, values: Sequence[Any]) -> Any:
        """Stands for ``complete_iterable_value``, for objects of one class."""
        results: list[Any] = []
        waiting: list[int] = []
        try:
            for place, value in enumerate(values):
                at = Path(path, place, None)
                try:
                    completed = self.execute_fields(below.of, value, at, below.fields, None)
                except Exception as error:
                    self.handle_field_error(error, item, step.details, at)
                    completed = None
                if type(completed) is Later:
                    completed = self._protected(completed, item, step.details, at)
                    waiting.append(place)
                results.append(completed)
        except Exception:
            throw_away(results[place] for place in waiting)
            raise
        return _gathering(results, waiting) if waiting else results

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        """Stands for the method of the same name, for whatever the list holds."""
        if self._plan is None:
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)
        results: list[Any] = []
        waiting: list[int] = []
        left = iter(items)
        try:
            for place, item in enumerate(left):
                result = self._item(item, item_type, field_details_list, info, Path(path, place, None))
                if type(result) is Later:
                    waiting.append(place)
                results.append(result)
        except Exception:
            throw_away(results[place] for place in waiting)
            throw_away(collect_iterator_awaitables(left, self.is_awaitable))
            raise
        return _gathering(results, waiting) if waiting else results

    def _item(self, item: Any, type_: GraphQLOutputType, details: FieldDetailsList, info: Any, path: Path) -> Any:
        """Stands for ``complete_list_item_value``."""
        if self.is_awaitable(item):
            return Later(self._awaited_item, item, type_, details, info, path, held=(item,))
        try:
            completed = self.complete_value(type_, details, info, path, item, None)
        except Exception as error:
            self.handle_field_error(error, type_, details, path)
            return None
        return self._protected(completed, type_, details, path)

    async def _awaited_item(
        self, item: Awaitable[Any], type_: GraphQLOutputType, details: FieldDetailsList, info: Any, path: Path
    ) -> Any:
        """Stands for ``complete_awaitable_list_item_value``."""
        try:
            completed = self.complete_value(type_, details, info, path, await item, None)
            return await completed if type(completed) is Later else completed
        except Exception as error:
            self.handle_field_error(error, type_, details, path)
            return None


def _gathering(results: Any, waiting: Sequence[Any]) -> Later:
    return Later(gathered, results, waiting, held=[results[place] for place in waiting])


def _all_of(origin: type, values: Any) -> bool:
    return type(values) in (list, tuple) and all(type(each) is origin for each in values)
