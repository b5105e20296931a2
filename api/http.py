"""GraphQL over HTTP: a thin subclass of strawberry's ASGI view that answers every request in GraphQL's own words.

One request: context, reading, document, operation, points, execution. What ends it early is a Rejected or a Fault; any
other exception is masked. Subscriptions run over Server-Sent Events; there is no websocket and no batching.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, Generic, NamedTuple, TypeVar

import structlog
from graphql import GraphQLError, OperationType
from graphql.language import OperationDefinitionNode
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL

from api.answered import Answered, raw
from api.answers import (
    Outcome,
    Rejected,
    codes,
    is_request_error,
    negotiate,
    refusal,
    rejected,
    rejection_by,
    status,
    takes_json,
    unreadable,
)
from api.audience import Caller
from api.bucket import Bucket, Throttle, actual_cost, cost_extension, throttled
from api.documents import PREPARED, DocumentStore, Found, Reference
from api.errors import Code, Fault, PortalSchema, code_of
from api.heard import Heard
from api.json_body import encode
from api.live.places import Places
from api.live.stream import Answer, EventStream, renewal_of
from api.request_log import Line, outcome_of
from api.requests import Asked, read
from api.sunset import what_goes
from api.uses import Seen, unseen
from domain.tracing import span

_log: Final = structlog.get_logger("api.http")
NAME_LENGTH: Final = 80  # of an operation, in a span; longer ones are nobody's
REFUSED_DOCUMENT_COST: Final = 10  # points: checking a broken document is work too, so repeating it is not free
_LOOKED_UP: Final = (Code.DOCUMENT_NOT_FOUND, Code.PERSISTED_QUERY_NOT_FOUND)
_STREAM: Final = "text/event-stream"
_POLICY_VIOLATION: Final = 1008  # RFC 6455: what a websocket is told here

C = TypeVar("C", bound=Caller)
ContextOf = Callable[[Request, dict[str, str]], Awaitable[C]]
"""Makes a request's context or raises Fault (UNAUTHENTICATED, FORBIDDEN); the headers that it puts there are sent."""


class _Run(NamedTuple):
    """A request that may run: what strawberry is given, what was charged for it and how it will be answered."""

    operation: OperationDefinitionNode
    streams: bool
    points: int
    work: int
    throttle: Throttle
    arguments: dict[str, Any]
    reference: Reference


