"""Many customers at once: an effect for each, the rows of single calls, and one bad row costs one batch."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime

import pytest

from domain.audit import verify_chain
from domain.customers.advance_clock import SetClock, set_clock
from domain.ids import CustomerId, InvoiceId, SubscriptionId, uuid7
from domain.operation import Performed
from domain.perform import perform
from domain.perform_batch import Item, perform_batch
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.renew import (
    FinalizeInvoice,
    RenewSubscription,
    SubscriptionRenewed,
    finalize_invoice,
    renew_subscription,
)
from tests.held import until_waiting
from tests.interruptions import Killed, killed_at
from tests.lives import buyer, by_house, day, invoices_of, start, subscription_of, wrong_rows
from tests.row_images import image_of
from tests.world import Someone, World, fresh, make_world

Renewal = Item[RenewSubscription]
NOW = day(2, 1, 1)  # an hour after the first month is over
POINTS = ("begun", "key_stored", "locked", "done", "recorded", "committed")


@pytest.fixture(scope="module")
async def world(house: House) -> World:
    """A tenant whose customers all have one shard key, as those of a batch must."""
    return await make_world(house)


async def due_for_renewal(world: World, count: int, to: datetime = NOW) -> list[Someone]:
    """Customers with a subscription, whose clocks stand behind the end of its period while nothing was done yet."""
    found = []
    for place in range(count):
        ada = await buyer(world)
        await start(world, ada, ("starter", "team", "usd")[place % 3] if place % 3 < 2 else "starter", 1 + place % 2)
        await by_house(world, ada, set_clock, SetClock(to), follow=False)
        found.append(ada)
    return found


async def renewals(world: World, customers: Sequence[Someone], key: str) -> list[Renewal]:
    """The renewal of each."""
    return [Item(ada.id, RenewSubscription((await subscription_of(world, ada)).id), key) for ada in customers]


async def together(world: World, items: Sequence[Renewal]) -> list[Performed[SubscriptionRenewed] | Exception]:
    return await perform_batch(world.house.db, renew_subscription, world.house.actor, items)


def drafts_of(answers: Sequence[Performed[SubscriptionRenewed] | Exception]) -> list[InvoiceId | None]:
    assert all(isinstance(answer, Performed) for answer in answers), answers
    return [answer.outcome.draft for answer in answers if isinstance(answer, Performed)]


async def transactions_behind(world: World, customers: Sequence[Someone], key: str) -> int:
    """How many transactions stored the outcomes under that key."""
    count: int = await world.house.db.primary.fetchval(
        """SELECT count(DISTINCT xmin::text) FROM operation_key
            WHERE shard_key = $1 AND customer_id = ANY ($2) AND key = $3""",
        customers[0].id.shard,
        [ada.id.uuid for ada in customers],
        key,
    )
    return count


def went_alone(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The batches that were performed one by one."""
    return [record.getMessage() for record in caplog.records if "one by one" in record.getMessage()]


@pytest.mark.parametrize("sizes", [(6,), (1, 5), (2, 3, 1)])
async def test_splitting_a_batch_changes_nothing(
    world: World, sizes: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "quittance")
    alone, side_by_side = await due_for_renewal(world, sum(sizes)), await due_for_renewal(world, sum(sizes))
    db, actor, renew, issue = world.house.db, world.house.actor, "renewal", "issue"
    for item in await renewals(world, alone, renew):
        drafted = await perform(db, renew_subscription, actor, item.customer, item.command, renew)
        assert drafted.outcome.draft
        await perform(db, finalize_invoice, actor, item.customer, FinalizeInvoice(drafted.outcome.draft), issue)
    left = await renewals(world, side_by_side, renew)
    secrets.SystemRandom().shuffle(left)
    for size in sizes:
        part, left = left[:size], left[size:]
        drafts = drafts_of(await together(world, part))
        finals = [Item(item.customer, FinalizeInvoice(id), issue) for item, id in zip(part, drafts, strict=True) if id]
        answers = await perform_batch(db, finalize_invoice, actor, finals)
        assert all(isinstance(answer, Performed) for answer in answers), answers
    assert went_alone(caplog) == []
    assert await transactions_behind(world, side_by_side, renew) == len(sizes)
    for one, other in zip(alone, side_by_side, strict=True):
        theirs, own = await image_of(db.primary, one), await image_of(db.primary, other)
        for table, rows in theirs.items():
            assert own[table] == rows, table
        assert (await verify_chain(db.primary, other.id)).verified
    for ada in side_by_side:
        await do_now(world.house, ada.id)
        assert [invoice.state.name for invoice in await invoices_of(world, ada)] == ["paid", "paid"]
    assert await wrong_rows(world, alone[0]) == []


