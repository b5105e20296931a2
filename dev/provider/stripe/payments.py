"""Payment intents and refunds over HTTP."""

import re
import sqlite3

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import holds, records, refunds
from dev.provider.http.bodies import read_key
from dev.provider.http.keyed import Act, act_once, provider_of
from dev.provider.http.views import View
from dev.provider.records import Intent, Method, Payment, Refund
from dev.provider.refunds import RefundOrder
from dev.provider.refusals import Refusal, Why
from dev.provider.stripe import intents
from dev.provider.stripe.answers import Manner, broken, freely, page_of
from dev.provider.stripe.forms import CaptureIntent, ConfirmIntent, CreateIntent, CreateRefund, Form, Page, read_form
from dev.provider.stripe.names import inward
from dev.provider.stripe.views import intent_view, refund_view
from domain.payments.gateways.stripe_amounts import from_stripe

_QUERY = re.compile(r'metadata\["reference"\]:"((?:[^"\\]|\\.)*)"')


async def _create(request: Request) -> Response:
    form = await read_form(request, CreateIntent)
    db = provider_of(request).store.db
    act = Act("intent", None, Intent, lambda _: intents.create(db, form))
    return await act_once(request, form, act, Manner(lambda made: (200, _view(request, made, form))))


async def _confirm(request: Request) -> Response:
    form, key = await read_form(request, ConfirmIntent), read_key(request)
    if again := broken(request):
        return again
    db, id = provider_of(request).store.db, _id(request)
    act = Act(
        "charge", _method(db, records.find(db, Intent, id)), Intent,
        lambda decline: intents.confirm(db, id, key, form, decline),
    )  # fmt: skip
    return await act_once(request, form, act, Manner(lambda done: _outcome(_view(request, done, form))))


def _outcome(view: View) -> tuple[int, View]:
    """A decline is an error that holds the intent."""
    said = view["last_payment_error"]
    if not isinstance(said, dict):
        return 200, view
    return 402, {"error": {**said, "type": "card_error", "message": "declined", "payment_intent": view}}


async def _capture(request: Request) -> Response:
    form = await read_form(request, CaptureIntent)
    if again := broken(request):
        return again
    db = provider_of(request).store.db
    intent = records.get(db, Intent, _id(request))
    minor = _minor(form.amount_to_capture, intent.currency)

    def run(_: str | None) -> Payment:
        return holds.capture(db, intents.payment_of(db, request.path_params["id"]).id, minor, final=form.final_capture)

    act = Act("capture", _method(db, intent), Payment, run)
    return await act_once(request, form, act, Manner(lambda _: (200, _view(request, intent, form))))


async def _cancel(request: Request) -> Response:
    form = await read_form(request, Form)
    store = provider_of(request).store
    intent = records.get(store.db, Intent, _id(request))

    def run() -> View:
        with store.write() as db:
            return _view(request, intents.cancel(db, intent.id), form)

    return await freely(request, "void", _method(store.db, intent), run)


async def _get(request: Request) -> Response:
    form = await read_form(request, Form)
    db = provider_of(request).store.db
    intent = records.get(db, Intent, _id(request))
    return await freely(request, "query", _method(db, intent), lambda: _view(request, intent, form))


async def _search(request: Request) -> Response:
    """By the reference alone; the index is never behind here."""
    asked = await read_form(request, Page)
    match = _QUERY.fullmatch(asked.query)
    if match is None:
        raise Refusal(Why.INVALID_REQUEST, "search for the metadata of one reference")
    db = provider_of(request).store.db
    found = records.by_reference(db, Intent, re.sub(r"\\(.)", r"\1", match[1]))
    method = _method(db, found[0]) if found else None
    return await freely(
        request, "query", method, lambda: page_of([_view(request, one, asked) for one in reversed(found)], asked)
    )  # fmt: skip


async def _list(request: Request) -> Response:
    asked = await read_form(request, Page)
    db = provider_of(request).store.db
    views = [_view(request, one, asked) for one in reversed(records.every(db, Intent))]
    return await freely(request, "query", None, lambda: page_of(views, asked))


async def _refund(request: Request) -> Response:
    form, key = await read_form(request, CreateRefund), read_key(request)
    if again := broken(request):
        return again
    db = provider_of(request).store.db
    payment = intents.payment_of(db, form.payment_intent)
    left = payment.captured_minor - payment.refunded_minor - payment.disputed_minor
    minor = _minor(form.amount, payment.currency)
    order = RefundOrder(
        key=key,
        reference=form.metadata.get(intents.REFERENCE, ""),
        payment=payment.id,
        amount_minor=left if minor is None else minor,
        currency=payment.currency,
        metadata=form.metadata,
    )
    act = Act("refund", records.get(db, Method, payment.method), Refund, lambda _: refunds.refund(db, order))
    return await act_once(request, form, act, Manner(lambda made: (200, refund_view(made))))


async def _get_refund(request: Request) -> Response:
    db = provider_of(request).store.db
    found = records.get(db, Refund, _id(request))
    method = records.get(db, Method, found.method)
    return await freely(request, "query", method, lambda: refund_view(records.get(db, Refund, found.id)))


async def _list_refunds(request: Request) -> Response:
    asked = await read_form(request, Page)
    db = provider_of(request).store.db
    method, wanted = None, None
    if asked.payment_intent:
        intent = records.get(db, Intent, inward(asked.payment_intent))
        method, wanted = _method(db, intent), intent.payment

    def run() -> View:
        found = [one for one in reversed(records.every(db, Refund)) if wanted in (None, one.payment)]
        return page_of([refund_view(one) for one in found], asked)

    return await freely(request, "query", method, run)


def _minor(amount: int | None, currency: str) -> int | None:
    if amount is None:
        return None
    money = from_stripe(amount, currency)
    if money is None:
        raise Refusal(Why.INVALID_REQUEST, "no such amount in this currency")
    return money.minor


def _id(request: Request) -> str:
    return inward(request.path_params["id"])


def _method(db: sqlite3.Connection, intent: Intent | None) -> Method | None:
    return records.find(db, Method, intent.method) if intent and intent.method else None


def _view(request: Request, intent: Intent, form: Form) -> View:
    provider = provider_of(request)
    expand = [name.removeprefix("data.") for name in form.expand]
    return intent_view(provider.store.db, intent, provider.settings.provider_url, expand)


ROUTES = [
    Route("/v1/payment_intents", _create, methods=["POST"]),
    Route("/v1/payment_intents", _list, methods=["GET"]),
    Route("/v1/payment_intents/search", _search, methods=["GET"]),
    Route("/v1/payment_intents/{id}", _get, methods=["GET"]),
    Route("/v1/payment_intents/{id}/confirm", _confirm, methods=["POST"]),
    Route("/v1/payment_intents/{id}/capture", _capture, methods=["POST"]),
    Route("/v1/payment_intents/{id}/cancel", _cancel, methods=["POST"]),
    Route("/v1/refunds", _refund, methods=["POST"]),
    Route("/v1/refunds", _list_refunds, methods=["GET"]),
    Route("/v1/refunds/{id}", _get_refund, methods=["GET"]),
]
