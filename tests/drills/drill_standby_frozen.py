"""The synchronous standby stands still: changes wait, within a bound, and are told to come again; reads go on. Whoever
comes again under the key finds what was done, and only once it is on the standby as well."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from dev.story import documents as say
from tests.drills.ground import Ground, ground
from tests.drills.people import EXPECTED, PATIENCE_SECONDS, Reader, at_work, somebody_goes_on, total
from tests.drills.telling import tell
from tests.drills.town import town

BUYERS = 4
FROZEN_SECONDS = 30.0
BACK_SECONDS = 10.0


def freeze(on: Ground, number: signal.Signals) -> None:
    """Stops or continues every process of the replica."""
    leader = on.stack.named("replica").child.process.pid
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    for process in (leader, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, number)


async def test_a_frozen_synchronous_standby_makes_changes_wait_within_a_bound() -> None:
    with ground() as on:
        await on.as_admin("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
        await on.as_admin("SELECT pg_reload_conf()")
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            *buyers, bystander = await there.buyers(BUYERS + 1)
            reader = Reader(bystander.guest, there.api.http, say.BALANCE)
            await there.settled()
            async with at_work(*buyers, reader):
                await asyncio.sleep(2)
                before = [len(each.done) for each in buyers]
                freeze(on, signal.SIGSTOP)
                try:
                    await asyncio.sleep(FROZEN_SECONDS)
                    acknowledged = sum(len(each.done) for each in buyers) - sum(before)
                finally:
                    freeze(on, signal.SIGCONT)
                back = await somebody_goes_on(buyers)
            await asyncio.gather(*(each.finish() for each in buyers))
            assert back < BACK_SECONDS
            tell(back_after_seconds=round(back, 1), frozen_seconds=FROZEN_SECONDS,
                 changes=dict(total(buyers)), acknowledged_meanwhile=acknowledged,
                 longest_change_seconds=round(max(each.worst_seconds for each in buyers), 1),
                 balance=dict(reader.heard), longest_balance_seconds=round(reader.worst_seconds, 1))  # fmt: skip
            assert set(total(buyers)) <= EXPECTED
            assert acknowledged <= BUYERS, "what was under way may have been on the standby already"
            assert max(each.worst_seconds for each in buyers) < PATIENCE_SECONDS
            assert set(reader.heard) == {"done"}
            await there.ended_well(buyers)
