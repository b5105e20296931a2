"""Refunds through Stripe, which knows no search for them: they are listed under their charge."""

from typing import Any, Final

from domain.money import Money
from domain.payments.gateway import (
    NotFound,
    RefundAnswer,
    RefundFailed,
    RefundFound,
    RefundRequest,
    Unavailable,
    Unknown,
)
from domain.payments.gateways.stripe_amounts import to_stripe
from domain.payments.gateways.stripe_calls import LOST, MOST, intent_now
from domain.payments.gateways.stripe_charge import NOT_EXACT
from domain.payments.gateways.stripe_http import Heard, KeyTaken, Turned, ask
from domain.payments.gateways.stripe_read import REFERENCE, read_refund
from domain.payments.gateways.stripe_wire import WireIntent, WireList, WireRefund

_PAGES_MAX: Final = 10  # of a hundred: no charge has a thousand refunds


async def refund(client: Any, request: RefundRequest) -> RefundAnswer:
    """As the port says; Stripe refunds in the charge's currency whatever was meant, so that is compared first."""
    charge = await intent_now(client, request.charge_ref)
    if isinstance(charge, Turned):
        return Unknown(LOST) if charge.missing else RefundFailed(None, charge.code)
    if not isinstance(charge, WireIntent):
        return charge
    amount = to_stripe(request.money)
    if charge.currency.upper() != request.money.currency.code or amount is None:
        return RefundFailed(None, NOT_EXACT if amount is None else "currency_mismatch")
    params = {
        "payment_intent": request.charge_ref,
        "amount": amount,
        "metadata": {**charge.metadata, REFERENCE: request.reference},
    }
    answer = await ask(client.refunds.create_async(params, {"idempotency_key": request.key}))
    if isinstance(answer, Turned):
        return RefundFailed(None, answer.code)
    if isinstance(answer, KeyTaken):
        return Unknown("the key was used for another request")
    made = answer.read(WireRefund) if isinstance(answer, Heard) else answer
    if isinstance(answer, Heard) and answer.replayed and isinstance(made, WireRefund):
        again = await ask(client.refunds.retrieve_async(made.id))
        made = again.read(WireRefund) if isinstance(again, Heard) else Unknown("a refund that cannot be looked at")
    return _read(made, request.reference, request.money) if isinstance(made, WireRefund) else made


async def find_refund(client: Any, reference: str, asked: Money, charge_ref: str) -> RefundFound:
    """What became of the refund of that charge; the list is never behind."""
    turn: dict[str, object] = {}
    for _ in range(_PAGES_MAX):
        page = await _page(client, {"payment_intent": charge_ref, "limit": MOST, **turn})
        if not isinstance(page, WireList):
            return page
        mine = [each for each in page.data if each.metadata.get(REFERENCE) == reference]
        if len(mine) > 1:
            return Unknown("several objects under one reference")
        if mine:
            return read_refund(mine[0], asked)
        if not page.has_more:
            return NotFound()
        turn = {"starting_after": page.data[-1].id}
    return Unknown("too many refunds of one charge")


async def _page(client: Any, params: dict[str, object]) -> WireList[WireRefund] | Unknown | Unavailable:
    answer = await ask(client.refunds.list_async(params))
    if isinstance(answer, Turned):
        return Unknown(LOST if answer.missing else answer.code)
    if isinstance(answer, KeyTaken):
        return Unknown("the list was refused")
    return answer.read(WireList[WireRefund]) if isinstance(answer, Heard) else answer


def _read(made: WireRefund, reference: str, asked: Money) -> RefundAnswer:
    return read_refund(made, asked) if made.metadata.get(REFERENCE) == reference else Unknown("mismatch")
