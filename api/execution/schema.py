"""The schema whose prepared documents are executed by plan."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.documents import PREPARED, Prepared
from api.errors import PortalSchema
from api.execution.executor import PlannedExecutor
from api.execution.whole import Executed, in_one_go


class PlannedSchema(PortalSchema):
    """Executes queries by plan, and prepared documents without what strawberry does around an execution: contexts,
    extensions and hooks, of which none is left to do once a document is prepared."""

    def __init__(self, *roots: Any, **given: Any) -> None:
        given.setdefault("execution_context_class", PlannedExecutor)
        super().__init__(*roots, **given)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """As strawberry; its errors are labelled."""
        prepared = (operation_extensions or {}).get(PREPARED)
        if not isinstance(prepared, Prepared) or prepared.plans is None or prepared.document is None:
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        if self.execution_context_class is PlannedExecutor:
            executed = await in_one_go(prepared, operation_name, context_value, root_value)
            if executed is not None:
                return executed
        try:
            executor = self.execution_context_class.build(
                self._schema,
                prepared.document,
                root_value,
                context_value,
                variable_values,
                operation_name,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it answers as the TypeGuard would
                operation_extensions=operation_extensions,
            )
            if isinstance(executor, list):  # the variables do not fit
                return self._answer(prepared, None, executor)
            result: Any = executor.execute_operation()
            if optimized_is_awaitable(result):
                result = await result
        except Exception as error:
            return self._answer(prepared, None, [_located(error)])
        objects = executor.objects_in(result.data) if isinstance(executor, PlannedExecutor) else None
        return self._answer(prepared, result.data, result.errors, objects)

    def _answer(
        self, prepared: Prepared, data: Any, errors: list[GraphQLError] | None, objects: int | None = None
    ) -> ExecutionResult:
        if errors:
            self.process_errors(errors)
            prepared.policy.reword(errors)
        return Executed(data, errors, {}, objects)


def _located(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
