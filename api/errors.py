"""Errors of the door: a closed list of codes, and one place that labels, masks and logs what a request failed with."""

from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import strawberry
import structlog
from graphql import GraphQLError
from graphql.language import ValueNode
from strawberry.types import ExecutionContext

from domain.refusals import RefusalCode, Refused

_log: Final = structlog.get_logger("api.errors")


class Code(StrEnum):
    """``extensions.code`` of every error that is not data in a mutation's payload; a code is never renamed."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    CSRF = "CSRF"  # a cookie without the header that says it was meant, or from a page of another origin
    NOT_FOUND = "NOT_FOUND"  # also what somebody else's id answers
    BAD_INPUT = "BAD_INPUT"
    THROTTLED = "THROTTLED"  # the caller's bucket is empty; extensions.retryAfterSeconds says how long
    COST_EXCEEDED = "COST_EXCEEDED"  # the document passes a limit; extensions.limit says which
    DOCUMENT_NOT_FOUND = "DOCUMENT_NOT_FOUND"
    DOCUMENT_WITHDRAWN = "DOCUMENT_WITHDRAWN"  # it was taken back at once: no client may send it any more
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"  # the same, as clients of Apollo's form know it
    HISTORY_UNAVAILABLE = "HISTORY_UNAVAILABLE"  # the replica is down or too far behind
    GONE = "GONE"  # a document whose customer was erased and whose retention is over: nobody can read it any more
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"  # masked; extensions.errorId is in our log


class Fault(GraphQLError):
    """An error that a caller may read as it is: its message is a sentence for people, its code is for programs.

    ``details`` join ``code`` in the error's extensions; they hold numbers and names of ours, never a caller's value.
    """

    __slots__ = ("code",)

    def __init__(self, code: Code, message: str, **details: str | int) -> None:
        super().__init__(message, extensions={"code": code.value, **details})
        self.code = code


_OF_REFUSAL: Final = {
    RefusalCode.FORBIDDEN: Code.FORBIDDEN,
    RefusalCode.FEATURE_OFF: Code.FORBIDDEN,
    RefusalCode.NOT_FOUND: Code.NOT_FOUND,
    RefusalCode.UNAVAILABLE: Code.UNAVAILABLE,
    RefusalCode.BUSY: Code.UNAVAILABLE,
    RefusalCode.IN_PROGRESS: Code.UNAVAILABLE,
}  # any other refusal of a query is about what was asked for: BAD_INPUT

MASKED: Final = "Something went wrong on our side. Tell support the errorId."


class _Labelled(dict[str, Any]):
    """Extensions that ``label`` has already written."""


def label(error: GraphQLError) -> None:
    """Gives the error its code in place, once; an unexpected one loses its message, gets an errorId and is logged."""
    if isinstance(error.extensions, _Labelled):
        return
    cause = _cause(error)
    extensions = {"code": Code.BAD_INPUT.value, **(error.extensions or {})}
    if isinstance(cause, Refused):
        code = _OF_REFUSAL.get(cause.code, Code.BAD_INPUT)
        error.message, extensions = cause.message, {"code": code.value, "refusal": cause.code.value}
    elif not isinstance(cause, Fault) and _is_ours(error, cause):
        error.message, extensions = MASKED, masked(cause, error.path)
    error.extensions = _Labelled(extensions)


def masked(cause: BaseException, path: list[str | int] | None = None) -> dict[str, Any]:
    """Logs an unexpected exception once, with its trace, and returns the extensions that stand in for it."""
    error_id = uuid4().hex
    _log.error("graphql.unexpected", error_id=error_id, path=path, exc_info=cause)
    return {"code": Code.INTERNAL.value, "errorId": error_id}


def _cause(error: GraphQLError) -> Exception:
    """The innermost exception: graphql-core wraps what a resolver or scalar raised, sometimes twice."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and not isinstance(cause, Fault) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_ours(error: GraphQLError, cause: Exception) -> bool:
    """Whether an error without code is a bug of ours rather than a mistake of the caller."""
    if not isinstance(cause, GraphQLError):
        return True
    if error.path is None:  # parsing, validation, variables: graphql-core's sentence about the caller's document
        return False
    # While executing, graphql-core raises bare errors for an argument (caller) and for a value it cannot print (us).
    return not (cause.nodes and isinstance(cause.nodes[0], ValueNode))


class PortalSchema(strawberry.Schema):
    """A strawberry schema whose errors are labelled, masked and logged, wherever they come from."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Labels the errors in place; called once for each answer and each event of a stream."""
        for error in errors:
            label(error)
        # Codes and paths only: messages and variables can hold what a caller typed.
        _log.info("graphql.errors", errors=[(code_of(error), error.path) for error in errors])


def code_of(error: GraphQLError) -> str:
    """The code of a labelled error."""
    return str((error.extensions or {}).get("code", Code.INTERNAL.value))
