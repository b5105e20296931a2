"""Disputes at the Stripe-shaped endpoints."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import disputes, records
from dev.provider.http.bodies import EVIDENCE_MAX, read_key
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import Act, act_once, provider_of
from dev.provider.http.views import View
from dev.provider.records import Dispute, Evidence, Intent, Method
from dev.provider.stripe.answers import Manner, broken, freely, page_of
from dev.provider.stripe.forms import Form, Page, UpdateDispute, read_form
from dev.provider.stripe.names import inward
from dev.provider.stripe.views import dispute_view, intent_view, seconds


async def _list(request: Request) -> Response:
    """The newest first, of those that were created since an instant, or of one intent."""
    asked = await read_form(request, Page)
    since = asked.created.get("gte", 0)
    found = [one for one in reversed(records.every(provider_of(request).store.db, Dispute)) if _is_mine(request, one)]
    views = [_view(request, one, asked) for one in found if seconds(one.created_at) >= since]
    return Json(page_of([view for view in views if asked.payment_intent in (None, view["payment_intent"])], asked))


async def _get(request: Request) -> Response:
    form = await read_form(request, Form)
    db = provider_of(request).store.db
    found = records.get(db, Dispute, _id(request))
    method = records.find(db, Method, found.method)
    return await freely(
        request, "query", method, lambda: _view(request, records.get(db, Dispute, found.id), form)
    )  # fmt: skip


async def _update(request: Request) -> Response:
    """What is submitted is the whole answer; what is only kept is forgotten here."""
    form = await read_form(request, UpdateDispute, EVIDENCE_MAX)
    evidence = tuple(Evidence(kind=kind, text=text) for kind, text in form.evidence.items())
    return await _act(request, form, lambda id: disputes.submit_evidence(provider_of(request).store.db, id, evidence))


async def _close(request: Request) -> Response:
    form = await read_form(request, Form)
    return await _act(request, form, lambda id: disputes.accept_dispute(provider_of(request).store.db, id))


async def _act(request: Request, form: Form, run: Callable[[str], Dispute]) -> Response:
    read_key(request)
    if again := broken(request):
        return again
    db, id = provider_of(request).store.db, _id(request)
    found = records.get(db, Dispute, id)
    act = Act("dispute", records.find(db, Method, found.method), Dispute, lambda _: run(id))
    return await act_once(request, form, act, Manner(lambda made: (200, _view(request, made, form))))


def _id(request: Request) -> str:
    return inward(request.path_params["id"])


def _is_mine(request: Request, dispute: Dispute) -> bool:
    return _intent(request, dispute) is not None


def _intent(request: Request, dispute: Dispute) -> Intent | None:
    return records.find(provider_of(request).store.db, Intent, f"intent_{dispute.payment.partition('_')[2]}")


def _view(request: Request, dispute: Dispute, form: Form) -> View:
    provider, intent = provider_of(request), _intent(request, dispute)
    whole = {"payment_intent", "data.payment_intent"} & set(form.expand)
    shown = intent_view(provider.store.db, intent, provider.settings.provider_url) if intent and whole else None
    return dispute_view(dispute, shown)


ROUTES = [
    Route("/v1/disputes", _list, methods=["GET"]),
    Route("/v1/disputes/{id}", _get, methods=["GET"]),
    Route("/v1/disputes/{id}", _update, methods=["POST"]),
    Route("/v1/disputes/{id}/close", _close, methods=["POST"]),
]
