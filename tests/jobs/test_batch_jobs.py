"""Renewals through the queue: one job for a shard key and kind, and nothing else waits behind them."""

from dataclasses import replace
from datetime import timedelta

from domain.perform import perform
from domain.subscriptions.start import StartSubscription, start_subscription
from jobs import queue
from jobs.calls import Call
from jobs.sweep import sweep, waiting
from jobs.worker import make_worker
from tests.jobs_kit import Ground
from tests.lives import invoices_of, subscription_of
from tests.mishaps import later
from tests.world import Someone, fresh

DUE, ISSUED = timedelta(days=31, hours=2), timedelta(days=31, hours=4)
ROUNDS = 10  # of sweeping and working: more than what follows a renewal needs


async def subscribers(ground: Ground, count: int) -> list[Someone]:
    """Customers in real time with a paid subscription."""
    found = []
    for _ in range(count):
        ada = await ground.world.customer(clock_at=None)
        await ground.world.card(ada)
        await ground.world.do(ada, start_subscription, StartSubscription(ground.world.prices["starter"], 1))
        found.append(ada)
    return found


async def test_renewals_of_a_shard_key_are_one_job_and_are_issued_and_collected(empty_ground: Ground) -> None:
    ground, customers, rested = empty_ground, await subscribers(empty_ground, 3), list[timedelta]()
    redis = await queue.connect(ground.settings.redis_url.get_secret_value())
    shard = customers[0].id.shard

    async def pace(took: timedelta) -> None:
        rested.append(took)

    try:
        calls = [call for call in await waiting(later(ground.house, DUE)) if call.name != "do_due"]
        assert calls == [Call("do_batches", (str(shard), "renew"))]
        for then in (later(ground.house, DUE), later(ground.house, ISSUED)):
            for _ in range(ROUNDS):
                if not await sweep(then, redis):
                    break
                await make_worker(replace(then, pace=pace), redis, burst=True).async_run()
    finally:
        await queue.close(redis)
    assert len(rested) >= 2 and min(rested) > timedelta(0)  # after each batch, with the time it took
    for ada in customers:
        assert (await subscription_of(ground.world, ada)).period_index == 1
        assert [invoice.state.name for invoice in await invoices_of(ground.world, ada)] == ["paid", "paid"]


async def test_a_payment_to_send_is_seen_beside_any_number_of_renewals(empty_ground: Ground) -> None:
    ground, customers = empty_ground, await subscribers(empty_ground, 3)
    bob = await ground.world.customer(clock_at=None)
    await ground.world.card(bob)
    command = StartSubscription(ground.world.prices["starter"], 1)
    await perform(ground.house.db, start_subscription, bob.actor, bob.id, command, fresh("key"))
    names = [(call.name, call.ids[0]) for call in await waiting(later(ground.house, DUE))]
    assert ("do_batches", str(customers[0].id.shard)) in names
    assert ("do_due", str(bob.id)) in names and ("drain_events", str(bob.id)) in names
