"""A payment whose sums cannot be, as a provider tells of it: Unknown as an answer, and no event; nothing is booked."""

from dataclasses import replace

import msgspec
import pytest

from domain.money import Currency, Money
from domain.payments.gateway import Authorized, Captured, MalformedEvent, Unknown
from domain.payments.gateways.sandbox_events import read_event as sandbox_event
from domain.payments.gateways.sandbox_wire import WireFailure, WirePayment, read_charge
from domain.payments.gateways.stripe_events import read_event as stripe_event
from domain.payments.gateways.stripe_read import read_moved
from domain.payments.gateways.stripe_wire import WireIntent
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from runtime.provider_watch import Watched
from tests.domain.payments.test_held_payments import held, now, sums
from tests.lives import by_house, invoices_of, is_entitled, wrong_rows
from tests.webhook_desk import Desk, made_up
from tests.world import World

TEN = Money(1000, Currency("EUR"))


def hold_of(status: str, granted: int, taken: int, left: int) -> WirePayment:
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
    assert isinstance(read_charge(hold_of(status, granted, taken, left), "ours", TEN), Unknown)


@pytest.mark.parametrize(("status", "taken", "left"), [("requires_capture", 1, -1), ("requires_capture", -1, 2),
                                                       ("succeeded", -5, 0), ("succeeded", 400, -1)])  # fmt: skip
def test_an_intent_of_sums_that_cannot_be_is_unknown(status: str, taken: int, left: int) -> None:
    assert read_moved(intent(status, taken, left)) == Unknown("mismatch")


def test_sums_that_can_be_are_read() -> None:
    part, rest = Money(400, TEN.currency), Money(600, TEN.currency)
    assert read_charge(hold_of("authorized", 1000, 400, 600), "ours", TEN) == Authorized(
        "payment_1", TEN, part, rest, None
    )
    assert read_charge(hold_of("succeeded", 1000, 400, 0), "ours", TEN) == Captured("payment_1", part, TEN, None)
    assert read_charge(hold_of("succeeded", 0, 1000, 0), "ours", TEN) == Captured("payment_1", TEN, None, None)
    assert read_moved(intent("requires_capture", 400, 600)) == Authorized("pi_1", TEN, part, rest, None)


@pytest.mark.parametrize("name", ["captured_minor", "capturable_minor"])
def test_an_event_of_less_than_nothing_is_no_event(name: str) -> None:
    payment = msgspec.to_builtins(hold_of("succeeded", 1000, 400, 600)) | {name: -1}
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


@pytest.mark.row("C1")
@pytest.mark.parametrize(
    ("kind", "granted", "taken", "left"),
    [
        ("captured", 1000, 0, 1000),
        ("captured", 1000, 1000, 1),
        ("authorized", 1000, 0, 0),
        ("authorized", 1, 0, 2),
    ],
)
async def test_news_of_a_hold_that_cannot_be_so_is_not_believed_but_asked_about(
    world: World, desk: Desk, caplog: pytest.LogCaptureFixture, kind: str, granted: int, taken: int, left: int
) -> None:
    house = world.house
    house = replace(house, gateways={name: Watched(each) for name, each in house.gateways.items()})
    ada, hold = await held(world)
    metadata = {"payment": str(hold.id), "customer": str(ada.id)}
    facts = {"id": hold.provider_ref, "reference": str(hold.id), "metadata": metadata, "capture": "manual"}
    told = {"authorized_minor": granted, "captured_minor": taken, "capturable_minor": left}
    with caplog.at_level("INFO", "quittance.provider"):
        assert await desk.take(made_up(f"payment.{kind}", facts, **told), house) == "applied"
    assert [vars(each)["call"] for each in caplog.records if each.name == "quittance.provider"] == ["find_charge"]
    below = made_up(f"payment.{kind}", facts, **told | {"capturable_minor": -1})
    assert ((await desk.deliver(below)).status_code, await desk.kept(below)) == (422, None)
    assert sums(await now(world, ada, hold.id)) == (1000, 0, 1000, 0)
    assert ((await invoices_of(world, ada))[0].state.name, await is_entitled(world, ada)) == ("open", False)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C1")
async def test_nothing_taken_is_booked_as_nothing_however_often_it_is_told(world: World) -> None:
    ada, hold = await held(world)
    nothing = Money(0, TEN.currency)
    for news in (News.CAPTURED, News.CAPTURED, News.AUTHORIZED):
        told = SettlePayment(
            hold.id, news, hold.provider_ref, nothing, None, False, confirmed=True, authorized=TEN, capturable=TEN
        )
        await by_house(world, ada, settle_payment, told)
        assert sums(await now(world, ada, hold.id)) == (1000, 0, 1000, 0)
    assert await wrong_rows(world, ada) == []
