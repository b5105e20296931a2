"""Renewals in batches: claimed by shard key, an effect for each, and late is the same as on time."""

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from domain import due, outbox
from domain.dead_letter import open_letters
from domain.ids import PriceId
from domain.invoices.draft import FINALIZE
from domain.invoices.line import lines_of
from domain.money import Money
from domain.perform import perform
from domain.period import Unit
from domain.reactions.batches import do_batch
from domain.reactions.events import drain
from domain.reactions.house import TRIES, House
from domain.reactions.work import do, do_now
from domain.reconciliation.verify import verify_shard
from domain.subscriptions.lifecycle import RENEW
from domain.subscriptions.renew import RenewSubscription, renew_subscription
from domain.webhooks.endpoint import kinds_told
from tests.held import held, until_waiting
from tests.lives import buy, buyer, invoices_of, publish, start, subscription_of
from tests.mishaps import Death, death_at, later
from tests.world import EUR, LONG_AGO, Someone, World, fresh, make_world

MONTH_OVER = timedelta(days=31, hours=2)  # after the end of the longest month and the hour over which renewals spread
Told = list[tuple[str, timedelta, timedelta, str, int, Sequence[tuple[str, timedelta, int]]]]


async def live_customers(world: World, prices: Sequence[PriceId]) -> list[Someone]:
    """A customer in real time for each price, who bought and paid."""
    found = []
    for price in prices:
        ada = await world.customer(clock_at=None)
        await world.card(ada)
        await buy(world, ada, price)
        found.append(ada)
    return found


async def worked_off(house: House, customers: Sequence[Someone]) -> int:
    """Does all that is due at the house's time, in batches where it goes in batches; returns how much those were."""
    done = 0
    while renewed := [await do_batch(house, customers[0].id.shard, kind) for kind in (RENEW, FINALIZE)]:
        done += sum(renewed)
        if not sum(renewed):
            return done
        for ada in customers:
            await do_now(house, ada.id)
    return done


