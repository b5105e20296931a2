"""The Stripe-shaped endpoints as an application of their own; methods, customers and reports beside the payments."""

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import methods, records
from dev.provider.behaviour import plan_request
from dev.provider.events import list_events
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import Act, act_freely, act_once, provider_of
from dev.provider.http.views import View
from dev.provider.records import Customer, Intent, Method, new_id
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import list_lines
from dev.provider.stripe import disputes, payments
from dev.provider.stripe.answers import Manner, failure, freely, page_of, refused, stripe_play
from dev.provider.stripe.forms import Attach, CreateCustomer, Page, read_form
from dev.provider.stripe.names import inward, outward, token_of
from dev.provider.stripe.views import customer_view, line_view, method_view
from dev.provider.stripe.webhooks import event_view

_EVENTS_MAX: Final = 1000  # the newest that the list of events goes back to


async def _customer(request: Request) -> Response:
    """A name to keep methods under, with what its client says of it."""
    form, store = await read_form(request, CreateCustomer), provider_of(request).store
    made = Customer(id=new_id(Customer), metadata=form.metadata)
    act = Act("method", None, Customer, lambda _: records.save(store.db, made))
    return await act_once(request, form, act, Manner(lambda made: (200, customer_view(made))))


async def _get_customer(request: Request) -> Response:
    return Json(customer_view(records.get(provider_of(request).store.db, Customer, inward(request.path_params["id"]))))


async def _forget_customer(request: Request) -> Response:
    """Its methods go with it."""
    with provider_of(request).store.write() as db:
        gone = replace(records.get(db, Customer, inward(request.path_params["id"])), deleted=True)
        for method in records.every(db, Method):
            if method.customer == outward(gone.id):
                methods.detach_method(db, method.id)
        return Json(customer_view(records.save(db, gone)))


async def _attach(request: Request) -> Response:
    """A test method's name makes a new method each time, as Stripe's own do."""
    form = await read_form(request, Attach)
    name = request.path_params["id"]
    with provider_of(request).store.write() as db:
        owner = records.find(db, Customer, inward(form.customer))
        if owner and owner.deleted:
            raise Refusal(Why.NOT_FOUND, "no such customer")
        if records.find(db, Method, inward(name)):
            raise Refusal(Why.INVALID_REQUEST, "the payment method belongs to a customer already")
        method = methods.add_method(db, token_of(name), "stripe", form.customer)
        plan = plan_request(db, "method", method, None)
    return await act_freely(request, plan, lambda: method_view(method), stripe_play)


async def _detach(request: Request) -> Response:
    store = provider_of(request).store
    method = records.get(store.db, Method, inward(request.path_params["id"]))
    if method.detached:
        raise Refusal(Why.METHOD_DETACHED, "the payment method belongs to no customer")

    def run() -> View:
        with store.write() as db:
            return method_view(methods.detach_method(db, method.id))

    return await freely(request, "method", method, run)


async def _method(request: Request) -> Response:
    return Json(method_view(records.get(provider_of(request).store.db, Method, inward(request.path_params["id"]))))


async def _lines(request: Request) -> Response:
    """Of payments that were made here, the newest first."""
    asked = await read_form(request, Page)
    provider = provider_of(request)
    db, payout = provider.store.db, inward(asked.payout) if asked.payout else None
    mine = {intent.payment for intent in records.every(db, Intent)}
    found = [line for line in reversed(list_lines(db, payout, None, None)) if line.payment in mine]
    views = [line_view(db, line, provider.settings.provider_url, asked.expand) for line in found]
    return Json(page_of(views, asked))


async def _events(request: Request) -> Response:
    """Of payments that were made here, the newest first; a cursor need not be one of those that are asked for."""
    asked = await read_form(request, Page)
    db, url = provider_of(request).store.db, provider_of(request).settings.provider_url
    mine = {intent.payment for intent in records.every(db, Intent)}
    since = datetime.fromtimestamp(asked.created.get("gte", 0), UTC)
    until = datetime.fromtimestamp(asked.created["lt"], UTC) if "lt" in asked.created else None
    wanted = list_events(db, None, None, _EVENTS_MAX, since, until, asked.delivery_success)
    found = [event for event in reversed(wanted) if {event.subject.id, getattr(event.subject, "payment", "")} & mine]
    views = [event_view(db, event, url) for event in found]
    types = asked.types or ([asked.type] if asked.type else [])
    return Json(page_of([view for view in views if not types or view["type"] in types], asked))


async def _unknown(_: Request, __: Exception) -> Response:
    return failure(404, "", "no such endpoint")


ROUTES = [
    Route("/v1/customers", _customer, methods=["POST"]),
    Route("/v1/customers/{id}", _get_customer, methods=["GET"]),
    Route("/v1/customers/{id}", _forget_customer, methods=["DELETE"]),
    Route("/v1/payment_methods/{id}", _method, methods=["GET"]),
    Route("/v1/payment_methods/{id}/attach", _attach, methods=["POST"]),
    Route("/v1/payment_methods/{id}/detach", _detach, methods=["POST"]),
    Route("/v1/balance_transactions", _lines, methods=["GET"]),
    Route("/v1/events", _events, methods=["GET"]),
]


def stripe_app() -> Starlette:
    """The endpoints; whoever mounts them sets `state.provider`."""
    return Starlette(
        routes=[*payments.ROUTES, *disputes.ROUTES, *ROUTES], exception_handlers={Refusal: refused, 404: _unknown}
    )
