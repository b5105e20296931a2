"""One run: a fresh stack, a seeded shop, every measure in interleaved rounds, and the books verified at the end."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import asyncpg
import uvloop

from domain.reconciliation.verify import verify_shard
from runtime.house import open_house
from runtime.memory import loaded
from tests.bench import limits, posting, renewals, sizes
from tests.bench.beside import Renewing
from tests.bench.bombs import refusals
from tests.bench.ground import Ground, ground
from tests.bench.http_measures import BALANCE, Target, api_targets, ask, check_answers, plain_targets
from tests.bench.machine import Machine, machine
from tests.bench.measures import GOALS, PEERS, Server, Shops, Writers, calculating, reading, starting, writing
from tests.bench.money import Desk, open_desk
from tests.bench.peers.beside import beside, lay_tables
from tests.bench.samples import Measure, Rounds, Sample, flush_name
from tests.bench.seed import analyze, seed
from tests.bench.serving import plain_server, serving, the_api
from tests.bench.tokens import Issuer
from tests.ports import free_ports
from tests.world import make_world

CUSTOMERS = 1000  # their buckets hold 1,000 points each, and a page of history with its lines takes 500
APART = 8  # legal entities that have nothing in common, with a share of as many customers each
STAFF = 60  # who record money; each has points for sixty of them in a few seconds
WARM_POSTINGS = 20  # so that every table of a posting or renewal holds rows when it is analyzed
WARM_SECONDS = 0.2  # the same for renewals

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """All rounds under one length of a flush, and what is among them: ``reads`` over HTTP, ``writes`` that commit, and
    ``more`` that no length of a flush changes: crowds, bombs, calculations, starts."""

    flush_ms: float
    reads: bool = True
    writes: bool = True
    more: bool = True
    peers: bool = False
    """Other servers answer in it too; then their reads and the product's are all that is in it."""

    only: frozenset[str] = frozenset()
    """The keys of the measures that are left of them; none: all are."""

    @property
    def name(self) -> str:
        """How the report calls it."""
        return "beside other servers" if self.peers else flush_name(self.flush_ms)


@dataclass(frozen=True, slots=True)
class Options:
    """What to run: rounds of so many seconds a measure, for each pass."""

    rounds: int = 3
    seconds: float = 3
    passes: tuple[Pass, ...] = (Pass(0),)
    customers: int = CUSTOMERS
    apart: int = APART
    staff: int = STAFF
    sizes: tuple[int, int] | None = None
    """How many subscriptions a small shop and a large one have; without, they are left out."""


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
    flushes: dict[str, float]
    """Milliseconds that a flush takes at least, by the name of each pass."""

    bombs: dict[str, float]
    """Milliseconds until the slowest document of each kind was refused."""

    sizes: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    """Rows of the table of small and large shops, by the name of each pass; none where that was left out."""


@dataclass(frozen=True)
class _Seeded:
    shops: Shops
    issuer: Issuer
    desk: Desk


def run(options: Options, say: Say) -> Results:
    """Starts everything, measures, and leaves nothing behind."""
    load = os.getloadavg()[0]
    say("starting a stack of its own")
    with ground() as on:
        results = run_on(on, options, say, load)
    if not options.sizes:
        return results
    alone = [each for each in options.passes if not each.peers]
    flushes = tuple(each.flush_ms for each in alone)
    of = sizes.Sizes(options.sizes, rounds=options.rounds, seconds=options.seconds, flushes=flushes)
    names = [each.name for each in alone]
    return replace(results, sizes=dict(zip(names, sizes.run(of, say), strict=True)))


def run_on(on: Ground, options: Options, say: Say, load: float) -> Results:
    """The same on a stack that runs; ``load`` is what the machine had to do before."""
    flushes = limits.flushes(on) if options.seconds >= 1 else None  # it takes seconds itself
    return uvloop.run(_measured(on, options, machine(on, flushes, load), say))


