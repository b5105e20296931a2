"""What the customer's browser sees: the page on which an authentication is completed or failed."""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dev.provider import payments, records
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import provider_of
from dev.provider.records import Payment
from dev.provider.refusals import Refusal, Why

_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox bank</title>
<h1>Sandbox bank</h1><p>{text}</p>{form}</html>"""
_FORM: Final = """<form method="post">
<button name="outcome" formaction="?outcome=complete">Complete</button>
<button name="outcome" formaction="?outcome=fail">Fail</button></form>"""


async def _action(request: Request) -> Response:
    """A page with two buttons; with ?outcome=complete or fail, by GET or POST, it is done at once."""
    provider = provider_of(request)
    outcome = request.query_params.get("outcome")
    payment = records.get(provider.store.db, Payment, request.path_params["id"])
    if outcome is None:
        asked = f"Pay {payment.amount_minor} minor units of {escape(payment.currency)}?"
        waits = payment.status == "requires_action"
        return HTMLResponse(_PAGE.format(text=asked if waits else "This is over.", form=_FORM if waits else ""))
    if outcome not in ("complete", "fail"):
        raise Refusal(Why.INVALID_REQUEST, "outcome must be complete or fail")
    with provider.store.write() as db:
        done = payments.authenticate(db, payment.id, passed=outcome == "complete")
    provider.wake.set()
    return HTMLResponse(_PAGE.format(text=f"Done: the payment is {done.status}. You may close this page.", form=""))


async def _healthz(request: Request) -> Response:
    provider_of(request).store.db.execute("SELECT 1 FROM events LIMIT 1")
    return Json({"status": "ok"})


ROUTES = [
    Route("/actions/{id}", _action, methods=["GET", "POST"]),
    Route("/healthz", _healthz, methods=["GET"]),
]
