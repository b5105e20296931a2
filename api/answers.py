"""What a GraphQL answer looks like over HTTP: media types, the one table of statuses, and bodies of refused requests.

Statuses follow the GraphQL-over-HTTP draft that the public audits check; a later draft moves 400 to 422 for documents,
which is one cell here.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from functools import lru_cache
from typing import Any, Final

from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from api.errors import Code, Fault, code_of, label
from api.json_body import encode

GRAPHQL_PATH: Final = "/graphql"
JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
_TAKES_JSON: Final = frozenset({JSON, GRAPHQL, "application/*", "*/*"})
ACCEPTS: Final = 256  # headers remembered, up to a megabyte; a client library sends always the same
MAX_ACCEPT: Final = 1_000  # characters read of an Accept header; browsers send 150


class Outcome(StrEnum):
    """How a request ended, as far as its status is concerned."""

    ANSWERED = auto()
    DOCUMENT_REFUSED = auto()  # unknown, invalid, too costly, or its variables do not fit
    UNREADABLE = auto()  # the request is not a GraphQL request at all
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    METHOD_REFUSED = auto()
    WITHDRAWN = auto()  # the document, for good
    MEDIA_TYPE_REFUSED = auto()
    TIMED_OUT = auto()
    TOO_LARGE = auto()
    URL_TOO_LONG = auto()
    HEADERS_TOO_LARGE = auto()
    THROTTLED = auto()
    UNAVAILABLE = auto()
    INTERNAL = auto()


STATUS: Final[Mapping[Outcome, tuple[int, int]]] = {  # as application/json, as application/graphql-response+json
    Outcome.ANSWERED: (200, 200),
    Outcome.DOCUMENT_REFUSED: (200, 400),
    Outcome.UNREADABLE: (400, 400),
    Outcome.UNAUTHENTICATED: (401, 401),
    Outcome.FORBIDDEN: (403, 403),
    Outcome.METHOD_REFUSED: (405, 405),
    Outcome.TIMED_OUT: (408, 408),
    Outcome.WITHDRAWN: (410, 410),
    Outcome.TOO_LARGE: (413, 413),
    Outcome.URL_TOO_LONG: (414, 414),
    Outcome.MEDIA_TYPE_REFUSED: (415, 415),
    Outcome.THROTTLED: (429, 429),
    Outcome.HEADERS_TOO_LARGE: (431, 431),
    Outcome.INTERNAL: (500, 500),
    Outcome.UNAVAILABLE: (503, 503),
}

_OF_CODE: Final = {
    Code.UNAUTHENTICATED: Outcome.UNAUTHENTICATED,
    Code.FORBIDDEN: Outcome.FORBIDDEN,
    Code.CSRF: Outcome.FORBIDDEN,
    Code.DOCUMENT_WITHDRAWN: Outcome.WITHDRAWN,
    Code.THROTTLED: Outcome.THROTTLED,
    Code.UNAVAILABLE: Outcome.UNAVAILABLE,
    Code.INTERNAL: Outcome.INTERNAL,
}  # every other code is about the document


def status(outcome: Outcome, media_type: str) -> int:
    """The HTTP status of an outcome in a media type."""
    return STATUS[outcome][media_type == GRAPHQL]


class Rejected(Exception):
    """A request that ends before anything ran; its errors are labelled."""

    def __init__(
        self,
        outcome: Outcome,
        errors: Sequence[GraphQLError],
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.errors = errors
        self.headers = dict(headers or {})
        self.extensions = extensions


def unreadable(message: str, outcome: Outcome = Outcome.UNREADABLE, **headers: str) -> Rejected:
    """A request that is not a GraphQL request."""
    return Rejected(outcome, [Fault(Code.BAD_INPUT, message)], headers)


def rejected(error: GraphQLError, extensions: Mapping[str, Any] | None = None) -> Rejected:
    """The rejection of a request by a labelled error, with the headers that its status asks for."""
    outcome = _OF_CODE.get(Code(code_of(error)), Outcome.DOCUMENT_REFUSED)
    headers = {}
    if outcome is Outcome.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if outcome in (Outcome.THROTTLED, Outcome.UNAVAILABLE):
        headers["Retry-After"] = str((error.extensions or {}).get("retryAfterSeconds", 1))
    return Rejected(outcome, [error], headers, extensions)


def unexpected(cause: Exception) -> Rejected:
    """The rejection by any exception: a Fault or refusal in its own words, everything else masked and logged."""
    error = cause if isinstance(cause, Fault) else GraphQLError(str(cause), original_error=cause)
    label(error)
    return rejected(error)


def rejection_by(cause: Exception) -> Rejected:
    """The same; what is a rejection already stays it, and a client that left is no error of ours."""
    if isinstance(cause, Rejected):
        return cause
    if isinstance(cause, ClientDisconnect):
        return unreadable("The client left before the request was complete.")
    return unexpected(cause)


def refusal(rejection: Rejected, media_type: str) -> Response:
    """The answer to a rejected request: a GraphQL body without ``data``."""
    body: dict[str, Any] = {"errors": [error.formatted for error in rejection.errors]}
    if rejection.extensions:
        body["extensions"] = rejection.extensions
    code = status(rejection.outcome, media_type)
    return Response(encode(body), code, rejection.headers, media_type=f"{media_type}; charset=utf-8")


def refusal_at(path: str, rejection: Rejected, accept: str) -> Response:
    """The answer to a request that ended before its door or was not answered there: in that door's own words."""
    if path == GRAPHQL_PATH:
        return refusal(rejection, negotiate(accept))
    error, code = rejection.errors[0], status(rejection.outcome, GRAPHQL)
    if path.startswith("/webhooks/"):
        return JSONResponse({"error": error.message}, code, rejection.headers)
    return JSONResponse({**(error.extensions or {}), "message": error.message}, code, rejection.headers)


def is_request_error(data: object, errors: Sequence[GraphQLError] | None) -> bool:
    """Whether execution never began: then the answer has no ``data`` and its status says so."""
    return data is None and bool(errors) and all(error.path is None for error in errors or ())


def negotiate(accept: str) -> str:
    """The media type to answer in: the named one with the higher q, else application/json, as for ``*/*``."""
    return _negotiated(accept[:MAX_ACCEPT])


@lru_cache(ACCEPTS)
def _negotiated(accept: str) -> str:
    quality = {JSON: 0.0, GRAPHQL: 0.0}
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name in quality:
            quality[name] = max(quality[name], _quality(parameters))
    return GRAPHQL if quality[GRAPHQL] > 0 and quality[GRAPHQL] >= quality[JSON] else JSON


def takes_json(accept: str) -> bool:
    """Whether JSON is accepted, by name or with everything else; no header accepts everything."""
    return _json_taken(accept[:MAX_ACCEPT])


@lru_cache(ACCEPTS)
def _json_taken(accept: str) -> bool:
    for item in (accept or "*/*").split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name in _TAKES_JSON and _quality(parameters) > 0:
            return True
    return False


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if value.replace(".", "", 1).isdecimal() and value.isascii() else 0.0
    return 1.0


def codes(rejection: Rejected) -> list[str]:
    """The codes of a rejection, for the log."""
    return [code_of(error) for error in rejection.errors]
