"""State machines: the moves in Python are the moves in the database, and no other can be written down."""

from uuid import uuid4

import asyncpg
import pytest

import domain.reactions.work  # imports every area, and so every machine
from domain.machine import MACHINES
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.world import World

assert domain.reactions.work.__name__


async def test_the_moves_in_python_and_in_the_database_are_the_same(world: World) -> None:
    rows = await world.house.db.primary.fetch("SELECT machine, from_state, event, to_state FROM move")
    stored = {(row["machine"], row["from_state"], row["event"]): row["to_state"] for row in rows}
    in_python = {(name, *move): target for name, machine in MACHINES.items() for move, target in machine.moves.items()}
    assert {key: value for key, value in stored.items() if key[0] in MACHINES} == in_python
    assert {key[0] for key in stored} >= set(MACHINES)


@pytest.mark.row("A3")
@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_move_that_is_not_listed_is_refused(name: str) -> None:
    machine = MACHINES[name]
    states = {state for state, _ in machine.moves} | set(machine.moves.values())
    events = {event for _, event in machine.moves}
    for state in states:
        for event in events - {event for from_state, event in machine.moves if from_state == state}:
            with pytest.raises(Refused) as refused:
                machine.next(state, event)
            assert refused.value.code is RefusalCode.STATE_CONFLICT


@pytest.mark.row("A3")
@pytest.mark.parametrize(
    ("seq", "previous", "from_state", "event", "to_state"),
    [
        (3, 2, "active", "suspend", "suspended"),  # not a move of a subscription
        (3, 2, "past_due", "suspend", "suspended"),  # a move, but not from where it stands
        (4, 3, "active", "payment_failed", "past_due"),  # a step is skipped
        (3, None, "active", "payment_failed", "past_due"),  # no predecessor
        (1, None, "new", "start", "incomplete"),  # a second beginning
    ],
)
async def test_an_illegal_or_skipped_move_cannot_be_written_even_by_the_owner(
    world: World, owner_url: str, seq: int, previous: int | None, from_state: str, event: str, to_state: str
) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    id = started.outcome.subscription
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(
                """INSERT INTO transition (shard_key, customer_id, entity_id, seq, previous_seq, machine, from_state,
                       event, to_state, operation_id, happened_at, recorded_at)
                   SELECT shard_key, customer_id, entity_id, $3, $4, machine, $5, $6, $7, operation_id, happened_at,
                          recorded_at
                     FROM transition WHERE shard_key = $1 AND entity_id = $2 AND seq = 1""",
                id.shard, id.uuid, seq, previous, from_state, event, to_state,
            )  # fmt: skip
    finally:
        await connection.close()


@pytest.mark.row("A3")
async def test_a_state_without_its_history_cannot_be_stored(world: World, owner_url: str) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    id = started.outcome.subscription
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(
                "UPDATE subscription SET state = 'past_due' WHERE shard_key = $1 AND id = $2", id.shard, id.uuid
            )
    finally:
        await connection.close()


WRITE = """INSERT INTO transition (shard_key, customer_id, entity_id, seq, previous_seq, machine, from_state, event,
               to_state, operation_id, happened_at, recorded_at)
           SELECT shard_key, customer_id, $3, $4, nullif($4 - 1, 0), $5, $6, $7, $8, operation_id, happened_at,
                  recorded_at
             FROM transition WHERE shard_key = $1 AND entity_id = $2 AND seq = 1"""


@pytest.mark.row("A3")
async def test_a_history_never_goes_on_by_a_move_of_another_machine(world: World, database_url: str) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    id = started.outcome.subscription
    connection = await asyncpg.connect(database_url)
    try:
        change = connection.transaction()
        await change.start()
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for move in (
            (3, "subscription", "active", "payment_failed", "past_due"),
            (4, "subscription", "past_due", "retries_exhausted", "grace"),
        ):
            await connection.execute(WRITE, id.shard, id.uuid, id.uuid, *move)
        with pytest.raises(asyncpg.ForeignKeyViolationError):  # grace is a state of both machines, recovered of one
            await connection.execute(WRITE, id.shard, id.uuid, id.uuid, 5, "dunning", "grace", "recover", "recovered")
        await change.rollback()
    finally:
        await connection.close()


@pytest.mark.row("A3")
async def test_an_entity_never_stands_on_the_history_of_another_machine(world: World, database_url: str) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    id, other = started.outcome.subscription, uuid4()
    connection = await asyncpg.connect(database_url)
    try:
        change = connection.transaction()
        await change.start()
        await connection.execute(WRITE, id.shard, id.uuid, other, 1, "dunning", "new", "open", "retrying")
        await connection.execute(WRITE, id.shard, id.uuid, other, 2, "dunning", "retrying", "suspend", "suspended")
        plan = await connection.fetchval("SELECT plan_id FROM price WHERE id = $1", world.prices["team"].uuid)
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            await connection.execute(
                """INSERT INTO subscription
                   SELECT (jsonb_populate_record(s, jsonb_build_object('id', $3::uuid, 'plan_id', $4::uuid,
                               'state', 'suspended', 'seq', 2))).*
                     FROM subscription s WHERE shard_key = $1 AND id = $2""",
                id.shard, id.uuid, other, plan,
            )  # fmt: skip
        assert refused.value.constraint_name == "subscription_history_fkey"
        await change.rollback()
    finally:
        await connection.close()


@pytest.mark.row("A3")
async def test_the_machine_of_an_entity_cannot_be_changed_even_by_the_owner(world: World, owner_url: str) -> None:
    ada = await world.customer()
    await world.card(ada)
    started = await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))
    id = started.outcome.subscription
    connection = await asyncpg.connect(owner_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(
                "UPDATE subscription SET machine = 'dunning' WHERE shard_key = $1 AND id = $2", id.shard, id.uuid
            )
    finally:
        await connection.close()
