"""Payments over HTTP."""

import sqlite3
from collections.abc import Callable

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import holds, payments, records
from dev.provider.behaviour import Operation, plan_request
from dev.provider.http.bodies import CapturePayment, CreatePayment, VoidReference, read_body, read_key
from dev.provider.http.keyed import Act, act_freely, act_once, provider_of
from dev.provider.http.views import View, payment_view
from dev.provider.keys import record_of
from dev.provider.payments import ChargeOrder
from dev.provider.records import Method, Payment
from dev.provider.refusals import Refusal, Why


async def _create(request: Request) -> Response:
    body = await read_body(request, CreatePayment)
    order = ChargeOrder(
        key=read_key(request),
        reference=body.reference,
        method=body.method,
        amount_minor=body.amount_minor,
        currency=body.currency,
        capture=body.capture,
        metadata=body.metadata,
    )
    db = provider_of(request).store.db
    method = records.find(db, Method, body.method)
    act = Act("charge", method, Payment, lambda decline: payments.charge(db, order, decline))
    return await act_once(request, body, act)


async def _capture(request: Request) -> Response:
    payment_id = request.path_params["id"]
    body = replace(await read_body(request, CapturePayment), payment=payment_id)
    db = provider_of(request).store.db
    method = _method(db, records.find(db, Payment, payment_id))
    act = Act("capture", method, Payment, lambda _: holds.capture(db, payment_id, body.amount_minor, final=body.final))
    return await act_once(request, body, act)


async def _get(request: Request) -> Response:
    db, payment_id = provider_of(request).store.db, request.path_params["id"]

    def run() -> View:
        return _view(request, records.get(db, Payment, payment_id))

    return await _answer(request, "query", records.get(db, Payment, payment_id), run)


async def _list(request: Request) -> Response:
    found = _asked_for(request)

    def run() -> View:
        return {"payments": [_view(request, payment) for payment in _asked_for(request)]}

    return await _answer(request, "query", found[0] if found else None, run)


def _asked_for(request: Request) -> list[Payment]:
    db = provider_of(request).store.db
    match list(request.query_params.multi_items()):
        case [("reference", reference)]:
            return records.by_reference(db, Payment, reference)
        case [("key", key)]:
            payment = records.find(db, Payment, record_of(db, key) or "")
            return [payment] if payment else []
    raise Refusal(Why.INVALID_REQUEST, "ask by one reference or by one key")


async def _void(request: Request) -> Response:
    store, payment_id = provider_of(request).store, request.path_params["id"]

    def run() -> View:
        with store.write() as db:
            return _view(request, payments.void_payment(db, payment_id))

    return await _answer(request, "void", records.get(store.db, Payment, payment_id), run)


async def _void_reference(request: Request) -> Response:
    body = await read_body(request, VoidReference)
    store = provider_of(request).store

    def run() -> View:
        with store.write() as db:
            return {"payments": [_view(request, left) for left in payments.void_reference(db, body.reference)]}

    found = records.by_reference(store.db, Payment, body.reference)
    return await _answer(request, "void", found[0] if found else None, run)


async def _answer(request: Request, operation: Operation, payment: Payment | None, run: Callable[[], View]) -> Response:
    with provider_of(request).store.write() as db:
        plan = plan_request(db, operation, _method(db, payment), None)
    return await act_freely(request, plan, run)


def _method(db: sqlite3.Connection, payment: Payment | None) -> Method | None:
    return records.find(db, Method, payment.method) if payment else None


def _view(request: Request, payment: Payment) -> View:
    return payment_view(payment, provider_of(request).settings.provider_url)


ROUTES = [
    Route("/v1/payments", _create, methods=["POST"]),
    Route("/v1/payments", _list, methods=["GET"]),
    Route("/v1/payments/{id}", _get, methods=["GET"]),
    Route("/v1/payments/{id}/capture", _capture, methods=["POST"]),
    Route("/v1/payments/{id}/void", _void, methods=["POST"]),
    Route("/v1/voids", _void_reference, methods=["POST"]),
]
