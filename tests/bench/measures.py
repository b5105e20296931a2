"""Every measure and every ratio of the bench, as data, in the order of a round: each limit just before its product."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import asyncpg

from domain.reactions.house import House
from tests.bench import limits, posting, pricing, printing, renewal_script, renewals
from tests.bench.cpu import process_seconds
from tests.bench.http_measures import Beside, Target
from tests.bench.pgbench import Pgbench
from tests.bench.samples import Measure, Ratio, Tail
from tests.bench.seed import Shop

CLIENTS = (1, 8)  # alone, and as many as the pool of one process has connections

READS = {
    "hello": "Starlette, the smallest answer",
    "balance.plain": "balance, plain handler",
    "balance.api": "balance, GraphQL",
    "balance.bombed": "balance, GraphQL, while one caller sends bombs",
    "history.plain": "50 invoices × 3 lines, plain handler",
    "history.api": "50 invoices × 3 lines, GraphQL",
    "balance.plain.64": "balance, plain handler, 64 connections",
    "balance.api.64": "balance, GraphQL, 64 connections",
    "history.plain.64": "50 invoices × 3 lines, plain handler, 64 connections",
    "history.api.64": "50 invoices × 3 lines, GraphQL, 64 connections",
}

CALCULATIONS = {
    "price.200": ("price of 200 lines: two discounts, two taxes", pricing.long_invoice),
    "pdf.page": ("invoice of 3 lines, PDF and e-invoice", printing.page),
    "pdf.arabic": ("invoice of 3 lines in Arabic, PDF and e-invoice", printing.arabic_page),
    "pdf.200": ("invoice of 200 lines, PDF and e-invoice", printing.many_pages),
}

RATIOS = (
    Ratio("balance", "balance: GraphQL / plain handler", "balance.api", "balance.plain", 0.6),
    Ratio("history", "50 invoices: GraphQL / plain handler", "history.api", "history.plain", 0.5),
    Ratio("balance.64", "balance, 64 connections: GraphQL / plain handler", "balance.api.64", "balance.plain.64", 0.6),
    Ratio("history.64", "50 invoices, 64 connections: GraphQL / plain", "history.api.64", "history.plain.64", 0.5),
    Ratio("bombed", "balance: while one caller sends bombs / alone", "balance.bombed", "balance.api", 0.8),
    Ratio("post.1", "post, 1 client: Python / pgbench", "post.product.1", "post.pgbench.1", 0.8),
    Ratio("post.8", "post, 8 clients: Python / pgbench", "post.product.8", "post.pgbench.8", 0.8),
    Ratio("renew.1", "renewal, 1 worker: batches / script", "renew.product.1", "renew.script.1", 3.0),
    Ratio("renew.8", "renewal, 8 workers: batches / script", "renew.product.8", "renew.script.8", 3.0),
    Ratio("batch.1", "renewal, 1 worker: batches / one by one", "renew.product.1", "renew.alone.1", 3.0),
    Ratio("batch.8", "renewal, 8 workers: batches / one by one", "renew.product.8", "renew.alone.8", 3.0),
)

TAILS = (
    Tail("balance, GraphQL: p99 / p50", "balance.api", 4.0),
    Tail("50 invoices, GraphQL: p99 / p50", "history.api", 4.0),
    Tail("balance, GraphQL, 64 connections: p99 / p50", "balance.api.64", 4.0),
    Tail("50 invoices, GraphQL, 64 connections: p99 / p50", "history.api.64", 4.0),
    Tail("balance, while one caller sends bombs: p99 / p50", "balance.bombed", 4.0),
)


@dataclass(frozen=True)
class Server:
    """One of our processes that answers over HTTP, and what is asked of it."""

    pid: int
    targets: Mapping[str, Target | Beside]


@dataclass(frozen=True)
class Writers:
    """What the measures that commit work with; ``pool`` and the shop ``other`` are the script's own."""

    house: House
    pgbench: Pgbench
    posting: str
    shop: Shop
    other: Shop
    pool: asyncpg.Pool


def reading(*servers: Server) -> list[Measure]:
    """The measures over HTTP."""
    found = {
        key: Measure(key, READS[key], target.run, partial(process_seconds, server.pid))
        for server in servers
        for key, target in server.targets.items()
    }
    return [found[key] for key in READS if key in found]


def calculating() -> list[Measure]:
    """The measures that neither ask nor commit: prices, and documents from facts."""
    return [
        Measure(key, title, partial(printing.by_product, make), time.process_time)
        for key, (title, make) in CALCULATIONS.items()
    ]


def writing(with_: Writers) -> list[Measure]:
    """The measures that commit."""
    return [each for count in CLIENTS for each in _posting(with_, count)] + [
        each for count in CLIENTS for each in _renewing(with_, count)
    ]


def _posting(with_: Writers, count: int) -> list[Measure]:
    by = f"{count} client" if count == 1 else f"{count} clients"
    pgbench, shop = with_.pgbench, with_.shop
    return [
        Measure(f"commit.{count}", f"bare commit, {by}, pgbench", partial(limits.commits, pgbench, count)),
        Measure(
            f"post.pgbench.{count}", f"post, {by}, pgbench", partial(posting.by_pgbench, pgbench, with_.posting, count)
        ),
        Measure(
            f"post.product.{count}",
            f"post, {by}, Python",
            partial(posting.by_product, with_.house.db, shop, count),
            time.process_time,
        ),
    ]


def _renewing(with_: Writers, count: int) -> list[Measure]:
    by = "1 worker" if count == 1 else f"{count} workers"
    runs = {
        "script": ("script", partial(renewal_script.by_script, with_.pool, with_.other, count)),
        "alone": ("one by one", partial(renewals.alone, with_.house, with_.shop.shard, count)),
        "product": ("batches", partial(renewals.by_product, with_.house, with_.shop.shard, count)),
    }
    return [
        Measure(f"renew.{key}.{count}", f"renewal, {by}, {how}", run, time.process_time)
        for key, (how, run) in runs.items()
    ]
