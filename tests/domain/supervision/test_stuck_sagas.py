"""Sagas that are stuck: work that was given up, refusals, what changes nothing; staff sees each once and resumes it."""

from datetime import timedelta

import asyncpg
import pytest

from domain.dead_letter import open_letters
from domain.payments.exception_case import Kind, Resolution
from domain.reactions.events import drain
from domain.reactions.house import TRIES
from domain.reactions.replay import replay_letter
from domain.refusals import RefusalCode, Refused
from domain.sagas.definition import SagaKind
from domain.subscriptions.lifecycle import EXPIRE
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.exception_kit import over, waiting
from tests.lives import buyer, day, subscription_of, until, wrong_rows
from tests.mishaps import failing, later
from tests.saga_kit import beginning, lose_event, lose_work, moves_of, newest, resume, stands, stuck_purchase
from tests.statements import statements_seen
from tests.world import World, make_world

pytestmark = pytest.mark.row("L4")


@pytest.mark.row("L5")
async def test_buried_work_about_a_saga_makes_it_stuck_and_a_replay_or_staff_carries_it_on(world: World) -> None:
    one, other = [await beginning(world, SagaKind.PURCHASE) for _ in range(2)]
    for life in (one, other):
        await life.charge(await life.begin())
        await lose_event(world, life.who, "payment.begun")
        with failing(ValueError("a mistake of ours"), TRIES):
            for hours in range(TRIES):
                await drain(later(world.house, timedelta(hours=hours)), life.who.id)
        assert await stands(world, life.who) == ("stuck", "activate")
        assert (await newest(world, life.who)).cause == "Work about it failed too often: invoice.paid, ValueError"
        (case,) = await waiting(world, life.who)
        assert (case.kind, case.saga, case.amount.minor) == (Kind.SAGA_STUCK, (await newest(world, life.who)).id, 1000)
        assert await wrong_rows(world, life.who) == []
    letters = await open_letters(world.house.db.primary, one.who.id.shard, 1000)
    for letter in (each for each in letters if each.customer == one.who.id):
        await replay_letter(world.house, letter)
    await resume(world, other.who)
    for life in (one, other):
        assert (await stands(world, life.who))[0] == "completed"
        assert (await subscription_of(world, life.who)).state.name == "active"
        assert (await waiting(world, life.who), await over(world, life.who)) == ([], [Resolution.SETTLED])
        assert await wrong_rows(world, life.who) == []


async def test_a_way_back_that_is_refused_is_stuck_until_staff_resumes_it_and_it_is_gone(world: World) -> None:
    life = await beginning(world, SagaKind.PURCHASE, "tok_insufficient_funds")
    ada = life.who
    await life.begin()
    await life.go_on()
    await lose_work(world, ada, EXPIRE)
    refusal = Refused(RefusalCode.PERIOD_CLOSED, "The books are closed.")
    with failing(refusal, 1, after=3):  # the advance of the clock, its step, and the look go well
        await until(world, ada, day(1, 2))
    assert await stands(world, ada) == ("stuck", "charge")
    assert "subscriptions.expire: PERIOD_CLOSED" in ((await newest(world, ada)).cause or "")
    with failing(refusal, 1, after=2):  # the same again: it is stuck again, and stands on the desk once
        await resume(world, ada)
    assert await stands(world, ada) == ("stuck", "charge")
    assert [each.kind for each in await waiting(world, ada)] == [Kind.SAGA_STUCK]
    await resume(world, ada)
    assert (await stands(world, ada))[0] == "compensated"
    assert (await subscription_of(world, ada)).state.name == "incomplete_expired"
    assert await over(world, ada) == [Resolution.SETTLED]
    assert await wrong_rows(world, ada) == []
    ways = await moves_of(world, (await newest(world, ada)).id)
    assert ways == ["begin", "compensate", "stall", "resume", "compensate", "stall", "resume", "compensate", "undo"]


async def test_verification_names_a_saga_that_contradicts_the_facts(world: World, owner_url: str) -> None:
    own = await make_world(world.house)
    life = await beginning(own, SagaKind.PURCHASE)
    await life.begin()
    await life.go_on()
    bad = await buyer(own, "tok_insufficient_funds")
    id = await stuck_purchase(own, bad)
    ended = await newest(own, life.who)
    assert await wrong_rows(own, bad) == []
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(
            "UPDATE subscription SET state = 'incomplete', seq = 1 WHERE id = $1", ended.subscription.uuid
        )
        assert ("sagas_hold", str(ended.id.uuid)) in {(each.check, each.row) for each in await wrong_rows(own, bad)}
        await connection.execute(
            "UPDATE subscription SET state = 'active', seq = 2 WHERE id = $1", ended.subscription.uuid
        )
        assert await wrong_rows(own, bad) == []
        await connection.execute(
            """INSERT INTO due_work (shard_key, customer_id, kind, subject, due_at, follows, clocked, attempts,
                   recorded_at)
               VALUES ($1, $2, 'look_at_saga', $3, now(), 'wall', false, 0, now())""",
            id.shard, bad.id.uuid, id.uuid,
        )  # fmt: skip
        assert ("sagas_hold", str(id.uuid)) in {(each.check, each.row) for each in await wrong_rows(own, bad)}
    finally:
        await connection.close()


async def test_a_purchase_takes_three_statements_more_and_a_renewal_none(world: World) -> None:
    ada = await buyer(world)
    with statements_seen() as bought:
        await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    with statements_seen() as renewed:
        await until(world, ada, day(2, 2))
    of_sagas = [text for text in bought if "saga" in text]
    assert len([text for text in bought if "INTO saga" in text]) == 1
    assert len(of_sagas) <= 4, of_sagas  # begun; found by its event, read and stored by the look at it
    assert [text for text in renewed if "saga" in text] == []
