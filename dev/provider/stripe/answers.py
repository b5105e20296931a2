"""How Stripe answers: errors in its shape, faults as they look there, lists a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from dev.provider.behaviour import Operation, plan_request
from dev.provider.faults import Fault
from dev.provider.http.faulty import Json, play
from dev.provider.http.keyed import Answered, act_freely, provider_of
from dev.provider.http.views import View
from dev.provider.records import Method
from dev.provider.refusals import Refusal, Why
from dev.provider.stripe.forms import Page

_CODES: Final = {
    Why.NOT_FOUND: (404, "resource_missing"),
    Why.UNKNOWN_TOKEN: (404, "resource_missing"),
    Why.METHOD_NOT_ACCEPTED: (402, "card_declined"),
    Why.METHOD_DETACHED: (400, "payment_method_unexpected_state"),
    Why.RETURN_URL: (400, "parameter_missing"),
    Why.NOT_CAPTURABLE: (400, "payment_intent_unexpected_state"),
    Why.NOT_VOIDABLE: (400, "payment_intent_unexpected_state"),
    Why.NOT_REFUNDABLE: (400, "charge_not_refundable"),
    Why.EXCEEDS_AUTHORIZED: (400, "amount_too_large"),
    Why.EXCEEDS_CAPTURED: (400, "amount_too_large"),
    Why.KEY_IN_PROGRESS: (409, "idempotency_key_in_use"),
}
_RETRY_HEADER: Final = {"Retry-After": "1"}
_AMOUNTS: Final = ("amount", "amount_received", "amount_capturable", "amount_captured", "amount_authorized")


def failure(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: object) -> Json:
    """An error body."""
    kind = {402: "card_error", 500: "api_error"}.get(status, "invalid_request_error")
    return Json({"error": {"type": kind, "code": code, "message": message, **more}}, status, headers)


async def refused(_: Request, refusal: Exception) -> Response:
    """What the books refuse, in Stripe's words."""
    assert isinstance(refusal, Refusal)
    if refusal.why is Why.KEY_REUSED:
        return Json({"error": {"type": "idempotency_error", "message": refusal.message}}, 400)
    status, code = _CODES.get(refusal.why, (400, "parameter_invalid"))
    return failure(status, code, refusal.message)


async def stripe_play(fault: Fault, request: Request, view: View, status: int) -> Response:
    """The faults as Stripe shows them; 503 says nothing there, so what surely did nothing is a lock that is held."""
    match fault:
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            provider_of(request).broken.add(request.headers.get("Idempotency-Key", ""))
            return failure(500, "", "something went wrong")
        case Fault.UNAVAILABLE:
            return failure(429, "lock_timeout", "another request holds the object", _RETRY_HEADER)
        case Fault.RATE_LIMITED:
            return failure(429, "rate_limit", "too many requests", _RETRY_HEADER)
        case Fault.WRONG_AMOUNT | Fault.WRONG_CURRENCY:
            return Json(_falsified(view, fault), status)
    return await play(fault, request, view, status)


def _falsified(view: View, fault: Fault) -> View:
    """The same object with other money in it."""
    told = dict(view)
    for name, value in view.items():
        if isinstance(value, dict):
            told[name] = _falsified(value, fault)
        elif fault is Fault.WRONG_AMOUNT and name in _AMOUNTS and isinstance(value, int):
            told[name] = value + 1
        elif fault is Fault.WRONG_CURRENCY and name == "currency":
            told[name] = "usd" if value == "eur" else "eur"
    return told


@dataclass(frozen=True, slots=True)
class Manner:
    """An answer under a key: `view` gives the status and the body."""

    view: Callable[[Any], tuple[int, View]]

    def answer(self, record: Any, *, replayed: bool) -> Answered:
        """With the mark of a first answer that is given again."""
        status, view = self.view(record) if record else (200, {})
        return Answered(status, view, {"Idempotent-Replayed": "true"} if replayed else None)

    async def play(self, fault: Fault, request: Request, view: View, status: int) -> Response:
        """As everywhere here."""
        return await stripe_play(fault, request, view, status)


def broken(request: Request) -> Response | None:
    """The failure of the server that was the first answer under this key, given again."""
    if request.headers.get("Idempotency-Key", "") not in provider_of(request).broken:
        return None
    return failure(500, "", "something went wrong", {"Idempotent-Replayed": "true"})


async def freely(
    request: Request, operation: Operation, method: Method | None, run: Callable[[], View]
) -> Response:  # fmt: skip
    """Something that needs no key, under the faults of the method."""
    with provider_of(request).store.write() as db:
        plan = plan_request(db, operation, method, None)
    return await act_freely(request, plan, run, stripe_play)


def page_of(newest_first: Sequence[View], asked: Page) -> View:
    """The part of a list that is asked for; a cursor that is not in it is refused."""
    ids = [view["id"] for view in newest_first]
    cursor = asked.starting_after or asked.ending_before
    if cursor is not None and cursor not in ids:
        raise Refusal(Why.NOT_FOUND, "no such object to go on from")
    if asked.ending_before:
        before = newest_first[: ids.index(asked.ending_before)]
        data, more = before[-asked.limit :], len(before) > asked.limit
    else:
        start = ids.index(asked.starting_after) + 1 if asked.starting_after else 0
        data, more = newest_first[start : start + asked.limit], len(newest_first) > start + asked.limit
    return {"object": "list", "data": list(data), "has_more": more}
