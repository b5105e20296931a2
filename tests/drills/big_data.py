"""Does a page cost the same however much there is? Merchants of 10,000, 100,000 and a million invoices and a customer
of 50,000 on one stack; blocks are counted, not seconds. And no statement reads what is sharded from end to end."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx2

from api.app import build_app
from dev.stack.postgres import SLOT
from dev.stack.program import bring_up
from dev.stack.sql import drop_slot, is_streaming
from dev.story.client import until
from domain.actor import Grant
from domain.reconciliation.verify import verify_shard
from migrations.registry import TABLES, VIEWS
from runtime.house import open_house
from tests.api_callers import Api, Caller, running
from tests.bench.seed import Shop, analyze, seed
from tests.drills.ground import Ground, ground
from tests.drills.pages import PAGES, Cost, Page, answered, cost_of, cursor_of
from tests.drills.telling import tell
from tests.house.tree import ROOT, sources
from tests.sql_lint.literals import sql_calls
from tests.sql_lint.plans import Reading, is_small, readings
from tests.world import World, make_world

# Invoices of a merchant; each of its customers has 50.
SIZES = tuple(int(size) for size in os.environ.get("BIG", "10000,100000,1000000").split(","))
OF_ONE = int(os.environ.get("BIG_CUSTOMER", "50000"))
PER_CUSTOMER = 50
DEEP = 20  # pages into a list, at which a page that counted rows from the beginning would show it
# An index of a hundred times as many rows is a level deeper or two, which each look into it pays.
GROWTH, LEVELS = 1.5, 16
SPREAD = 2.5  # of a page here and there: rows lie closer to one another where there are many, and that is all
LOOKS = 4  # that happen beside a page now and then: how old the replica is, and what a caller may
FEW_BLOCKS = 64  # half a megabyte: reading such a table whole is what an index would cost
FOLDERS = ("domain", "jobs", "api")
# `verify` recomputes all of a shard key, and here each holds a good part of every table: there is no shorter way to it.
RECOMPUTES = "domain/reconciliation/"


@dataclass(frozen=True)
class Merchant:
    """A seeded tenant, with a customer of it and somebody of its staff."""

    size: str
    world: World
    shop: Shop
    callers: dict[str, Caller]


async def loosely(on: Ground) -> None:
    """Nothing here has to survive a crash, and the replica is made anew when all is there."""
    on.stack.named("replica").child.stop()
    drop_slot(on.pair.superuser_dsn, SLOT)
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '8GB'",
                    "autovacuum = off", "maintenance_work_mem = '512MB'", "work_mem = '128MB'",
                    "checkpoint_timeout = '1h'"):  # fmt: skip
        await on.as_admin(f"ALTER SYSTEM SET {setting}")
    on.restart("primary", shared_buffers="2GB")  # blocks are counted, wherever they are


async def follows_again(on: Ground) -> None:
    """The replica, as a copy of what there is now."""
    await on.as_admin("ALTER SYSTEM RESET work_mem")
    await on.as_admin("SELECT pg_reload_conf()")
    await on.as_admin("VACUUM (FREEZE, ANALYZE)")
    on.pair.rebuild_replica()
    on.stack.named("replica").child = bring_up(on.pair.replica())

    async def streams() -> bool | None:
        return True if is_streaming(on.pair.superuser_dsn, SLOT) else None

    await until(streams, "a replica")


@asynccontextmanager
async def merchants(on: Ground) -> AsyncIterator[list[Merchant]]:
    """All of them, before the API of this process."""
    settings = on.settings()
    issuer = settings.oidc_issuer
    async with open_house(settings, "quittance-big") as house:
        made = []
        for invoices in (*SIZES, 0):
            world = await make_world(house)
            await world.trust(issuer)
            count, each = (invoices // PER_CUSTOMER, PER_CUSTOMER) if invoices else (1, OF_ONE)
            shop = await seed(on.admin(), world, count, issuer, hidden=True, invoices=each)
            size = f"{invoices:,}" if invoices else f"{OF_ONE:,} of one customer"
            tell(seeded=size)
            made.append((size, world, shop))
        assert await verify_shard(house.db.primary, made[0][2].shard) == []
        await analyze(on.admin())
        await follows_again(on)
        async with running(build_app(settings)) as http, httpx2.AsyncClient(trust_env=False, verify=False) as minting:
            found = []
            for size, world, shop in made:
                api = Api(http, world, issuer, minting)
                customer = Caller(http, await api.token("portal", shop.subject(7 % shop.count)))
                callers = {"portal": customer, "staff": await api.staff(Grant.ADMIN)}
                found.append(Merchant(size, world, shop, callers))
            yield found


async def deep(merchant: Merchant, page: Page) -> str | None:
    """The cursor some pages on; None where the list ends before."""
    after = None
    for _ in range(DEEP):
        data = await answered(merchant.callers[page.surface], page, after)
        after = cursor_of(data, page)
        if after is None:
            return None
    return after


async def costs(on: Ground, found: list[Merchant]) -> dict[str, dict[str, Cost]]:
    """By page and merchant; of the customer with many invoices also pages far into its lists."""
    told: dict[str, dict[str, Cost]] = {}
    connection = await asyncpg.connect(on.stack.settings["DATABASE_URL"])
    try:
        for page in PAGES:
            row = told[page.title] = {}
            for merchant in found:
                caller = merchant.callers[page.surface]
                await cost_of(connection, caller, page)  # what is read once for a process is no part of a page
                row[merchant.size] = await cost_of(connection, caller, page)
            if page.cursor and (after := await deep(found[-1], page)):
                row[f"page {DEEP + 1}"] = await cost_of(connection, found[-1].callers[page.surface], page, after)
            tell(**{page.title: ", ".join(f"{size}: {cost.blocks} / {cost.statements}" for size, cost in row.items())})
    finally:
        await connection.close()
    return told


async def read_whole(on: Ground) -> list[Reading]:
    """Readings of every literal of the product that are neither of small tables nor allowed."""
    calls = [call for file in sources(ROOT, *FOLDERS) for call in sql_calls(file)]
    connection = await asyncpg.connect(on.stack.settings["DATABASE_URL"])
    try:
        tables = {**TABLES, **VIEWS}
        rows = await connection.fetch("SELECT relname, relpages FROM pg_class WHERE relkind = 'r'")
        large = {row["relname"] for row in rows if row["relpages"] > FEW_BLOCKS}
        tell(statements=len(calls), tables_over_64_blocks=len(large & set(tables)))
        as_it_is = await readings(connection, calls, tables, indexes_only=False)
        none_serves = await readings(connection, calls, tables, indexes_only=True)
    finally:
        await connection.close()
    found = [each for each in as_it_is if each.table in large and not each.where.startswith(RECOMPUTES)]
    found += [each for each in none_serves if each.how == "Seq Scan" and each not in found]
    tell(read_whole=[str(each) for each in found] or "none")
    return [each for each in found if not is_small(each)]


async def test_a_page_costs_the_same_however_much_there_is_and_nothing_sharded_is_read_whole() -> None:
    with ground() as on:
        await loosely(on)
        async with merchants(on) as found:
            told = await costs(on, found)
            grown = [
                f"{title}: {size} {cost.blocks} against {small.blocks}"
                for title, row in told.items()
                for small in (next(iter(row.values())),)
                for most in (SPREAD * min(cost.blocks for cost in row.values()),)
                for size, cost in row.items()
                if cost.blocks > min(GROWTH * small.blocks, most) + LEVELS or cost.statements > small.statements + LOOKS
            ]
            left = await read_whole(on)
            assert grown == []
            assert [str(each) for each in left] == []
