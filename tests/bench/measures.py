"""Every measure of the bench, as data, in the order of a round: each limit just before its product."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import asyncpg

from domain.reactions.house import House
from tests.bench import limits, posting, pricing, printing, renewal_script, renewals
from tests.bench import starting as starts
from tests.bench.beside import Renewing
from tests.bench.cpu import process_seconds
from tests.bench.ground import Ground
from tests.bench.http_measures import Beside, Target
from tests.bench.money import Desk
from tests.bench.pgbench import Pgbench
from tests.bench.samples import Measure
from tests.bench.seed import Shop

CLIENTS = (1, 8, 32)  # alone, as many as the pool of one process has connections, and as four processes have
WORKERS = (1, 8)

READS = {
    "hello": "Starlette, the smallest answer",
    "balance.plain": "balance, plain handler",
    "balance.api": "balance, GraphQL",
    "balance.renewing": "balance, GraphQL, while a worker renews",
    "balance.bombed": "balance, GraphQL, while one caller sends bombs",
    "history.plain": "50 invoices × 3 lines, plain handler",
    "history.api": "50 invoices × 3 lines, GraphQL",
    "balance.plain.64": "balance, plain handler, 64 connections",
    "balance.api.64": "balance, GraphQL, 64 connections",
    "history.plain.64": "50 invoices × 3 lines, plain handler, 64 connections",
    "history.api.64": "50 invoices × 3 lines, GraphQL, 64 connections",
}

PEERS = {
    "postgraphile": "PostGraphile 5",
    "mercurius": "mercurius 16",
    "mercurius-jit": "mercurius 16, jit",
    "yoga": "graphql-yoga 5, node-postgres, dataloader",
    "typical": "Strawberry and SQLAlchemy as shipped",
}
"""Other servers over the same facts; they know no caller, no limits and no primary beside its replica."""

OTHERS = {
    f"{key}.{peer}": f"{title}, {name}"
    for key, title in (("balance", "balance"), ("history", "50 invoices × 3 lines"))
    for peer, name in PEERS.items()
}

GOALS = frozenset({"balance.plain", "balance.api", "balance.renewing", "history.plain", "history.api"})
"""The reads that are measured in every pass."""

CALCULATIONS = {
    "price.200": ("price of 200 lines: two discounts, two taxes", pricing.long_invoice),
    "pdf.page": ("invoice of 3 lines, PDF and e-invoice", printing.page),
    "pdf.arabic": ("invoice of 3 lines in Arabic, PDF and e-invoice", printing.arabic_page),
    "pdf.200": ("invoice of 200 lines, PDF and e-invoice", printing.many_pages),
}


@dataclass(frozen=True)
class Server:
    """One of our processes that answers over HTTP, and what is asked of it."""

    pid: int
    targets: Mapping[str, Target | Beside | Renewing]


@dataclass(frozen=True)
class Shops:
    """The seeded tenants: the product's own, the script's, and those whose legal entities have nothing in common."""

    product: Shop
    other: Shop
    apart: Sequence[Shop]


@dataclass(frozen=True)
class Writers:
    """What the measures that commit work with; the shop ``other`` and ``pool`` are the script's own."""

    ground: Ground
    house: House
    posting: str
    shops: Shops
    desk: Desk
    pool: asyncpg.Pool


def reading(*servers: Server) -> list[Measure]:
    """The measures over HTTP."""
    titles = READS | OTHERS
    found = {
        key: Measure(key, titles[key], target.run, partial(process_seconds, server.pid))
        for server in servers
        for key, target in server.targets.items()
    }
    return [found[key] for key in titles if key in found]


def calculating() -> list[Measure]:
    """The measures that neither ask nor commit: prices, and documents from facts."""
    return [
        Measure(key, title, partial(printing.by_product, make), time.process_time)
        for key, (title, make) in CALCULATIONS.items()
    ]


def starting(on: Ground) -> list[Measure]:
    """How soon our processes can serve."""
    return [
        Measure("start.api", "start of the API, until it is ready", partial(starts.api, on)),
        Measure("start.worker", "start of a worker, until it is ready", partial(starts.worker, on)),
    ]


def writing(with_: Writers, api: Server) -> list[Measure]:
    """The measures that commit."""
    return [
        *(each for count in CLIENTS for each in _posting(with_, count)),
        _spread(with_),
        *_moving(with_.desk, api),
        *(each for count in WORKERS for each in _renewing(with_, count)),
        *_beside(api),
    ]


def _posting(with_: Writers, count: int) -> list[Measure]:
    by = f"{count} client" if count == 1 else f"{count} clients"
    pgbench, shop = Pgbench(with_.ground), with_.shops.product
    return [
        Measure(f"commit.{count}", f"bare commit, {by}, pgbench", partial(limits.commits, pgbench, count)),
        Measure(
            f"post.pgbench.{count}", f"post, {by}, pgbench", partial(posting.by_pgbench, pgbench, with_.posting, count)
        ),
        Measure(
            f"post.driver.{count}",
            f"post, {by}, driver alone",
            partial(posting.by_driver, with_.ground.settings(), shop, count),
            time.process_time,
        ),
        Measure(
            f"post.product.{count}",
            f"post, {by}, Python",
            partial(posting.by_product, with_.ground.settings(), [shop], count),
            time.process_time,
        ),
    ]


def _spread(with_: Writers) -> Measure:
    """The same with nothing in common: customers of many legal entities, whose accounts and books are others."""
    count, shops = CLIENTS[-1], with_.shops.apart
    title = f"post, {count} clients, Python, customers of {len(shops)} legal entities"
    return Measure(
        f"post.apart.{count}", title, partial(posting.by_product, with_.ground.settings(), shops, count),
        time.process_time,
    )  # fmt: skip


def _moving(desk: Desk, api: Server) -> list[Measure]:
    title = "recordOfflinePayment, {}"
    return [
        Measure("money.pgbench", title.format("its statements, 8 clients, pgbench"), desk.by_pgbench),
        Measure("money.api", title.format("GraphQL"), desk.over_http, partial(process_seconds, api.pid)),
    ]


def _beside(api: Server) -> list[Measure]:
    found = [target for target in api.targets.values() if isinstance(target, Renewing)]
    return [Measure("renew.beside", "renewal, 1 worker beside the portal", each.renewed, told=True) for each in found]


def _renewing(with_: Writers, count: int) -> list[Measure]:
    by, shops = "1 worker" if count == 1 else f"{count} workers", with_.shops
    runs = {
        "script": ("script", partial(renewal_script.by_script, with_.pool, shops.other, count)),
        "alone": ("one by one", partial(renewals.alone, with_.house, shops.product.shard, count)),
        "product": ("batches", partial(renewals.by_product, with_.house, shops.product.shard, count)),
    }
    return [
        Measure(f"renew.{key}.{count}", f"renewal, {by}, {how}", run, time.process_time)
        for key, (how, run) in runs.items()
    ]
