"""The bodies of audit entries are looked for one by one, also while the planner knows nothing of a customer: where it
expects few, it would read all bodies of the customer again for each entry."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

import asyncpg
import msgspec

from domain.audit import trail, verify_chain
from domain.database import Database
from domain.db import Replica
from domain.ids import CustomerId
from domain.privacy.export_person import PERSON
from domain.reconciliation.history_checks import outcomes_are_as_audited
from domain.timeline.news import news
from tests.blocks import asked, blocks_read
from tests.jobs_kit import Ground
from tests.world import Someone

ENTRIES = 400
BLOCKS_AN_ENTRY = 8  # 3 or 4 are touched; all bodies of the customer for each entry were 14 to 63


async def a_long_past(connection: asyncpg.Connection, who: CustomerId) -> None:
    """Entries with bodies and keys, as many as a customer has after years; no other row of the customer tells more."""
    last = await connection.fetchrow(
        "SELECT number, hash, recorded_at FROM audit_entry WHERE shard_key = $1 AND customer_id = $2"
        " ORDER BY number DESC LIMIT 1",
        who.shard,
        who.uuid,
    )
    assert last is not None
    numbers = range(last["number"] + 1, last["number"] + 1 + ENTRIES)
    hashes = [last["hash"], *(sha256(b"%d" % number).digest() for number in numbers)]
    said = {"operation": "storeCard", "actor": "user:x", "changes": [], "outcome": {"said": "x" * 200}}
    await connection.execute(
        """WITH entry AS (
               INSERT INTO audit_entry (shard_key, customer_id, number, previous_number, previous_hash, body_hash, hash,
                                        operation_id, recorded_at)
               SELECT $1, $2, number, number - 1, previous, hash, hash, gen_random_uuid(), $6
                 FROM unnest($3::bigint[], $4::bytea[], $5::bytea[]) AS e (number, previous, hash)
               RETURNING number, operation_id),
           body AS (
               INSERT INTO audit_body (shard_key, customer_id, number, recorded_at, body)
               SELECT $1, $2, number, $6, $7::text::jsonb FROM entry)
           INSERT INTO operation_key (shard_key, customer_id, actor_scope, key, operation_id, operation, command_hash,
                                      outcome, recorded_at)
           SELECT $1, $2, 'test', 'key-' || number, operation_id, 'storeCard', '', ($7::text::jsonb) -> 'outcome', $6
             FROM entry""",
        who.shard,
        who.uuid,
        numbers,
        hashes[:-1],
        hashes[1:],
        last["recorded_at"],
        msgspec.json.encode(said).decode(),
    )


async def verified(db: Database, of: CustomerId) -> int:
    return (await verify_chain(db.primary, of)).length


async def trail_read(db: Database, of: CustomerId) -> int:
    return len(await trail(Replica(db.pool), of, ENTRIES))


async def news_read(db: Database, of: CustomerId) -> int:
    return len(await news(db.primary, of, 0, ENTRIES))


async def exported(db: Database, of: CustomerId) -> int:
    return sum([len(page) async for page in PERSON["activity"](Replica(db.pool), of, 2 * ENTRIES)])


async def outcomes_checked(db: Database, of: CustomerId) -> int:
    assert await outcomes_are_as_audited(db.primary, of.shard) == []
    return ENTRIES


READERS = (verified, trail_read, news_read, exported, outcomes_checked)


async def test_each_reader_of_bodies_touches_few_blocks_an_entry(empty_ground: Ground) -> None:
    someone: Someone = await empty_ground.world.customer()
    await empty_ground.world.card(someone)  # the first entry, which the others follow
    db = empty_ground.house.db
    connection = await asyncpg.connect(empty_ground.settings.database_url.get_secret_value())
    try:
        await a_long_past(connection, someone.id)
        blocks = {read.__name__: await blocks_an_entry(connection, db, someone.id, read) for read in READERS}
    finally:
        await connection.close()
    assert {name: count for name, count in blocks.items() if count > BLOCKS_AN_ENTRY} == {}


async def blocks_an_entry(
    connection: asyncpg.Connection, db: Database, of: CustomerId, read: Callable[[Database, CustomerId], Awaitable[int]]
) -> float:
    """Blocks of its statement, which reads the whole past."""
    with asked("audit_body") as statements:
        assert await read(db, of) >= ENTRIES
    return await blocks_read(connection, statements) / ENTRIES
