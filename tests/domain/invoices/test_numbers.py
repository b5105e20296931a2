"""Numbers of invoices and receipts: without a gap, whoever issues how many at once, refuses, dies or only looks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain import points
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import buyer, start, tell, wrong_rows
from tests.world import Someone, World, fresh, make_world

MANY = 50


@pytest.fixture
async def shop(house: House) -> AsyncIterator[World]:
    """A tenant whose series no other test counts on."""
    yield await make_world(house)


async def numbers(world: World, table: str) -> list[int]:
    """The numbers of the sandbox entity's documents of a kind, in order."""
    rows = await world.house.db.primary.fetch(
        """SELECT 'invoice' AS kind, number FROM invoice WHERE shard_key = $1 AND legal_entity_id = $2
           UNION ALL
           SELECT 'receipt' AS kind, number FROM receipt WHERE shard_key = $1 AND legal_entity_id = $2
           ORDER BY number""",
        world.tenant.sandbox_house.shard,
        world.tenant.sandbox.uuid,
    )
    return [row["number"] for row in rows if row["kind"] == table]


async def begin(world: World, of: Someone, *, preview: bool = False, key: str | None = None) -> SettlePayment | None:
    """A subscription with its invoice; returns the news that its payment was captured."""
    command = StartSubscription(world.prices["starter"], 1)
    while True:
        try:
            done = await perform(
                world.house.db, start_subscription, of.actor, of.id, command, key or fresh("start"), preview=preview
            )
        except Refused as refused:
            if not refused.retryable:
                raise
            continue
        payment, due = done.outcome.payment, done.outcome.due
        return SettlePayment(payment, News.CAPTURED, None, due, None, False, None, confirmed=True) if payment else None


@pytest.mark.row("E2")
@pytest.mark.row("E11")
async def test_fifty_invoices_and_receipts_at_once_have_numbers_without_a_gap(shop: World) -> None:
    buyers = [await buyer(shop) for _ in range(MANY)]
    news = await asyncio.gather(*(begin(shop, each) for each in buyers))
    assert await numbers(shop, "invoice") == list(range(1, MANY + 1))

    async def settle(of: Someone, told: SettlePayment | None) -> None:
        assert told is not None
        while True:
            try:
                await perform(shop.house.db, settle_payment, shop.house.actor, of.id, told, fresh("news"))
            except Refused as refused:
                assert refused.retryable, refused
                continue
            return

    await asyncio.gather(*(settle(each, told) for each, told in zip(buyers, news, strict=True)))
    assert await numbers(shop, "receipt") == list(range(1, MANY + 1))
    assert await wrong_rows(shop, buyers[0]) == []


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.row("E2")
@pytest.mark.parametrize("point", ["perform.done", "perform.recorded"])
async def test_a_number_that_was_taken_by_a_process_that_died_is_given_to_the_next_one(shop: World, point: str) -> None:
    ada, eve = await buyer(shop), await buyer(shop)

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    points.on_reached.append(kill)
    try:
        with pytest.raises(Killed):
            await begin(shop, ada)
    finally:
        points.on_reached.remove(kill)
    for each in (eve, ada):
        await begin(shop, each)
    assert await numbers(shop, "invoice") == [1, 2]


async def test_a_refusal_and_a_preview_take_no_number(shop: World) -> None:
    ada = await buyer(shop)
    await begin(shop, ada, preview=True)
    await begin(shop, ada)
    with pytest.raises(Refused):
        await begin(shop, ada)
    await begin(shop, await buyer(shop))
    assert await numbers(shop, "invoice") == [1, 2]


@pytest.mark.row("E11")
async def test_a_receipt_is_issued_when_money_was_captured_and_only_then(shop: World) -> None:
    held = await buyer(shop, "tok_bank_held")
    waiting = await start(shop, held)
    for token in ("tok_insufficient_funds", "tok_stolen_card", "tok_3ds"):
        await start(shop, await buyer(shop, token))
    assert (await numbers(shop, "invoice"), await numbers(shop, "receipt")) == ([1, 2, 3, 4], [])
    for _ in range(2):
        await tell(shop, held, waiting.payment, News.CAPTURED)
    assert await numbers(shop, "receipt") == [1]
    await start(shop, await buyer(shop))
    assert (await numbers(shop, "invoice"), await numbers(shop, "receipt")) == ([1, 2, 3, 4, 5], [1, 2])


async def test_live_and_sandbox_invoices_count_in_series_of_their_own(shop: World) -> None:
    alive = await shop.customer(clock_at=None)
    await shop.card(alive)
    begun = [await start(shop, alive), await start(shop, await buyer(shop))]
    assert [one.number for one in begun] == ["ACME-000001", "ACMETEST-000001"]
