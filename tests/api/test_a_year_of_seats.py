"""One customer's contract from choosing a plan to the provider's settlement line, every step through its own door."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from domain.actor import Grant
from domain.ids import PaymentId
from domain.ledger.balance import balance
from domain.payments.gateway import LineKind, SettlementLine, SettlementLines
from domain.payments.payment import payment
from tests.api_callers import Api, Caller, Guest
from tests.lives import caught_up, until, wrong_rows
from tests.tax_kit import publish_rate, register, vat
from tests.webhook_desk import Desk
from tests.world import ACCOUNT, EUR, LONG_AGO, fresh, make_world

SEAT, SEATS, MORE_SEATS = 12_000, 5, 8  # 120.00 EUR a seat and year
TENTH, VAT = Fraction(1, 10), Fraction(19, 100)
LEFT = Fraction(184, 366)  # of 2028, a leap year, from the first of July on

_ERRORS = "errors { ... on UserError { code message path } }"
FEATURE = (
    f"mutation ($input: PublishFeatureInput!) {{ publishFeature(input: $input) {{ feature {{ code }} {_ERRORS} }} }}"
)
PLAN = f"mutation ($input: PublishPlanInput!) {{ publishPlan(input: $input) {{ plan {{ id }} {_ERRORS} }} }}"
PRICE = f"mutation ($input: PublishPriceInput!) {{ publishPrice(input: $input) {{ price {{ id }} {_ERRORS} }} }}"
COUPON = f"mutation ($input: PublishCouponInput!) {{ publishCoupon(input: $input) {{ coupon {{ code }} {_ERRORS} }} }}"
INVOICE = """{ id number state subtotal { minorUnits } tax { minorUnits } total { minorUnits } due { minorUnits }
    lines { quantity listAmount { minorUnits } discount { minorUnits } net { minorUnits } tax { minorUnits } }
    payments { id state captured { minorUnits } receipt { number } } }"""
BUY = f"""mutation ($input: StartSubscriptionInput!) {{ startSubscription(input: $input) {{
    subscription {{ id state quantity planVersion {{ id entitlements {{ value }} }} price {{ id }} }}
    invoice {INVOICE} {_ERRORS} }} }}"""
SEATS_NOW = f"""mutation ($input: ChangeQuantityInput!) {{ changeQuantity(input: $input) {{
    subscription {{ quantity state }} {_ERRORS} }} }}"""
LOOK = f"""{{ viewer {{ customer {{
    entitlements {{ feature {{ code }} value access sourceId }}
    subscriptions {{ id state quantity entitled currentPeriod {{ start end }} }}
    invoices(first: 10) {{ edges {{ node {INVOICE} }} }} }} }} }}"""


@dataclass
class Shop:
    """A tenant with an annual plan by the seat, a tenth off for ever, and German VAT."""

    api: Api
    feature: str
    price: str
    coupon: str


@pytest.fixture
async def shop(api: Api) -> AsyncIterator[Shop]:
    """A tenant of its own: its taxes are nobody else's."""
    world = await make_world(api.world.house)
    await world.trust(api.issuer)
    own = replace(api, world=world)
    await publish_rate(world, vat("DE", 190_000))
    await register(world, "DE")
    admin: Caller = await own.staff(Grant.ADMIN)
    feature, coupon = fresh("seats"), fresh("TENTH").upper()
    await admin.do(FEATURE, code=feature, name="Seats", kind="LIMIT")
    terms = {"entitlements": [{"feature": feature, "value": str(SEATS)}]}
    plan = await admin.do(PLAN, code=fresh("annual"), name="Annual", description="By the seat.", rank=5, terms=terms)
    price = await admin.do(
        PRICE, planId=plan["plan"]["id"], amount={"minorUnits": str(SEAT), "currency": "EUR"}, intervalUnit="YEAR",
        effectiveFrom=LONG_AGO.isoformat(),
    )  # fmt: skip
    await admin.do(COUPON, code=coupon, name="A tenth", percentPpm=100_000, duration="FOREVER", scope="ACCOUNT")
    yield Shop(own, feature, price["price"]["id"], coupon)


