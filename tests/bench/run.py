"""One run: a fresh stack, a seeded shop, every measure in interleaved rounds, and the books verified at the end."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import uvloop

from domain.reconciliation.verify import verify_shard
from runtime.house import open_house
from tests.bench import limits, posting, renewals
from tests.bench.bombs import refusals
from tests.bench.ground import Ground, ground
from tests.bench.http_measures import api_targets, check_answers, plain_targets
from tests.bench.machine import Machine, machine
from tests.bench.measures import Server, Writers, calculating, reading, writing
from tests.bench.pgbench import Pgbench
from tests.bench.samples import Measure, Rounds, Sample
from tests.bench.seed import Shop, analyze, seed
from tests.bench.serving import plain_server, serving, the_api
from tests.bench.tokens import Issuer
from tests.ports import free_ports
from tests.world import make_world

CUSTOMERS = 1000  # their buckets hold 1,000 points each, and a page of history with its lines takes 500
WARM_POSTINGS = 20  # so that every table of a posting or renewal holds rows when it is analyzed
WARM_SECONDS = 0.2  # the same for renewals

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """All rounds under one length of a flush; ``reads`` says whether those over HTTP are among them, ``writes`` whether
    all others are that commit or calculate."""

    flush_ms: float
    reads: bool = True
    writes: bool = True

    @property
    def name(self) -> str:
        """How the report calls it."""
        return f"{self.flush_ms:g} ms flush" if self.flush_ms else "disk as it is"


@dataclass(frozen=True, slots=True)
class Options:
    """What to run: rounds of so many seconds a measure, for each pass."""

    rounds: int = 3
    seconds: float = 3
    passes: tuple[Pass, ...] = (Pass(0),)
    customers: int = CUSTOMERS


@dataclass(frozen=True, slots=True)
class Results:
    """Everything a run found, by the name of each pass; ``titles`` by the key of each measure."""

    at: datetime
    machine: Machine
    rounds: int
    seconds: float
    customers: int
    titles: dict[str, str]
    passes: dict[str, Rounds]
    bombs: dict[str, float]
    """Milliseconds until the slowest document of each kind was refused."""


@dataclass(frozen=True)
class _Shops:
    product: Shop
    script: Shop
    issuer: Issuer


def run(options: Options, say: Say) -> Results:
    """Starts everything, measures, and leaves nothing behind."""
    load = os.getloadavg()[0]
    say("starting a stack of its own")
    with ground() as on:
        return run_on(on, options, say, load)


def run_on(on: Ground, options: Options, say: Say, load: float) -> Results:
    """The same on a stack that runs; ``load`` is what the machine had to do before."""
    flushes = limits.flushes(on) if options.seconds >= 1 else None  # it takes seconds itself
    return uvloop.run(_measured(on, options, machine(on, flushes, load), say))


async def _measured(on: Ground, options: Options, found: Machine, say: Say) -> Results:
    plain_port, api_port = *free_ports(1), on.stack.plan.ports.api
    say(f"seeding {options.customers} customers with a past")
    shops = await _seeded(on, options.customers, Issuer(f"http://127.0.0.1:{plain_port}"))
    titles: dict[str, str] = {}
    passes: dict[str, Rounds] = {}
    tokens = shops.issuer.tokens(shops.product)
    with serving(on, plain_server(on, plain_port, shops.issuer.jwks()), the_api(on)) as (plain, api):
        check_answers(plain_port, api_port, shops.product, tokens[0])
        servers = (Server(plain, plain_targets(plain_port, shops.product)), Server(api, api_targets(api_port, tokens)))
        async with _writers(on, shops) as writers:
            for each in options.passes:
                once = [*reading(*servers), *(calculating() if each.writes else ())] if each.reads else []
                measures = [*once, *(writing(writers) if each.writes else ())]
                titles |= {measure.key: measure.title for measure in measures}
                await on.flush_takes(each.flush_ms)
                passes[each.name] = await _rounds(on, options, each, measures, say)
            await on.flush_takes(0)
            say("sending documents that are refused")
            refused = await refusals(api_port, tokens) if any(each.reads for each in options.passes) else {}
            say("verifying the books")
            findings = await verify_shard(writers.house.db.primary, shops.product.shard)
            assert not findings, [str(finding) for finding in findings]
    at = datetime.now(UTC)
    return Results(at, found, options.rounds, options.seconds, options.customers, titles, passes, refused)


async def _seeded(on: Ground, customers: int, issuer: Issuer) -> _Shops:
    """Two shops whose tables were written to by the product before they were analyzed; no connection stays open."""
    async with open_house(on.settings(), "quittance-bench-seed") as house:
        world, other = await make_world(house), await make_world(house)
        await issuer.introduce(world)
        shops = _Shops(
            await seed(on.superuser_dsn, world, customers, issuer.url),
            await seed(on.superuser_dsn, other, customers, issuer.url, hidden=True),
            issuer,
        )
        await limits.prepare_commits(on.superuser_dsn)
        for place in range(WARM_POSTINGS):
            await posting.post_once(house.db, shops.product.customer(place % customers))
        await renewals.by_product(house, shops.product.shard, 1, WARM_SECONDS)
    await analyze(on.superuser_dsn)
    return shops


@contextlib.asynccontextmanager
async def _writers(on: Ground, shops: _Shops) -> AsyncIterator[Writers]:
    settings = on.settings()
    async with (
        open_house(settings, "quittance-bench") as house,
        asyncpg.create_pool(
            settings.database_url.get_secret_value(), min_size=0, server_settings={"jit": "off"}
        ) as pool,
    ):
        text = await posting.script(house.db, shops.product)
        yield Writers(house, Pgbench(on), text, shops.product, shops.script, pool)


async def _rounds(on: Ground, options: Options, of: Pass, measures: Sequence[Measure], say: Say) -> Rounds:
    found: Rounds = {measure.key: [] for measure in measures}
    for number in range(1, options.rounds + 1):
        for measure in measures:
            say(f"{of.name}, round {number} of {options.rounds}: {measure.title}")
            found[measure.key].append(await _sample(on, measure, options.seconds))
    return found


async def _sample(on: Ground, measure: Measure, seconds: float) -> Sample:
    servers = on.servers_seconds()
    process = measure.cpu() if measure.cpu else None
    counted = await measure.run(seconds)
    if process is not None and measure.cpu:
        process = (measure.cpu() - process) / counted.count * 1e6
    return Sample(
        (counted.count - counted.errors) / counted.seconds,
        counted.p50_ms,
        counted.p99_ms,
        counted.errors,
        process,
        (on.servers_seconds() - servers) / counted.count * 1e6,
    )