async def _measured(on: Ground, options: Options, found: Machine, say: Say) -> Results:
    plain_port, api_port = *free_ports(1), on.stack.plan.ports.api
    say(f"seeding {options.customers} customers with a past")
    seeded = await _seed(on, options, Issuer(f"http://127.0.0.1:{plain_port}"))
    shop, titles, passes = seeded.shops.product, dict[str, str](), dict[str, Rounds]()
    tokens = seeded.issuer.tokens(shop)
    with serving(on, plain_server(on, plain_port, seeded.issuer.jwks()), the_api(on)) as (plain, api):
        check_answers(plain_port, api_port, shop, tokens[0])
        await seeded.desk.warm()
        targets = api_targets(api_port, tokens)
        renewing = Renewing(Target(api_port, [ask(api_port, BALANCE, token) for token in tokens[:-1]]), on, shop)
        servers = (
            Server(plain, plain_targets(plain_port, shop)),
            Server(api, {**targets, "balance.renewing": renewing}),
        )
        async with _writers(on, seeded) as writers:
            if any(each.peers for each in options.passes):
                await lay_tables(on, shop)
            for each in options.passes:
                with beside(on, shop) if each.peers else contextlib.nullcontext(list[Server]()) as others:
                    measures = _measures(on, each, (*servers, *others), writers)
                    titles |= {measure.key: measure.title for measure in measures}
                    await on.flush_takes(each.flush_ms)
                    passes[each.name] = await _rounds(on, options, each, measures, say)
            await on.flush_takes(0)
            say("sending documents that are refused")
            refused = await refusals(api_port, tokens) if any(each.more for each in options.passes) else {}
            say("verifying the books")
            findings = await verify_shard(writers.house.db.primary, shop.shard)
            assert not findings, [str(finding) for finding in findings]
    at = datetime.now(UTC)
    flushes = {each.name: each.flush_ms for each in options.passes}
    return Results(at, found, options.rounds, options.seconds, options.customers, titles, passes, flushes, refused)


def _measures(on: Ground, of: Pass, servers: Sequence[Server], writers: Writers) -> list[Measure]:
    if of.peers:
        return [each for each in reading(*servers) if each.key.partition(".")[2] in {"plain", "api", *PEERS}]
    read = reading(*servers) if of.reads else []
    more = [*starting(on), *(calculating() if of.writes else ())] if of.more else []
    found = [
        *(measure for measure in read if of.more or measure.key in GOALS),
        *more,
        *(writing(writers, servers[1]) if of.writes else ()),
    ]
    # What another measure tells of goes with it.
    keys = {measure.key for measure in found}
    there = [measure for measure in found if not measure.told or "balance.renewing" in keys]
    return [measure for measure in there if not of.only or measure.key in of.only]


async def _seed(on: Ground, options: Options, issuer: Issuer) -> _Seeded:
    """Shops whose tables were written to by the product before they were analyzed; no connection stays open."""
    dsn, count = on.superuser_dsn, options.customers
    async with open_house(on.settings(), "quittance-bench-seed") as house:
        world, other, *rest = [await make_world(house) for _ in range(2 + options.apart)]
        await issuer.introduce(world)
        apart = [await seed(dsn, each, max(1, count // options.apart), issuer.url, invoices=0) for each in rest]
        shops = Shops(
            await seed(dsn, world, count, issuer.url), await seed(dsn, other, count, issuer.url, hidden=True), apart
        )
        await limits.prepare_commits(dsn)
        for place in range(WARM_POSTINGS):
            await posting.post_once(house.db, shops.product.customer(place % count))
        await renewals.by_product(house, shops.product.shard, 1, WARM_SECONDS)
        desk = await open_desk(on, shops.product, shops.other, issuer, options.staff)
    await analyze(dsn)
    return _Seeded(shops, issuer, desk)


@contextlib.asynccontextmanager
async def _writers(on: Ground, seeded: _Seeded) -> AsyncIterator[Writers]:
    settings, shops = on.settings(), seeded.shops
    loaded()  # as every process of the product does before it serves: what was seeded is not walked again
    async with (
        open_house(settings, "quittance-bench") as house,
        asyncpg.create_pool(
            settings.database_url.get_secret_value(), min_size=0, server_settings={"jit": "off"}
        ) as pool,
    ):
        yield Writers(on, house, await posting.script(house.db, shops.product), shops, seeded.desk, pool)


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
    if measure.told:
        return Sample(counted.count / counted.seconds, None, None, 0, None, None)
    return Sample(
        (counted.count - counted.errors) / counted.seconds,
        counted.p50_ms,
        counted.p99_ms,
        counted.errors,
        process,
        (on.servers_seconds() - servers) / counted.count * 1e6,
    )
