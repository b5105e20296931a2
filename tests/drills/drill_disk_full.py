"""The disk is full: of the write-ahead log, or of the data alone. Changes are refused for now, what was acknowledged
stays, and everything goes on once there is space."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import asyncpg
import pytest

from dev.stack.program import bring_up
from dev.stack.trouble import StackError
from dev.story import documents as say
from tests.drills.ground import Ground, ground
from tests.drills.people import EXPECTED, Buyer, Reader, at_work, pause, somebody_goes_on, total
from tests.drills.small_disk import Disk, small_disk
from tests.drills.telling import tell
from tests.drills.town import town

# Room for a new cluster, its log and some thousand changes.
DISK_MEGABYTES = 320
BUYERS = 6
FULL_SECONDS = 15.0
# More than the 80 MB of the log that PostgreSQL keeps ready by default.
MESSAGES, MESSAGE_BYTES = 50, 4_000_000
# What every drill allows: ten seconds after its cause has ended the service is back.
BACK_SECONDS = 10.0


def moved(on: Ground, folder: str, disk: Disk) -> None:
    """Puts a folder of the primary's data on the disk; the server is stopped meanwhile."""
    primary = on.stack.named("primary")
    primary.child.stop()
    source, target = on.pair.layout.primary / folder, disk.path / folder
    shutil.copytree(source, target, symlinks=True)
    for path in (target, *target.rglob("*")):
        os.chown(path, on.pair.account.uid, on.pair.account.gid)
        os.chmod(path, 0o700 if path.is_dir() else 0o600)
    shutil.rmtree(source)
    source.symlink_to(target)
    primary.child = bring_up(primary.child.program)


@asynccontextmanager
async def kept_up(on: Ground) -> AsyncIterator[list[str]]:
    """Starts the primary again whenever it has gone, as whoever runs it does; one line for each time."""
    primary, ended, times = on.stack.named("primary"), asyncio.Event(), list[str]()

    async def keep() -> None:
        while not ended.is_set():
            if primary.child.exited:
                times.append("started again")
                with suppress(StackError):  # still no space: again in a moment
                    primary.child = await asyncio.to_thread(bring_up, replace(primary.child.program, retry_seconds=0))
            await pause(ended)

    keeper = asyncio.create_task(keep())
    try:
        yield times
    finally:
        ended.set()
        await keeper


async def used_up(on: Ground) -> None:
    """Writes to the log until what PostgreSQL keeps ready of it is used up, as a busier hour would."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        for _ in range(MESSAGES):
            await on.as_admin(f"SELECT pg_logical_emit_message(true, 'drill', repeat('x', {MESSAGE_BYTES}))")


async def full(on: Ground, buyers: list[Buyer], disk: Disk) -> float:
    """Fills the disk, waits, empties it; seconds until somebody's change is acknowledged again."""
    await asyncio.sleep(2)
    disk.fill()
    await used_up(on)
    await asyncio.sleep(FULL_SECONDS)
    tell(heard_while_full=dict(total(buyers)))
    assert total(buyers)["again"] > 0, "the disk was not full for anybody"
    disk.empty()
    return await somebody_goes_on(buyers)


@pytest.mark.parametrize("folder", ["pg_wal", "base"])
async def test_a_full_disk_costs_answers_and_no_money(folder: str) -> None:
    with small_disk(DISK_MEGABYTES) as disk, ground() as on:
        moved(on, folder, disk)
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            buyers = await there.buyers(BUYERS)
            reader = Reader(buyers[0].guest, there.api.http, say.BALANCE)
            tell(full=folder)
            async with kept_up(on) as times:
                async with at_work(*buyers, reader):
                    back = await full(on, buyers, disk)
                await asyncio.gather(*(each.finish() for each in buyers))
            everybody: list[Buyer | Reader] = [*buyers, reader]
            tell(heard_in_all=dict(total(buyers)), balance=dict(reader.heard), restarts_of_the_primary=len(times),
                 longest_seconds=round(max(each.worst_seconds for each in everybody), 1),
                 back_after_seconds=round(back, 1))  # fmt: skip
            assert set(total(everybody)) <= EXPECTED
            assert back < BACK_SECONDS
            await there.ended_well(buyers)
