"""Two versions at once: customers go on while the schema of an older version is brought to today's, while processes of
both serve side by side, and while the older ones end. Nobody is told an error or waits for a lock for a second."""

import asyncio
import os
import subprocess
import sys

import httpx2

from dev.stack.processes import CHECKOUT
from dev.story import documents as say
from tests.api_callers import Guest
from tests.drills.ground import Ground, ground
from tests.drills.locks import watched
from tests.drills.old_version import someone, version_at
from tests.drills.people import EXPECTED, Buyer, Reader, at_work, total
from tests.drills.telling import tell
from tests.drills.town import client, town

# A release ago: its schema is 0107, and no migration of a later one waits for a phase that this one did not have.
OLDER = os.environ.get("OLDER", "31e15ae")
BUYERS = 6
LOAD_SECONDS = 10.0
LOCK_SECONDS = 1.0
EXPECTED_HERE = EXPECTED - {"no connection"}


def caller(told: object, http: httpx2.AsyncClient) -> Guest:
    """A customer of the village with its token."""
    assert isinstance(told, dict)
    return Guest(http, told["token"], someone(told))


async def migrated(on: Ground, phase: str) -> str:
    """Runs that phase of today's migrations, as an operator does; its last words."""
    environment = {**on.stack.environment, "PYTHONPATH": str(CHECKOUT)}
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "migrate", "--phase", phase, cwd=CHECKOUT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()
    return said.decode().strip().splitlines()[-1]


def to(http: httpx2.AsyncClient, *people: Buyer | Reader) -> None:
    """From now on they call there, as behind a balancer that takes an API out before it is stopped."""
    for each in people:
        each.http = http


async def release(on: Ground, buyers: list[Buyer], readers: list[Reader], new: httpx2.AsyncClient) -> None:
    """Migrates, starts today's processes beside the older ones, ends those, and migrates the rest."""
    await asyncio.sleep(LOAD_SECONDS)
    tell(migrations_before_the_new_processes=await migrated(on, "pre"))
    await asyncio.sleep(LOAD_SECONDS)
    await asyncio.to_thread(on.start, "api-new", port=on.second_port)
    await asyncio.to_thread(on.start, "worker-new")
    to(new, *buyers[::2], *readers[::2])
    await asyncio.sleep(2 * LOAD_SECONDS)
    to(new, *buyers, *readers)
    await asyncio.sleep(1)
    await asyncio.to_thread(on.end, "api", "worker")
    await asyncio.to_thread(on.start, "api")  # in its place; webhooks go there
    tell(migrations_after_the_old_processes=await migrated(on, "post"))
    await asyncio.sleep(LOAD_SECONDS)


async def test_a_release_is_brought_while_everybody_goes_on() -> None:
    with version_at(OLDER) as old, ground(migrated=False) as on:
        old.migrate(on)
        tell(older_version=old.commit, its_schema=old.last_migration)
        await on.as_admin("ALTER SYSTEM SET log_lock_waits = on")  # after deadlock_timeout, which is a second
        await on.as_admin("SELECT pg_reload_conf()")
        on.start("api", checkout=old.path)
        on.start("worker", checkout=old.path)
        told = old.village(on, BUYERS)
        async with client(on.url) as http, client(f"http://127.0.0.1:{on.second_port}") as new:
            buyers = [Buyer(caller(each, http), http) for each in told["people"]]
            await asyncio.gather(*(each.begin(told["price"]) for each in buyers))
            readers = [
                Reader(each.guest, http, document) for each in buyers[:2] for document in (say.BALANCE, say.HISTORY)
            ]
            async with watched(on.admin()) as waits, at_work(*buyers, *readers):
                await release(on, buyers, readers, new)
            await asyncio.gather(*(each.finish() for each in buyers))
            said = [line for line in on.log("primary").splitlines() if "still waiting for" in line]
            waited = sum(" on relation " in line for line in said)
            tell(changes=dict(total(buyers)), reads=dict(total(readers)), looks_at_locks=waits.looks,
                 longest_wait_for_a_table_seconds=round(waits.table_seconds, 3),
                 longest_other_wait_seconds=round(waits.other_seconds, 3),
                 waits_over_a_second_for_a_table_and_for_rows=(waited, len(said) - waited))  # fmt: skip
            assert set(total([*buyers, *readers])) <= EXPECTED_HERE
            assert waits.table_seconds < LOCK_SECONDS and waited == 0, waits.who
            await ended_well(on, buyers)


async def ended_well(on: Ground, buyers: list[Buyer]) -> None:
    """As after every drill."""
    async with town(on) as there:
        await there.ended_well(buyers)
