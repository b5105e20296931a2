"""The tester's side door: faults on demand, webhooks on demand, and the books as witness."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.provider import disputes, keys
from dev.provider.behaviour import Behaviour, clear_behaviour, scope_of, set_behaviour
from dev.provider.books import read_books
from dev.provider.delivery import held_events
from dev.provider.events import number_of
from dev.provider.http import bodies
from dev.provider.http.bodies import read_body
from dev.provider.http.faulty import Json
from dev.provider.http.keyed import provider_of
from dev.provider.http.views import view_of
from dev.provider.provider import settle
from dev.provider.records import Record
from dev.provider.refusals import Refusal, Why
from dev.provider.settlements import pay_out
from dev.provider.tokens import DECLINES


async def _set_behaviour(request: Request) -> Response:
    body = await read_body(request, bodies.SetBehaviour)
    if body.decline is not None and body.decline not in DECLINES:
        raise Refusal(Why.INVALID_REQUEST, "no such decline code")
    fields = {name: getattr(body, name) for name in Behaviour.__struct_fields__}
    with provider_of(request).store.write() as db:
        set_behaviour(db, scope_of(body.token, body.method), Behaviour(**fields))
    return Json({})


async def _clear_behaviour(request: Request) -> Response:
    """Of `token` or `method` in the query; without one, of everybody."""
    asked = request.query_params
    with provider_of(request).store.write() as db:
        clear_behaviour(db, scope_of(asked.get("token"), asked.get("method")))
    return Json({})


async def _deliver(request: Request) -> Response:
    """Answers once all are sent, with what the receiver said to each."""
    body = await read_body(request, bodies.Deliver)
    provider = provider_of(request)
    if body.events is None:
        numbers = held_events(provider.store.db, body.method, body.token, body.object)
    else:
        numbers = [number_of(provider.store.db, event) for event in body.events]
    sent = await provider.courier.deliver_now(numbers, body.order, body.seed, body.times, body.url)
    return Json({"deliveries": [{"event": one.event, "type": one.type, "status": one.status} for one in sent]})


async def _settle(request: Request) -> Response:
    body = await read_body(request, bodies.Settle)
    return _told(request, settle(provider_of(request), request.path_params["id"], body.outcome))


async def _open_dispute(request: Request) -> Response:
    body = await read_body(request, bodies.OpenDispute)
    with provider_of(request).store.write() as db:
        claim = disputes.Claim(body.payment, body.amount_minor, body.reason, body.answer_ms)
        dispute = disputes.open_dispute(db, claim)
    return _told(request, dispute)


async def _close_dispute(request: Request) -> Response:
    body = await read_body(request, bodies.CloseDispute)
    with provider_of(request).store.write() as db:
        dispute = disputes.decide(
            db, request.path_params["id"], body.outcome, fee_back=body.fee_back, again=body.again
        )  # fmt: skip
    return _told(request, dispute)


async def _pay_out(request: Request) -> Response:
    body = await read_body(request, bodies.PayOut)
    with provider_of(request).store.write() as db:
        payout = pay_out(db, body.currency, body.payments)
    return _told(request, payout)


async def _release(request: Request) -> Response:
    """Let the late request under a key act now; answers once it has."""
    key = (await read_body(request, bodies.OfKey)).key
    late = provider_of(request).late.get(key)
    if late is None:
        raise Refusal(Why.NOT_WAITING, "no request is late under this key")
    late.release.set()
    await late.acted.wait()
    return Json({})


async def _forget_key(request: Request) -> Response:
    key = (await read_body(request, bodies.OfKey)).key
    with provider_of(request).store.write() as db:
        keys.forget(db, key)
    return Json({})


async def _reset(request: Request) -> Response:
    body = await read_body(request, bodies.Reset)
    store = provider_of(request).store
    if body.what == "everything":
        store.forget_everything()
    else:
        with store.write() as db:
            clear_behaviour(db, None)
    return Json({})


async def _books(request: Request) -> Response:
    """Every charge, refund and dispute with its amounts; `customer` narrows to the metadata of one customer."""
    return Json(read_books(provider_of(request).store.db, request.query_params.get("customer")))


def _told(request: Request, record: Record) -> Response:
    provider = provider_of(request)
    provider.wake.set()
    return Json(view_of(record, provider.settings.provider_url))


ROUTES = [
    Route("/admin/behaviour", _set_behaviour, methods=["POST"]),
    Route("/admin/behaviour", _clear_behaviour, methods=["DELETE"]),
    Route("/admin/webhooks/deliver", _deliver, methods=["POST"]),
    Route("/admin/settle/{id}", _settle, methods=["POST"]),
    Route("/admin/disputes", _open_dispute, methods=["POST"]),
    Route("/admin/disputes/{id}/close", _close_dispute, methods=["POST"]),
    Route("/admin/payouts", _pay_out, methods=["POST"]),
    Route("/admin/release", _release, methods=["POST"]),
    Route("/admin/keys/forget", _forget_key, methods=["POST"]),
    Route("/admin/reset", _reset, methods=["POST"]),
    Route("/admin/books", _books, methods=["GET"]),
]
