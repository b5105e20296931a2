"""Payment methods over HTTP."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import records
from dev.provider.behaviour import plan_request
from dev.provider.http.bodies import AddMethod, read_body
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import act_freely, provider_of
from dev.provider.http.views import View, method_view
from dev.provider.methods import add_method, detach_method
from dev.provider.records import Method
from dev.provider.tokens import every_token


async def _add(request: Request) -> Response:
    body = await read_body(request, AddMethod)
    store = provider_of(request).store
    with store.write() as db:
        method = add_method(db, body.token)
        plan = plan_request(db, "method", method, None)
    return await act_freely(request, plan, lambda: method_view(method))


async def _get(request: Request) -> Response:
    return Json(method_view(records.get(provider_of(request).store.db, Method, request.path_params["id"])))


async def _detach(request: Request) -> Response:
    store = provider_of(request).store
    with store.write() as db:
        method = records.get(db, Method, request.path_params["id"])
        plan = plan_request(db, "method", method, None)

    def run() -> View:
        with store.write() as db:
            return method_view(detach_method(db, method.id))

    return await act_freely(request, plan, run)


async def _tokens(_: Request) -> Response:
    return Json({"tokens": every_token()})


ROUTES = [
    Route("/v1/payment_methods", _add, methods=["POST"]),
    Route("/v1/payment_methods/{id}", _get, methods=["GET"]),
    Route("/v1/payment_methods/{id}/detach", _detach, methods=["POST"]),
    Route("/v1/test_tokens", _tokens, methods=["GET"]),
]