async def told(world: World, ada: Someone) -> Told:
    """What the customer's invoices say, instants as distances from the first."""
    invoices = sorted(await invoices_of(world, ada), key=lambda invoice: invoice.period_start)
    lines = await lines_of(world.house.db.primary, ada.id, [invoice.id for invoice in invoices])
    began = invoices[0].period_start
    return [
        (
            invoice.reason,
            invoice.period_start - began,
            invoice.period_end - began,
            invoice.state.name,
            invoice.total.minor,
            [(line.kind, line.starts_at - began, line.amount.minor) for line in lines[invoice.id]],
        )
        for invoice in invoices
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_week_or_more_of_downtime_leaves_the_invoices_that_were_due_on_time(house: House, seed: int) -> None:
    dice, days = random.Random(seed), 40
    down_from = dice.randrange(3, 30)
    down = range(down_from, down_from + dice.randrange(7, 12))
    stories = []
    for away in (range(0), down):
        world = await make_world(house)
        prices = [await publish(world, Money(300, EUR), Unit.WEEK), world.prices["starter"], world.prices["team"]]
        customers = await live_customers(world, prices)
        for day in range(days):
            if day not in away:
                await worked_off(later(house, timedelta(days=day, hours=2)), customers)
        stories.append([await told(world, ada) for ada in customers])
        assert await verify_shard(house.db.primary, customers[0].id.shard) == []
    on_time, late = stories
    assert late == on_time
    assert [len(each) for each in on_time][:2] == [6, 2]


async def test_what_is_due_on_a_shard_key_is_claimed_once_by_many_that_look(house: House) -> None:
    world = await make_world(house)
    customers = await live_customers(world, [world.prices["starter"]] * 4)
    then, shard = later(house, MONTH_OVER), customers[0].id.shard
    counts = await asyncio.gather(*(do_batch(then, shard, RENEW) for _ in range(4)))
    assert sum(counts) == 4
    assert await do_batch(then, shard, FINALIZE) == 0, "a draft waits for its hour"
    assert await do_batch(later(house, MONTH_OVER + timedelta(hours=1)), shard, FINALIZE) == 4
    for ada in customers:
        assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["open", "paid"][::-1]
        event = await outbox.next_event(house.db.primary, ada.id, then.db.clock.now())
        # A webhook of another test's tenant may want to hear of invoices.
        wanted = {"payment.begun", *await kinds_told(house.db.primary)}
        assert event and event.kind in wanted, "what nobody consumes is gone, what somebody does is left"
        await drain(then, ada.id)
        assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["paid", "paid"]


async def test_a_batch_passes_over_what_somebody_else_has_under_way_instead_of_waiting_for_it(house: House) -> None:
    world = await make_world(house)
    customers = await live_customers(world, [world.prices["starter"]] * 3)
    slow_one, then = customers[1], later(house, MONTH_OVER)
    renewal = RenewSubscription((await subscription_of(world, slow_one)).id)
    with held(renew_subscription) as slow:
        alone = await slow.begun(perform(then.db, slow.operation, house.actor, slow_one.id, renewal, fresh("renew")))
        batch = asyncio.ensure_future(do_batch(then, slow_one.id.shard, RENEW))
        waits = asyncio.ensure_future(until_waiting(house, 1))
        await asyncio.wait((batch, waits), return_when=asyncio.FIRST_COMPLETED)
        assert batch.done(), "a shard key's renewals wait for one customer"
        waits.cancel()
        assert await batch == 2
        slow.let_go.set()
        await alone
    assert {(await subscription_of(world, ada)).period_index for ada in customers} == {1}


async def test_what_follows_a_test_clock_waits_for_it_and_goes_in_no_batch(house: House) -> None:
    world = await make_world(house)
    ada = await buyer(world, clock_at=LONG_AGO)
    await start(world, ada)
    assert [await do_batch(house, ada.id.shard, kind) for kind in (RENEW, FINALIZE)] == [0, 0]
    assert (await subscription_of(world, ada)).period_index == 0, "its clock has not come that far"


async def test_a_worker_that_dies_with_a_batch_is_followed_by_another(house: House) -> None:
    world = await make_world(house)
    customers = await live_customers(world, [world.prices["starter"]] * 3)
    shard, then = customers[0].id.shard, later(house, MONTH_OVER)
    with death_at("perform.done"), pytest.raises(Death):
        await do_batch(then, shard, RENEW)
    assert await do_batch(then, shard, RENEW) == 0, "the dead worker's lease still runs"
    after = later(house, MONTH_OVER + due.LEASE + timedelta(seconds=1))
    with death_at("perform.committed"), pytest.raises(Death):
        await do_batch(after, shard, RENEW)
    assert await do_batch(later(house, MONTH_OVER + 3 * due.LEASE), shard, RENEW) == 0, "all was done"
    assert {(await subscription_of(world, ada)).period_index for ada in customers} == {1}


async def test_a_poisoned_row_leaves_the_batch_and_is_buried_in_the_end(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "quittance")
    world = await make_world(house)
    customers = await live_customers(world, [world.prices["starter"]] * 3)
    bad, shard, subject = customers[1], customers[0].id.shard, uuid4()
    await house.db.marks.execute(
        """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts, recorded_at)
           VALUES ($1, $2, 'renew', $3, $4, 'business', false, 0, $4)""",
        shard,
        bad.id.uuid,
        subject,
        house.db.clock.now(),
    )
    # It was due before all others, so that its customer's own renewal is the one that waits for it.
    assert await do_batch(later(house, MONTH_OVER), shard, RENEW) == 4
    assert {(await subscription_of(world, ada)).period_index for ada in customers} == {1}
    assert sum("one by one" in record.getMessage() for record in caplog.records) == 1
    for again in range(1, TRIES):
        at = later(house, MONTH_OVER + timedelta(hours=again))
        assert await do_batch(at, shard, RENEW) == 0, "what failed goes alone"
        work = await due.find(house.db.primary, bad.id, RENEW, subject)
        assert work and not await do(at, work)
    assert await due.find(house.db.primary, bad.id, RENEW, subject) is None
    assert [letter.kind for letter in await open_letters(house.db.primary, shard, 10)] == [RENEW]