@pytest.mark.row("N1")
async def test_a_seat_based_annual_plan_from_choice_to_settlement(shop: Shop, desk: Desk) -> None:
    guest = await shop.api.guest("tok_visa")

    bought = await guest.do(BUY, priceId=shop.price, quantity=SEATS, couponCode=shop.coupon)
    contract, first = bought["subscription"], bought["invoice"]
    assert (contract["quantity"], contract["price"]["id"]) == (SEATS, shop.price)
    assert contract["planVersion"]["entitlements"] == [{"value": str(SEATS)}]
    year = rounded(SEATS * SEAT * (1 - TENTH))
    assert amounts(first) == (year, rounded(year * VAT), year + rounded(year * VAT), 0)

    await confirmed(shop, desk, guest, first, before="CAPTURED")
    look = await seen(guest)
    (subscription,) = look["subscriptions"]
    assert (subscription["state"], subscription["entitled"]) == ("ACTIVE", True)
    (allowed,) = look["entitlements"]
    assert (allowed["feature"]["code"], allowed["access"], allowed["value"]) == (shop.feature, "GRANTED", str(SEATS))
    assert allowed["sourceId"] == contract["planVersion"]["id"]

    await until(shop.api.world, guest.who, utc("2028-01-01T02:00"))
    second = (await invoices(shop, guest))[-1]
    assert amounts(second) == amounts(first)
    assert second["lines"] == first["lines"]
    await confirmed(shop, desk, guest, second, before="CAPTURED")

    await until(shop.api.world, guest.who, utc("2028-07-01T00:00"))
    changed = await guest.do(SEATS_NOW, subscriptionId=subscription["id"], quantity=MORE_SEATS)
    assert changed["subscription"] == {"quantity": MORE_SEATS, "state": "ACTIVE"}
    third = (await invoices(shop, guest))[-1]
    given_back, tax_back = rounded(year * LEFT), rounded(rounded(year * VAT) * Fraction(rounded(year * LEFT), year))
    listed = rounded(MORE_SEATS * SEAT * LEFT)
    charged = listed - rounded(listed * TENTH)
    net, tax = charged - given_back, rounded(charged * VAT) - tax_back
    assert amounts(third) == (net, tax, net + tax, 0)
    await confirmed(shop, desk, guest, third, before="CAPTURED")

    bills = (await invoices(shop, guest))[::-1]
    assert [bill["number"] for bill in bills] == [f"ACMETEST-00000{number}" for number in (3, 2, 1)]
    lines = await settlement(shop)
    assert [await settled(shop, guest, bill, lines) for bill in bills] == [amounts(bill)[2] for bill in bills]
    cash = [each["captured_minor"] for each in (await desk.books(guest.who))["payments"]]
    assert sorted(cash) == sorted(amounts(bill)[2] for bill in bills)
    owed = await balance(desk.house.db.primary, guest.who.id, EUR)
    assert (owed.receivable.minor, owed.credit.minor) == (0, 0)
    assert await wrong_rows(shop.api.world, guest.who) == []


async def confirmed(shop: Shop, desk: Desk, guest: Guest, bill: Any, before: str) -> None:
    """The provider's own events confirm the charge, whatever is delivered twice."""
    (charge,) = bill["payments"]
    assert charge["captured"]["minorUnits"] == bill["total"]["minorUnits"]
    assert charge["state"] in (before, "SUCCEEDED")
    known = await payment(desk.house.db.primary, guest.who.id, PaymentId.parse(charge["id"]))
    for event in await desk.events_of(known.provider_ref) * 2:
        await desk.take(event)
    (now,) = next(each for each in await invoices(shop, guest) if each["id"] == bill["id"])["payments"]
    assert (now["state"], bool(now["receipt"])) == ("SUCCEEDED", True)


async def settled(shop: Shop, guest: Guest, bill: Any, lines: list[SettlementLine]) -> int:
    """What the provider settles for the invoice, found by our reference of its charge."""
    reference = bill["payments"][0]["id"]
    (line,) = (each for each in lines if each.reference == reference)
    assert line.kind is LineKind.CHARGE
    known = await payment(shop.api.world.house.db.primary, guest.who.id, PaymentId.parse(reference))
    assert (line.charge_ref, line.fee.currency) == (known.provider_ref, line.gross.currency)
    return line.gross.minor


async def settlement(shop: Shop) -> list[SettlementLine]:
    """Every line of the provider's account, page by page."""
    gateway, found, more = shop.api.world.house.gateway(ACCOUNT), list[SettlementLine](), True
    while more:
        page = await gateway.settlement_lines(None, found[-1].line_ref if found else None, 1000)
        assert isinstance(page, SettlementLines)
        found += page.lines
        more = page.more
    return found


async def seen(guest: Guest) -> Any:
    """What the customer sees."""
    return (await guest.data(LOOK))["viewer"]["customer"]


async def invoices(shop: Shop, guest: Guest) -> list[Any]:
    """The customer's invoices, the oldest first."""
    await caught_up(shop.api.world)
    return sorted((edge["node"] for edge in (await seen(guest))["invoices"]["edges"]), key=lambda bill: bill["number"])


def amounts(bill: Any) -> tuple[int, int, int, int]:
    """Net, tax, total and what is due, in minor units."""
    net, tax, total, due = (int(bill[name]["minorUnits"]) for name in ("subtotal", "tax", "total", "due"))
    return net, tax, total, due


def rounded(exact: Fraction | int) -> int:
    """To the minor unit, half to even."""
    return round(Fraction(exact))


def utc(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(f"{text}+00:00")
