"""Answers in one go: an operation without variables whose fields are read, loaded or at hand needs no executor.

What is known of it is found when it runs for the first time. Where anything is not plain it is executed as before:
nothing but an executor can say what is wrong, and where.
"""

from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLObjectType, OperationType
from graphql.language import OperationDefinitionNode
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from api.documents import PREPARED, Prepared
from api.execution.compiling import Compiler
from api.execution.gaps import Gaps
from api.execution.plan import How, Plan, Whole
from api.measures import EXECUTIONS

_PLANNED: Final = EXECUTIONS.labels(How.PLANNED.value)


@dataclass(slots=True)
class Executed(ExecutionResult):
    """An answer, and how many objects are in it where a plan could tell."""

    objects: int | None = None


async def in_one_go(prepared: Prepared, operation: str | None, context: Any, root: Any) -> Executed | None:
    """The answer; None where an executor is needed for it."""
    whole = prepared.plans.whole.get(operation) if prepared.plans else None
    if whole is None:
        return None
    gaps = Gaps(context)
    try:
        data = whole.fill(root, gaps)
        if gaps:
            await gaps.close()
    except Exception:  # not plain, or an error that has to get its words and its place
        return None
    _PLANNED.inc()
    return Executed(data, None, {}, whole.count(data))


def remember(executor: StrawberryGraphQLCoreExecutionContext, plan: Plan, root: GraphQLObjectType) -> None:
    """Finds out once how the operation that runs can be answered in one go the next time."""
    operation = executor.operation
    if operation.operation is OperationType.QUERY and not operation.variable_definitions:
        known, name = executor.operation_extensions[PREPARED].plans.whole, name_of(operation)
        if name not in known:
            fill = Compiler(executor.schema, executor.collect_subfields).whole(root, plan.root)
            known[name] = None if fill is None else Whole(fill, plan.count(root, executor.collect_subfields))


def name_of(operation: OperationDefinitionNode) -> str | None:
    """The name of the operation, if it has one."""
    return operation.name.value if operation.name else None
