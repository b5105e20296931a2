"""Nothing is spent twice: whoever calls at once, under keys of their own, through two processes of the API."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.app import build_app
from domain.reactions.work import do_now
from runtime.settings import Settings
from tests.api_callers import START, Api, Caller, Guest, key, running
from tests.bad_input_stage import mutation
from tests.lives import wrong_rows
from tests.mishaps import later
from tests.webhook_desk import Desk

AT_ONCE = 12
BALANCE = "{ viewer { customer { balance { receivable { minorUnits } credit { minorUnits } } } } }"


@pytest.fixture
async def doors(api: Api, process_settings: Settings) -> AsyncIterator[tuple[Api, Api]]:
    """Two processes of the API behind one load balancer: they share nothing but the servers."""
    async with running(build_app(process_settings)) as http:
        yield api, Api(http, api.world, api.issuer, api.mint)


async def at_once(callers: list[Caller], name: str, **given: Any) -> list[str]:
    """What came of that many calls of a mutation, each under its own key: a refusal's code, or nothing."""

    async def call(caller: Caller) -> str:
        own = {**given, "idempotencyKey": key()}
        while True:  # as a client does: the same call under the same key while it is told to try again
            errors = (await caller.call(mutation(name), **own))["errors"]
            if not errors or not errors[0]["retryable"]:
                return errors[0]["code"] if errors else ""

    return sorted(await asyncio.gather(*(call(callers[number % len(callers)]) for number in range(AT_ONCE))))


def everywhere(doors: tuple[Api, Api], caller: Caller) -> list[Caller]:
    """The same caller at each door."""
    return [Caller(door.http, caller.token) for door in doors]


async def owed(api: Api, guest: Guest) -> tuple[str, str]:
    """What the customer owes and has in credit, once what waited for another's lock too long was done by a worker."""
    for minutes in range(0, 10, 2):
        balance = (await guest.data(BALANCE))["viewer"]["customer"]["balance"]
        if balance["receivable"]["minorUnits"] == "0":
            break
        await do_now(later(api.world.house, timedelta(minutes=minutes)), guest.who.id)
    return balance["receivable"]["minorUnits"], balance["credit"]["minorUnits"]


@pytest.mark.row("M1")
@pytest.mark.row("M2")
async def test_one_invoice_is_paid_once_however_many_pay_it(doors: tuple[Api, Api], desk: Desk) -> None:
    api, _ = doors
    guest = await api.guest("tok_insufficient_funds")
    bought = await guest.do(START, priceId=str(api.world.prices["starter"]))
    await api.world.card(guest.who)
    told = await at_once(everywhere(doors, guest), "payInvoice", invoiceId=bought["invoice"]["id"])
    assert told.count("") == 1
    assert set(told) <= {"", "NOTHING_DUE", "PAYMENT_IN_PROGRESS"}
    books = await desk.books(guest.who)
    assert [each["captured_minor"] for each in books["payments"] if each["captured_minor"]] == [1000]
    assert await owed(api, guest) == ("0", "0")
    assert await wrong_rows(api.world, guest.who) == []


@pytest.mark.row("M1")
@pytest.mark.row("M2")
async def test_one_plan_is_bought_once_however_many_buy_it(doors: tuple[Api, Api], desk: Desk) -> None:
    api, _ = doors
    guest = await api.guest("tok_visa")
    told = await at_once(everywhere(doors, guest), "startSubscription", priceId=str(api.world.prices["team"]))
    assert told == [""] + ["ALREADY_EXISTS"] * (AT_ONCE - 1)
    assert (await desk.books(guest.who))["captured_minor"] == {"EUR": 2000}
    assert await owed(api, guest) == ("0", "0")
    assert await wrong_rows(api.world, guest.who) == []


@pytest.mark.row("M1")
@pytest.mark.row("M2")
async def test_one_payment_is_given_back_no_further_than_it_was_taken(doors: tuple[Api, Api], desk: Desk) -> None:
    api, _ = doors
    guest, bought = await api.subscriber()
    support = [each for _ in range(2) for each in everywhere(doors, await api.staff())]
    told = await at_once(
        support,
        "refundPayment",
        customerId=guest.id,
        paymentId=bought["invoice"]["payments"][0]["id"],
        amount={"minorUnits": "300", "currency": "EUR"},
        reason="It rained.",
    )
    assert told == ["", "", ""] + ["EXCEEDS_CAPTURED"] * (AT_ONCE - 3)
    books = await desk.books(guest.who)
    assert (books["captured_minor"], books["refunded_minor"]) == ({"EUR": 1000}, {"EUR": 900})
    assert await wrong_rows(api.world, guest.who) == []
