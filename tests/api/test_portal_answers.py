"""How answers hold together: neighbours in a document, lists and what belongs to them, work that waits."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dev.story.documents import ADD_METHOD
from domain.actor import Grant
from domain.payments.method import StoreMethod, store_method
from domain.perform import perform
from domain.reactions.events import drain
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.api_callers import START, Api, Guest, key
from tests.statements import statements_seen
from tests.world import fresh

TWO = """mutation ($good: AddPaymentMethodInput!, $bad: AddPaymentMethodInput!) {
    first: addPaymentMethod(input: $good) { paymentMethod { brand } errors { ... on UserError { code } } }
    second: addPaymentMethod(input: $bad) { paymentMethod { brand } errors { ... on UserError { code } } } }"""
DEEP = """{ viewer { customer {
    subscriptions { plan { code prices { id } } nextPlan { code } recovery { attemptsLeft } }
    invoices(first: 4, atLeast: "000000017777777777777777") { edges { node {
        lines { price { version } } payments { method { last4 } receipt { number } refunds { id } } } } } } } }"""
BILLS = """{ viewer { customer { invoices(first: 4, atLeast: "000000017777777777777777") { edges { node {
    overdue taxes { name } discounts { name } lines { explanation { formula } } payments { id }
    creditNotes { lines { description } } } } } } } }"""
PLANS = """{ viewer { customer {
    subscriptions { entitled nextPrice { id } pendingChange { quantity } plan { versions { version } } }
    invoices(first: 4, atLeast: "000000017777777777777777") { edges { node { payments { id } } } } } } }"""
PLAN = """mutation ($input: PublishPlanInput!) { publishPlan(input: $input) {
    plan { id } errors { ... on UserError { code } } } }"""
PRICE = """mutation ($input: PublishPriceInput!) { publishPrice(input: $input) {
    price { id } errors { ... on UserError { code } } } }"""


async def test_a_refused_mutation_leaves_its_neighbour_s_answer_whole(api: Api) -> None:
    guest = await api.guest()
    good = {"token": "tok_visa", "idempotencyKey": key()}
    data = await guest.data(TWO, good=good, bad={"token": "", "idempotencyKey": key()})
    assert data["first"] == {"paymentMethod": {"brand": "visa"}, "errors": []}
    assert data["second"] == {"paymentMethod": None, "errors": [{"code": "INVALID_INPUT"}]}


@pytest.mark.parametrize("document", [DEEP, BILLS, PLANS])
async def test_a_longer_page_asks_the_database_no_more_often(api: Api, document: str) -> None:
    async def asked(guest: Guest) -> int:
        with statements_seen() as seen:
            shown = (await guest.data(document))["viewer"]["customer"]
        assert all(edge["node"]["payments"] for edge in shown["invoices"]["edges"])
        # Looking how far the replica is happens as often as it takes.
        return len([sql for sql in seen if "pg_last_wal_replay_lsn" not in sql])

    guest, _ = await api.subscriber()
    once = await asked(guest)
    for plan in ("team", "yearly"):
        await guest.do(START, priceId=str(api.world.prices[plan]))
    assert await asked(guest) == once


async def test_the_largest_price_times_the_most_units_is_still_an_invoice(api: Api) -> None:
    admin = await api.staff(Grant.ADMIN)
    plan = (await admin.do(PLAN, code=fresh("gold"), name="Gold", description="Much", rank=99))["plan"]["id"]
    amount = {"minorUnits": str(10**11), "currency": "EUR"}
    given = {"planId": plan, "amount": amount, "intervalUnit": "YEAR", "effectiveFrom": "2020-01-01T00:00:00Z"}
    price = (await admin.do(PRICE, **given))["price"]["id"]
    guest = await api.guest("tok_visa")
    bought = await guest.do(START, priceId=price, quantity=10_000)
    assert bought["invoice"]["total"]["minorUnits"] == str(10**15)
    assert bought["invoice"]["payments"][0]["state"] == "FAILED"


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The database as its owner."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def test_what_comes_after_an_event_that_waits_for_its_next_try_is_still_processing(
    api: Api, owner: asyncpg.Connection
) -> None:
    guest, house = await api.guest("tok_visa"), api.world.house
    start = StartSubscription(api.world.prices["starter"], 1)
    await perform(house.db, start_subscription, guest.who.actor, guest.who.id, start, key())
    later = "UPDATE outbox_event SET retry_at = now() + $2::interval WHERE customer_id = $1"
    await owner.execute(later, guest.who.id.uuid, timedelta(hours=1))
    given = {"token": "tok_mastercard", "idempotencyKey": key()}
    assert (await guest.do(ADD_METHOD, **given))["operation"]["status"] == "PROCESSING"
    await owner.execute(later, guest.who.id.uuid, -timedelta(hours=1))
    await drain(house, guest.who.id)
    assert (await guest.do(ADD_METHOD, **given))["operation"]["status"] == "DONE"


async def test_what_failed_and_will_be_tried_again_is_still_processing(api: Api, owner: asyncpg.Connection) -> None:
    guest, house = await api.guest(), api.world.house
    await guest.do(ADD_METHOD, token="tok_visa")
    gone = StoreMethod("sandbox/closed", "tok_visa", "pm_gone", "card", "visa", "4242")
    await perform(house.db, store_method, guest.who.actor, guest.who.id, gone, key())
    bought: Any = await guest.do(START, priceId=str(api.world.prices["starter"]))
    assert bought["operation"]["status"] == "PROCESSING"
    assert bought["invoice"]["payments"][0]["state"] == "PROCESSING"
    # Nobody else's worker should stumble over an account that never was, and no verification over work that is missing.
    await owner.execute("DELETE FROM outbox_event WHERE customer_id = $1", guest.who.id.uuid)
    await owner.execute(
        "UPDATE due_work SET due_at = due_at + interval '99 years' WHERE customer_id = $1", guest.who.id.uuid
    )
