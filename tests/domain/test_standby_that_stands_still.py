"""A synchronous standby that stands still: a change waits for it once, and what is answered again is on it as well."""

import asyncpg
import pytest

from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.lives import buyer
from tests.mishaps import failing
from tests.world import World, fresh


async def test_a_change_that_waited_in_vain_is_told_at_once_to_come_again(world: World) -> None:
    ada, key, db = await buyer(world), fresh("key"), world.house.db
    command = StartSubscription(world.prices["starter"], 1)
    # As the time-out of a COMMIT: one more try would wait as long, with everybody behind it.
    with failing(TimeoutError(), times=1), pytest.raises(Refused) as refused:
        await perform(db, start_subscription, ada.actor, ada.id, command, key)
    assert (refused.value.code, refused.value.retryable) == (RefusalCode.UNAVAILABLE, True)
    assert not (await perform(db, start_subscription, ada.actor, ada.id, command, key)).replayed


async def test_what_is_answered_again_waits_for_the_standby_since_it_writes_to_the_log(
    world: World, superuser_url: str
) -> None:
    ada, key, db = await buyer(world), fresh("key"), world.house.db
    command = StartSubscription(world.prices["starter"], 1)
    await perform(db, start_subscription, ada.actor, ada.id, command, key)
    server = await asyncpg.connect(superuser_url)
    try:
        await server.execute("CREATE EXTENSION pg_walinspect")
        before = await server.fetchval("SELECT pg_current_wal_insert_lsn()")
        assert (await perform(db, start_subscription, ada.actor, ada.id, command, key)).replayed
        told = await server.fetchval(
            """SELECT count(*) FROM pg_get_wal_records_info($1, pg_current_wal_flush_lsn())
                WHERE resource_manager = 'LogicalMessage' AND description LIKE '%transactional%quittance.replayed%'""",
            before,
        )
    finally:
        await server.execute("DROP EXTENSION pg_walinspect")
        await server.close()
    assert told >= 1
