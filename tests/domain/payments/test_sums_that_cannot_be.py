"""A payment whose sums cannot be, as a provider tells of it: Unknown as an answer, and no event; nothing is booked."""

import msgspec
import pytest

from domain.money import Currency, Money
from domain.payments.gateway import Authorized, Captured, MalformedEvent, Unknown
from domain.payments.gateways.sandbox_events import read_event as sandbox_event
from domain.payments.gateways.sandbox_wire import WireFailure, WirePayment, read_charge
from domain.payments.gateways.stripe_events import read_event as stripe_event
from domain.payments.gateways.stripe_read import read_moved
from domain.payments.gateways.stripe_wire import WireIntent

TEN = Money(1000, Currency("EUR"))


def held(status: str, granted: int, taken: int, left: int) -> WirePayment:
    """A hold of the sandbox."""
    return WirePayment(
        "payment_1", "ours", status, 1000, taken, "EUR", WireFailure("x"), None, {}, "manual", granted, left
    )


def intent(status: str, taken: int, left: int) -> WireIntent:
    """A hold of Stripe's."""
    return WireIntent("pi_1", status, 1000, "eur", 1, left, taken, "manual")


SUMS = [
    ("authorized", 1000, 1, -1),
    ("authorized", 1000, -1, 1),
    ("authorized", 1000, 1, 1000),
    ("authorized", 1000, 0, 0),
    ("succeeded", 1000, -5, 0),
    ("succeeded", 1000, 0, 0),
    ("succeeded", 1000, 400, -1),
    ("returned", 1000, 0, 0),
]


@pytest.mark.row("C3")
@pytest.mark.parametrize(("status", "granted", "taken", "left"), SUMS)
def test_an_answer_of_sums_that_cannot_be_is_unknown(status: str, granted: int, taken: int, left: int) -> None:
    assert isinstance(read_charge(held(status, granted, taken, left), "ours", TEN), Unknown)


@pytest.mark.parametrize(("status", "taken", "left"), [("requires_capture", 1, -1), ("requires_capture", -1, 2),
                                                       ("succeeded", -5, 0), ("succeeded", 400, -1)])  # fmt: skip
def test_an_intent_of_sums_that_cannot_be_is_unknown(status: str, taken: int, left: int) -> None:
    assert read_moved(intent(status, taken, left)) == Unknown("mismatch")


def test_sums_that_can_be_are_read() -> None:
    part, rest = Money(400, TEN.currency), Money(600, TEN.currency)
    assert read_charge(held("authorized", 1000, 400, 600), "ours", TEN) == Authorized(
        "payment_1", TEN, part, rest, None
    )
    assert read_charge(held("succeeded", 1000, 400, 0), "ours", TEN) == Captured("payment_1", part, TEN, None)
    assert read_charge(held("succeeded", 0, 1000, 0), "ours", TEN) == Captured("payment_1", TEN, None, None)
    assert read_moved(intent("requires_capture", 400, 600)) == Authorized("pi_1", TEN, part, rest, None)


@pytest.mark.parametrize("name", ["captured_minor", "capturable_minor"])
def test_an_event_of_less_than_nothing_is_no_event(name: str) -> None:
    payment = msgspec.to_builtins(held("succeeded", 1000, 400, 600)) | {name: -1}
    said = {"id": "e", "type": "payment.captured", "sequence": 1, "created_at": "2027-01-01T00:00:00Z"}
    body = msgspec.json.encode(said | {"object": payment})
    with pytest.raises(MalformedEvent):
        sandbox_event(body, "e")


@pytest.mark.parametrize("name", ["amount_received", "amount_capturable"])
def test_an_event_of_stripe_s_of_less_than_nothing_is_no_event(name: str) -> None:
    told = msgspec.to_builtins(intent("succeeded", 400, 600)) | {name: -1, "latest_charge": None}
    said = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1, "livemode": False}
    with pytest.raises(MalformedEvent):
        stripe_event(msgspec.json.encode(said | {"data": {"object": told}}))
