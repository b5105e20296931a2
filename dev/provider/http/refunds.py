"""Refunds over HTTP."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import records, refunds
from dev.provider.behaviour import plan_request
from dev.provider.http.bodies import CreateRefund, read_body, read_key
from dev.provider.http.keyed import Act, act_freely, act_once, provider_of
from dev.provider.http.views import View, refund_view
from dev.provider.keys import record_of
from dev.provider.records import Method, Payment, Refund
from dev.provider.refunds import RefundOrder
from dev.provider.refusals import Refusal, Why


async def _create(request: Request) -> Response:
    body = await read_body(request, CreateRefund)
    order = RefundOrder(
        key=read_key(request),
        reference=body.reference,
        payment=body.payment,
        amount_minor=body.amount_minor,
        currency=body.currency,
    )
    db = provider_of(request).store.db
    payment = records.find(db, Payment, body.payment)
    method = records.find(db, Method, payment.method) if payment else None
    return await act_once(request, body, Act("refund", method, Refund, lambda _: refunds.refund(db, order)))


async def _get(request: Request) -> Response:
    refund_id = request.path_params["id"]
    db = provider_of(request).store.db
    return await _query(request, [records.get(db, Refund, refund_id)], lambda found: refund_view(found[0]))


async def _list(request: Request) -> Response:
    db = provider_of(request).store.db
    match list(request.query_params.multi_items()):
        case [("reference", reference)]:
            found = records.by_reference(db, Refund, reference)
        case [("key", key)]:
            one = records.find(db, Refund, record_of(db, key) or "")
            found = [one] if one else []
        case _:
            raise Refusal(Why.INVALID_REQUEST, "ask by one reference or by one key")
    return await _query(request, found, lambda found: {"refunds": [refund_view(one) for one in found]})


async def _query(request: Request, found: list[Refund], view: Callable[[list[Refund]], View]) -> Response:
    with provider_of(request).store.write() as db:
        method = records.find(db, Method, found[0].method) if found else None
        plan = plan_request(db, "query", method, None)

    def run() -> View:
        return view([records.get(db, Refund, one.id) for one in found])

    return await act_freely(request, plan, run)


ROUTES = [
    Route("/v1/refunds", _create, methods=["POST"]),
    Route("/v1/refunds", _list, methods=["GET"]),
    Route("/v1/refunds/{id}", _get, methods=["GET"]),
]