async def test_a_batch_that_is_performed_twice_has_one_effect(world: World) -> None:
    customers, key = await due_for_renewal(world, 4), fresh("renewal")
    items = await renewals(world, customers, key)
    first = await together(world, items[:2])
    again = await together(world, items)
    assert drafts_of(again)[:2] == drafts_of(first)
    assert [answer.replayed for answer in again if isinstance(answer, Performed)] == [True, True, False, False]
    assert drafts_of(await together(world, items)) == drafts_of(again)


async def test_batches_that_share_customers_wait_for_each_other_without_a_deadlock(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "quittance")
    customers = await due_for_renewal(world, 8)
    same = await renewals(world, customers, fresh("renewal"))
    other = await renewals(world, customers[::-1], fresh("renewal"))
    answers = await asyncio.gather(
        together(world, same), together(world, same[::-1]), together(world, other), together(world, other[2:6])
    )
    drafts = [draft for answer in answers for draft in drafts_of(answer)]
    assert went_alone(caplog) == []
    # Under the second key nothing is due any more; under the first both batches say the same.
    assert len(set(drafts) - {None}) == len(customers)
    for ada in customers:
        assert (await verify_chain(world.house.db.primary, ada.id)).verified


async def test_batches_that_were_given_in_different_orders_take_their_keys_in_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "quittance")
    customers, key = await due_for_renewal(world, 3), fresh("renewal")
    items = await renewals(world, sorted(customers, key=lambda ada: ada.id.uuid), key)
    db, middle = world.house.db, items[1].customer
    async with db.pool.acquire() as somebody:
        begun = somebody.transaction()
        await begun.start()
        await somebody.execute(
            """INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation,
                   command_hash, keep_until, recorded_at)
               VALUES ($1, $2, $3, $4, gen_random_uuid(), 'test.other', 'other', now(), now())""",
            middle.shard, middle.uuid, world.house.actor.scope, key,
        )  # fmt: skip
        answers = [asyncio.ensure_future(together(world, each)) for each in (items, items[::-1])]
        await until_waiting(world.house, 2)  # both stand before the middle one, or one behind the other
        await begun.rollback()
        one, other = await asyncio.gather(*answers)
    assert went_alone(caplog) == []
    assert drafts_of(one) == drafts_of(other)[::-1]


@pytest.mark.parametrize("point", [f"perform.{name}" for name in POINTS])
async def test_a_batch_that_dies_anywhere_is_there_whole_or_not_at_all(world: World, point: str) -> None:
    customers, key = await due_for_renewal(world, 3), fresh("renewal")
    items = await renewals(world, customers, key)
    with pytest.raises(Killed):
        async with killed_at(point):
            await together(world, items)
    survived = 1 if point == "perform.committed" else 0
    assert await transactions_behind(world, customers, key) == survived
    answers = await together(world, items)
    assert len(set(drafts_of(answers)) - {None}) == 3
    assert [answer.replayed for answer in answers if isinstance(answer, Performed)] == [bool(survived)] * 3
    for ada in customers:
        assert (await verify_chain(world.house.db.primary, ada.id)).verified


async def test_a_poisoned_row_costs_its_batch_and_nobody_else(world: World) -> None:
    customers, key = await due_for_renewal(world, 5), fresh("renewal")
    items = await renewals(world, customers, key)
    nothing = SubscriptionId(items[2].customer.shard, uuid7(day(1, 1), secrets.token_bytes(10)))
    items[2] = Item(items[2].customer, RenewSubscription(nothing), key)
    answers = await together(world, items)
    bad = answers.pop(2)
    assert isinstance(bad, Refused) and bad.code is RefusalCode.NOT_FOUND
    assert None not in drafts_of(answers)
    assert await transactions_behind(world, customers, key) == 4


async def test_a_stranger_and_a_changed_mind_spoil_nothing_for_the_others(world: World) -> None:
    customers, key = await due_for_renewal(world, 3), fresh("renewal")
    items = await renewals(world, customers, key)
    nobody = CustomerId(items[0].customer.shard, uuid7(day(1, 1), secrets.token_bytes(10)))
    await together(world, items[:1])
    otherwise = Item(items[0].customer, items[1].command, key)
    answers = await together(world, [Item(nobody, items[1].command, key), otherwise, *items[1:]])
    codes = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert codes == [RefusalCode.NOT_FOUND, RefusalCode.IDEMPOTENCY_MISMATCH]
    assert len(drafts_of(answers[2:])) == 2


async def test_two_items_of_one_customer_are_performed_in_their_order(world: World) -> None:
    (ada, bob) = await due_for_renewal(world, 2, day(3, 1, 2))
    once, again = await renewals(world, [ada, bob], fresh("renewal")), await renewals(world, [ada], fresh("renewal"))
    answers = await together(world, [*once, *again])
    ends = [answer.outcome.period_end for answer in answers if isinstance(answer, Performed)]
    assert ends == [day(3, 1), day(3, 1), day(4, 1)]