class PortalGraphQL(GraphQL[C, None], Generic[C]):
    """The ASGI app of one schema; its context says who asks, its store what may be asked, its bucket how much."""

    def __init__(
        self,
        schema: PortalSchema,
        documents: DocumentStore,
        bucket: Bucket,
        context: ContextOf[C],
        ended: Callable[[], bool] = lambda: False,
        seen: Seen = unseen,
        told: Callable[[Line], None] = lambda line: None,
    ) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=(GRAPHQL_SSE_PROTOCOL,))
        self._documents = documents
        self._bucket = bucket
        self._context = context
        self._ended = ended
        self._places = Places()
        self._seen = seen
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # a websocket would pass by every HTTP middleware
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        request = Heard(scope, receive)
        media_type, line = negotiate(request.accept), Line()
        try:
            response: ASGIApp = await self._answer(request, media_type, line)
        except Exception as error:
            rejection = rejection_by(error)
            line.outcome = next(iter(codes(rejection)), rejection.outcome.value)
            _log.info("graphql.rejected", outcome=rejection.outcome.value, codes=codes(rejection))
            response = refusal(rejection, media_type)
        self._told(line)
        await response(scope, receive, send)

    async def _answer(self, request: Heard, media_type: str, line: Line) -> ASGIApp:
        headers: dict[str, str] = {}
        context = line.context = await self._context(request, headers)
        run = await self._admitted(request, context, headers, line)
        if run.streams:
            return self._stream(request, context, run, headers)
        name = line.operation[:NAME_LENGTH] if line.document else ""  # what a text calls itself is a caller's word
        with span(f"graphql {run.operation.operation.value}", document=name):
            result = await self.schema.execute(**run.arguments)
        mutations = len(result.data or ()) if run.operation.operation is OperationType.MUTATION else 0
        actual = actual_cost(result.data, run.points, mutations, run.work, getattr(result, "objects", None))
        line.cost, line.outcome = actual, outcome_of(result.data, [code_of(error) for error in result.errors or ()])
        throttle = run.throttle
        if actual < run.points:
            throttle = await self._bucket.give_back(context.caller, run.points - actual)
        extensions = {**(result.extensions or {}), "cost": cost_extension(run.points, actual, throttle)}
        return _response(_body(result.data, result.errors, extensions), media_type, headers)

    def _stream(self, request: Heard, context: C, run: _Run, headers: dict[str, str]) -> EventStream:
        """The answers of a subscription, each paid for as if it had been asked for; or the one of anything else."""

        async def renew() -> None:
            again = await self._context(renewal_of(request), {})
            if _who(again) != _who(context):
                raise Fault(Code.UNAUTHENTICATED, "This token is somebody else's now.")
            await self._documents.resolve(context.sender, run.reference)  # a withdrawn one streams no longer

        async def pay() -> None:
            throttle = await self._bucket.take(context.caller, run.points)
            while not throttle.granted:
                await asyncio.sleep(throttle.retry_after_seconds(run.points))
                throttle = await self._bucket.take(context.caller, run.points)

        def leave() -> None:
            if lives:
                self._places.give_back(context.caller)

        lives = run.operation.operation is OperationType.SUBSCRIPTION
        if lives:
            self._places.take(context.caller)
        answers = self._answers(context, run)
        return EventStream(answers, renew, pay, self._ended, leave, headers=raw(headers))

    async def _answers(self, context: C, run: _Run) -> AsyncIterator[Answer]:
        results: Any = await self.schema.stream(**run.arguments)
        async with aclosing(results):
            async for result in results:
                body = _body(result.data, result.errors, result.extensions or {})
                yield Answer(body, getattr(context, "event_id", ""))

    async def _admitted(self, request: Heard, context: C, headers: dict[str, str], line: Line) -> _Run:
        asked = await read(request)
        found = await self._found(context, asked, line)
        headers |= what_goes(found)
        try:
            run = await self._paid(request, context, asked, found, line)
        except Exception:
            self._documents.unpaid(found, context.caller)
            raise
        self._seen(context.sender, found)
        return run

    async def _paid(self, request: Heard, context: C, asked: Asked, found: Found, line: Line) -> _Run:
        prepared = found.prepared
        operation = prepared.operation(asked.operation_name)
        streams = self._streams(request, operation)
        _refuse_method(request, operation, streams)
        points = prepared.cost(operation)
        line.kind, line.operation = operation.operation.value, operation.name.value if operation.name else ""
        arguments: dict[str, Any] = {
            "query": None,
            "variable_values": asked.variables,
            "context_value": context,
            "operation_name": operation.name.value if operation.name else None,
            "operation_extensions": {**(asked.extensions or {}), PREPARED: prepared},
        }
        charged = await self._charge(context, points)
        line.cost = points
        return _Run(operation, streams, points, prepared.work(operation), charged, arguments, asked.reference)

    def _streams(self, request: Heard, operation: OperationDefinitionNode) -> bool:
        """A subscription streams where it may; anything else only for who takes no JSON: urql accepts both at once."""
        if _STREAM not in request.accept:
            return False
        may = self._get_stream_transport_from_headers(request.headers) is not None
        must = operation.operation is OperationType.SUBSCRIPTION
        return may and (must or not takes_json(request.accept))

    async def _found(self, context: C, asked: Asked, line: Line) -> Found:
        try:
            found = await self._documents.resolve(context.sender, asked.reference, context.caller)
        except Fault as fault:
            if fault.code in _LOOKED_UP:  # guessing ids is work too
                await self._charge(context, REFUSED_DOCUMENT_COST)
            raise
        line.document = found.trusted.id if found.trusted else ""
        if found.prepared.errors:
            await self._charge(context, REFUSED_DOCUMENT_COST)
            raise Rejected(Outcome.DOCUMENT_REFUSED, found.prepared.errors)
        return found

    async def _charge(self, context: C, points: int) -> Throttle:
        throttle = await self._bucket.take(context.caller, points)
        if not throttle.granted:
            raise rejected(throttled(throttle, points), {"cost": cost_extension(points, None, throttle)})
        return throttle


def _who(context: Caller) -> object:
    """Who asks, in every respect that the caller's rights come from."""
    return context.sender, context.caller, getattr(context, "actor", None)


def _refuse_method(request: Heard, operation: OperationDefinitionNode, streams: bool) -> None:
    """No mutation by GET, whatever a browser, cache or link preview sends; no subscription without a stream."""
    if operation.operation is OperationType.MUTATION and request.method == "GET":
        raise unreadable("Send mutations by POST.", Outcome.METHOD_REFUSED, Allow="POST")
    if operation.operation is OperationType.SUBSCRIPTION and not streams:
        raise Fault(Code.BAD_INPUT, "Subscriptions are answered as text/event-stream: accept that.")


def _body(data: object, errors: list[GraphQLError] | None, extensions: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"errors": [error.formatted for error in errors]} if errors else {}
    if not is_request_error(data, errors):
        body["data"] = data
    return {**body, "extensions": extensions}


def _response(body: dict[str, Any], media_type: str, headers: dict[str, str]) -> Answered:
    outcome = Outcome.ANSWERED if "data" in body else Outcome.DOCUMENT_REFUSED
    return Answered(encode(body), status(outcome, media_type), media_type, headers)
