"""The queue wiped again and again while there is work in it, and then its server killed: nothing is lost, since what is
due stands in the database."""

import asyncio
import time

from jobs import queue
from tests.drills.ground import ground
from tests.drills.people import EXPECTED, at_work, total
from tests.drills.telling import tell
from tests.drills.town import town

BUYERS, WIPES = 8, 20
# What the fault allows until everything that was put off has been found again.
FOUND_SECONDS = 60.0


async def test_a_wiped_queue_loses_nothing() -> None:
    with ground() as on:
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            buyers = await there.buyers(BUYERS)
            redis = await queue.connect(on.stack.settings["REDIS_URL"])
            keys = 0
            async with at_work(*buyers):
                for _ in range(WIPES):
                    await asyncio.sleep(0.5)
                    keys += await redis.dbsize()
                    await redis.flushall()
                await queue.close(redis)
                on.restart("valkey")
                await asyncio.sleep(2)
            await asyncio.gather(*(each.finish() for each in buyers))
            ended = time.monotonic()
            await there.settled()
            found = time.monotonic() - ended
            tell(wipes=WIPES, keys_lost=keys, changes=dict(total(buyers)), all_done_after_seconds=round(found, 1))
            assert keys > 0
            assert set(total(buyers)) <= EXPECTED
            assert found < FOUND_SECONDS
            await there.ended_well(buyers)
