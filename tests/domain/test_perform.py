"""The door: one effect per key, whatever happens around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from domain import points
from domain.actor import Grant
from domain.audit import verify_chain
from domain.ids import CustomerId, RefundId
from domain.ledger.balance import balance
from domain.operation import OPERATIONS, Performed
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, SubscriptionStarted, start_subscription
from tests.world import EUR, Someone, World, fresh

MANY = 200


async def buyer(world: World) -> Someone:
    ada = await world.customer()
    await world.card(ada)
    return ada


async def rows_of(world: World, customer: CustomerId) -> tuple[int, ...]:
    """What an operation could have left behind for a customer, counted table by table."""
    row = await world.house.db.primary.fetchrow(
        """SELECT (SELECT count(*) FROM subscription WHERE shard_key = $1 AND customer_id = $2) AS a,
                  (SELECT count(*) FROM invoice WHERE shard_key = $1 AND customer_id = $2) AS b,
                  (SELECT count(*) FROM payment WHERE shard_key = $1 AND customer_id = $2) AS c,
                  (SELECT count(*) FROM ledger_transaction WHERE shard_key = $1 AND customer_id = $2) AS d,
                  (SELECT count(*) FROM operation_key WHERE shard_key = $1 AND customer_id = $2) AS e,
                  (SELECT count(*) FROM audit_entry WHERE shard_key = $1 AND customer_id = $2) AS f,
                  (SELECT count(*) FROM outbox_event WHERE shard_key = $1 AND customer_id = $2) AS g,
                  (SELECT count(*) FROM transition WHERE shard_key = $1 AND customer_id = $2) AS h,
                  (SELECT count(*) FROM due_work WHERE shard_key = $1 AND customer_id = $2) AS i""",
        customer.shard,
        customer.uuid,
    )
    assert row is not None
    return tuple(row.values())


async def insist(world: World, ada: Someone, command: StartSubscription, key: str) -> Performed[SubscriptionStarted]:
    """Calls under one key while it is told to try again, as clients do; more call than there are connections."""
    while True:
        try:
            return await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
        except Refused as refused:
            if not refused.retryable:
                raise


@pytest.mark.row("F4")
@pytest.mark.row("F2")
async def test_two_hundred_calls_with_one_key_have_one_effect_and_equal_outcomes(world: World) -> None:
    ada, key = await buyer(world), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)

    answers = await asyncio.gather(*(insist(world, ada, command, key) for _ in range(MANY)))
    assert len({answer.outcome for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    subscriptions, invoices, payments, postings, *_ = await rows_of(world, ada.id)
    assert (subscriptions, invoices, payments, postings) == (1, 1, 1, 1)


@pytest.mark.row("F3")
async def test_a_key_used_again_for_something_else_is_refused_and_leaves_nothing(world: World) -> None:
    ada, key = await buyer(world), fresh("key")
    db = world.house.db
    first = StartSubscription(world.prices["starter"], 1)
    await perform(db, start_subscription, ada.actor, ada.id, first, key)
    before = await rows_of(world, ada.id)
    with pytest.raises(Refused) as refused:
        await perform(db, start_subscription, ada.actor, ada.id, StartSubscription(world.prices["team"], 1), key)
    assert refused.value.code is RefusalCode.IDEMPOTENCY_MISMATCH
    assert await rows_of(world, ada.id) == before


@pytest.mark.row("F6")
async def test_two_keys_for_one_intent_start_one_subscription(world: World) -> None:
    ada = await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    calls = (insist(world, ada, command, fresh("key")) for _ in range(10))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [answer.code for answer in refused] == [RefusalCode.ALREADY_EXISTS] * 9
    assert (await rows_of(world, ada.id))[:3] == (1, 1, 1)


async def test_a_refusal_does_not_burn_the_key(world: World) -> None:
    ada, key = await world.customer(), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert refused.value.code is RefusalCode.PAYMENT_METHOD_REQUIRED
    await world.card(ada)
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert not done.replayed


@pytest.mark.row("H8")
async def test_concurrent_operations_on_one_customer_queue_up_without_an_error(world: World) -> None:
    ada = await buyer(world)
    plans = ("starter", "team", "yearly")
    calls = [
        perform(
            world.house.db,
            start_subscription,
            ada.actor,
            ada.id,
            StartSubscription(world.prices[plan], 1),
            fresh("key"),
        )
        for plan in plans
    ]
    answers = await asyncio.gather(*calls)
    assert len({answer.outcome.subscription for answer in answers}) == len(plans)
    assert (await balance(world.house.db.primary, ada.id, EUR)).receivable.minor == 1000 + 2000 + 20000


class Crash(Exception):
    """The process would have ended here."""


@asynccontextmanager
async def crash_at(point: str) -> AsyncIterator[None]:
    """Ends whoever reaches the point, as a failing process would end its transaction."""

    def crash(reached: str) -> None:
        if reached == point:
            raise Crash(point)

    points.on_reached.append(crash)
    try:
        yield
    finally:
        points.on_reached.remove(crash)


@asynccontextmanager
async def waiting_for(point: str) -> AsyncIterator[asyncio.Event]:
    """An event that is set as soon as somebody stands at the point."""
    event = asyncio.Event()

    def tell(reached: str) -> None:
        if reached == point:
            event.set()

    points.on_reached.append(tell)
    try:
        yield event
    finally:
        points.on_reached.remove(tell)


INSIDE = sorted(point for point in points.POINTS if point.startswith("perform.") and point != "perform.committed")


@pytest.mark.row("F5")
@pytest.mark.row("F10")
@pytest.mark.parametrize("point", INSIDE)
async def test_a_crash_inside_leaves_nothing_and_the_key_works_afterwards(world: World, point: str) -> None:
    ada, key = await buyer(world), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)
    before = await rows_of(world, ada.id)
    async with crash_at(point):
        with pytest.raises(Crash):
            await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert await rows_of(world, ada.id) == before
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert not done.replayed


async def test_a_crash_after_the_commit_leaves_everything_and_the_key_answers_it(world: World) -> None:
    ada, key = await buyer(world), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)
    async with crash_at("perform.committed"):
        with pytest.raises(Crash):
            await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert (await rows_of(world, ada.id))[:4] == (1, 1, 1, 1)
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert done.replayed
    assert done.outcome.payment is not None


async def test_a_caller_that_goes_away_leaves_a_whole_operation(world: World) -> None:
    ada, key = await buyer(world), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)
    async with waiting_for("perform.locked") as locked:
        call = asyncio.ensure_future(perform(world.house.db, start_subscription, ada.actor, ada.id, command, key))
        await locked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    done = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, key)
    assert done.replayed
    assert (await rows_of(world, ada.id))[:4] == (1, 1, 1, 1)


async def test_a_preview_says_what_would_happen_and_leaves_nothing(world: World) -> None:
    ada = await buyer(world)
    before = await rows_of(world, ada.id)
    command = StartSubscription(world.prices["starter"], 1)
    shown = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"), preview=True)
    assert (shown.outcome.number, shown.outcome.total.minor, shown.outcome.due.minor) == ("PREVIEW", 1000, 1000)
    assert await rows_of(world, ada.id) == before


async def test_a_preview_that_is_refused_leaves_nothing_either(world: World) -> None:
    ada = await world.customer()
    command = StartSubscription(world.prices["starter"], 1)

    async def noted() -> int:
        count: int = await world.house.db.primary.fetchval(
            "SELECT count(*) FROM refusal_log WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
        )
        return count

    for preview, rows in ((True, 0), (False, 1)):
        with pytest.raises(Refused) as refused:
            await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("key"), preview=preview)
        assert refused.value.code is RefusalCode.PAYMENT_METHOD_REQUIRED
        assert await noted() == rows


async def test_two_members_of_staff_of_one_name_from_two_issuers_share_no_key(world: World) -> None:
    ada, key = await buyer(world), fresh("key")
    command = StartSubscription(world.prices["starter"], 1)
    one, other = (world.staff(Grant.SUPPORT, "alice", issuer) for issuer in ("https://a.test", "https://b.test"))
    await perform(world.house.db, start_subscription, one, ada.id, command, key)
    assert (await perform(world.house.db, start_subscription, one, ada.id, command, key)).replayed
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, start_subscription, other, ada.id, command, key)
    assert refused.value.code is RefusalCode.ALREADY_EXISTS


async def test_another_customer_is_answered_as_one_that_does_not_exist(world: World) -> None:
    ada, eve = await buyer(world), await buyer(world)
    command = StartSubscription(world.prices["starter"], 1)
    nobody = CustomerId(ada.id.shard, eve.id.uuid)
    messages = set()
    for target in (ada.id, CustomerId(nobody.shard, type(nobody.uuid)(int=1))):
        with pytest.raises(Refused) as refused:
            await perform(world.house.db, start_subscription, eve.actor, target, command, fresh("key"))
        messages.add((refused.value.code, refused.value.message))
    assert len(messages) == 1
    assert next(iter(messages))[0] is RefusalCode.NOT_FOUND


async def test_an_actor_without_the_right_is_refused_and_logged_at_its_own_home(world: World) -> None:
    ada, eve = await buyer(world), await world.customer()
    command = SettleRefund(RefundId(eve.id.shard, eve.id.uuid), RefundNews.SUCCEEDED, None, None)
    with pytest.raises(Refused) as refused:
        await perform(world.house.db, settle_refund, eve.actor, ada.id, command, fresh("key"))
    assert (refused.value.code, refused.value.message) == (RefusalCode.FORBIDDEN, "You may not do this.")
    logged = await world.house.db.primary.fetch(
        "SELECT customer_id, code FROM refusal_log WHERE shard_key = $1 AND actor_scope = 'portal' AND operation = $2",
        eve.id.shard,
        settle_refund.name,
    )
    assert [(row["customer_id"], row["code"]) for row in logged] == [(eve.id.uuid, "FORBIDDEN")]


@pytest.mark.row("K2")
async def test_every_operation_adds_one_entry_to_a_chain_that_verifies(world: World) -> None:
    ada = await buyer(world)
    before = await verify_chain(world.house.db.primary, ada.id)
    await perform(
        world.house.db, start_subscription, ada.actor, ada.id, StartSubscription(world.prices["starter"], 1), fresh("k")
    )
    after = await verify_chain(world.house.db.primary, ada.id)
    assert (before.verified, after.verified) == (True, True)
    assert after.length == before.length + 1


async def test_personal_data_of_a_command_never_reaches_the_audit_trail(world: World) -> None:
    ada = await world.customer()
    db = world.house.db.primary
    bodies = await db.fetch(
        "SELECT body::text AS text FROM audit_body WHERE shard_key = $1 AND body ->> 'operation' = 'customers.create'",
        world.tenant.sandbox_house.shard,  # a customer is made by its legal entity, in whose trail it stands
    )
    name = await db.fetchval(
        "SELECT name FROM billing_person WHERE shard_key = $1 AND customer_id = $2", ada.id.shard, ada.id.uuid
    )
    assert bodies
    assert all(name not in row["text"] and "@example.test" not in row["text"] for row in bodies)


def test_every_operation_names_who_may_perform_it() -> None:
    assert OPERATIONS
    assert all(each.allowed <= frozenset(Grant) and each.allowed for each in OPERATIONS.values())
