"""Does a renewal cost the same in a large shop as in a small one? Two databases on one stack, measured in turn."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
import uvloop
from pydantic import SecretStr

from dev.stack.addresses import OWNER
from domain import due
from domain.audit import GENESIS
from domain.fanout.waiting import batches_due, due_by_wall
from domain.reactions.house import House
from domain.reactions.work import HANDLERS
from domain.reconciliation.verify import verify_shard
from domain.subscriptions.lifecycle import RENEW
from jobs.sweep import BATCH, BATCHED
from runtime.house import open_house
from tests.bench import renewals
from tests.bench.ground import PLACE, Ground, ground
from tests.bench.samples import Spread, flush_name
from tests.bench.seed import Shop, analyze, seed
from tests.world import make_world

LOOKS = 50  # of each kind in a round; a median of fewer jumps about on a busy machine
WARM_SECONDS = 0.2  # so that every table of a renewal holds rows when it is analyzed
_CROWD = Path(__file__).with_name("crowd.sql")
TITLES = {
    "renewals": "renewals a second",
    "claim": "claim of 100, p50 ms",
    "sweep": "look of a sweep, p50 ms",
}
GOALS = {"renewals": "≥ 0.8", "claim": "≤ 1.5", "sweep": "≤ 1.5"}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many subscriptions each shop has, of which so many are ``due`` and all others later."""

    counts: tuple[int, int] = (10_000, 1_000_000)
    due: int = 1000
    rounds: int = 3
    seconds: float = 3
    flushes: tuple[float, ...] = (0,)


def run(of: Sizes, say: Say, place: Path = PLACE) -> list[list[tuple[str, ...]]]:
    """For each length of a flush the rows of a table: a title, the median of each size with its spread, the ratio of
    large to small, and its goal."""
    say("starting a stack of its own")
    with ground(place) as on:
        return uvloop.run(_measured(on, of, say))


async def _measured(on: Ground, of: Sizes, say: Say) -> list[list[tuple[str, ...]]]:
    say(f"seeding {of.due} customers with a past")
    async with open_house(on.settings(), "quittance-bench-seed") as house:
        shop = await seed(on.superuser_dsn, await make_world(house), of.due, "bench")
        await renewals.by_product(house, shop.shard, 1, WARM_SECONDS)
    names = ["small", "large"]
    for name, count in zip(names, of.counts, strict=True):
        say(f"a shop with {count:,} subscriptions")
        await _copy(on, name)
        await _crowd(on.superuser_dsn.replace("/quittance?", f"/{name}?"), shop, count - of.due)
    tables = []
    async with _house(on, names[0]) as small, _house(on, names[1]) as large:
        for flush_ms in of.flushes:
            await on.flush_takes(flush_ms)
            found: dict[str, list[tuple[float, float]]] = {key: [] for key in TITLES}
            for number in range(1, of.rounds + 1):
                say(f"{flush_name(flush_ms)}, round {number} of {of.rounds}: a small shop and a large one")
                one, other = await _round(small, shop, of.seconds), await _round(large, shop, of.seconds)
                for key in TITLES:
                    found[key].append((one[key], other[key]))
            tables.append([_row(key, of.counts, pairs) for key, pairs in found.items()])
        findings = await verify_shard(small.db.primary, shop.shard)
        assert not findings, [str(finding) for finding in findings]
    return tables


async def _copy(on: Ground, name: str) -> None:
    """A copy of the seeded database; nobody may be connected to what is copied."""
    connection = await asyncpg.connect(on.superuser_dsn.replace("/quittance?", "/postgres?"))
    try:  # utility statements take no parameters; the name is ours
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE quittance OWNER {OWNER}")
    finally:
        await connection.close()


async def _crowd(dsn: str, shop: Shop, count: int) -> None:
    """So many more customers, whose renewals are due later: rows of one that is there, under other ids."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(
                """CREATE TEMP TABLE pattern ON COMMIT DROP AS
                   SELECT $1::int AS shard, $2::uuid AS customer, $3::int AS count, $4::bytea AS genesis""",
                shop.shard,
                shop.customer(0).uuid,
                count,
                GENESIS,
            )
            await connection.execute(_CROWD.read_text())
    finally:
        await connection.close()
    await analyze(dsn)


@contextlib.asynccontextmanager
async def _house(on: Ground, name: str) -> AsyncIterator[House]:
    settings = on.settings()
    urls = {
        key: SecretStr(getattr(settings, key).get_secret_value().replace("/quittance?", f"/{name}?"))
        for key in ("database_url", "replica_url")
    }
    async with open_house(settings.model_copy(update=urls), f"quittance-bench-{name}") as house:
        yield house


async def _round(house: House, shop: Shop, seconds: float) -> dict[str, float]:
    renewed = await renewals.by_product(house, shop.shard, 1, seconds)
    claims, looks = [], []
    for _ in range(LOOKS):
        at, now = time.perf_counter(), house.db.clock.now()
        await batches_due(house.db.primary, now, BATCHED)
        await due_by_wall(house.db.primary, HANDLERS, now, BATCH)
        looks.append(time.perf_counter() - at)
        at = time.perf_counter()
        claimed = await due.claim_batch(house.db.marks, shop.shard, RENEW, now, 100)
        claims.append(time.perf_counter() - at)
        assert claimed
        await renewals.give_back(house, shop.shard)
    return {
        "renewals": renewed.count / renewed.seconds,
        "claim": median(claims) * 1000,
        "sweep": median(looks) * 1000,
    }


def _row(key: str, counts: Sequence[int], pairs: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    ratio = Spread.of([large / small for small, large in pairs])
    sizes = [Spread.of([pair[place] for pair in pairs]) for place in (0, 1)]
    digits = 0 if key == "renewals" else 2
    cells = [f"{each.middle:,.{digits}f} [{each.low:,.{digits}f}..{each.high:,.{digits}f}]" for each in sizes]
    of = " and ".join(f"{count:,}" for count in counts)
    return (f"{TITLES[key]}: {of}", *cells, f"{ratio.middle:.2f} [{ratio.low:.2f}..{ratio.high:.2f}]", GOALS[key])
