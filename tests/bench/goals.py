"""What the product has set itself, as ratios to the limits of the machine; each is taken within a round."""

from tests.bench.samples import Bound, Ratio, Tail

RATIOS = (
    Ratio("balance", "balance: GraphQL / plain handler", "balance.api", "balance.plain", 0.6),
    Ratio("history", "50 invoices: GraphQL / plain handler", "history.api", "history.plain", 0.5),
    Ratio("balance.64", "balance, 64 connections: GraphQL / plain handler", "balance.api.64", "balance.plain.64", 0.6),
    Ratio("history.64", "50 invoices, 64 connections: GraphQL / plain", "history.api.64", "history.plain.64", 0.5),
    Ratio("bombed", "balance: while one caller sends bombs / alone", "balance.bombed", "balance.api", 0.8),
    Ratio("money", "money mutation: GraphQL / pgbench", "money.api", "money.pgbench", 0.25),
    Ratio("post.1", "post, 1 client: Python / pgbench", "post.product.1", "post.pgbench.1", 0.8),
    Ratio("post.8", "post, 8 clients: Python / pgbench", "post.product.8", "post.pgbench.8", 0.8),
    Ratio("post.32", "post, 32 clients: Python / pgbench", "post.product.32", "post.pgbench.32", 0.8),
    Ratio("post.driver.1", "post, 1 client: Python / driver alone", "post.product.1", "post.driver.1", 0.8),
    Ratio("post.driver.8", "post, 8 clients: Python / driver alone", "post.product.8", "post.driver.8", 0.8),
    Ratio("post.driver.32", "post, 32 clients: Python / driver alone", "post.product.32", "post.driver.32", 0.8),
    Ratio("post.shared", "post, 32 clients: one legal entity / many", "post.product.32", "post.apart.32", 0.9),
    Ratio("renew.1", "renewal, 1 worker: batches / script", "renew.product.1", "renew.script.1", 3.0),
    Ratio("renew.8", "renewal, 8 workers: batches / script", "renew.product.8", "renew.script.8", 3.0),
    Ratio(
        "batch.1", "renewal, 1 worker: batches / one by one", "renew.product.1", "renew.alone.1", 3.0, slow_goal=10.0
    ),
    Ratio("batch.8", "renewal, 8 workers: batches / one by one", "renew.product.8", "renew.alone.8", 3.0),
    Ratio("beside", "renewal, 1 worker: beside the portal / alone", "renew.beside", "renew.product.1", 0.5),
    Ratio("beside.p50", "balance, p50: beside renewals / alone", "balance.renewing", "balance.api", 1.5, "p50_ms"),
    Ratio("beside.p99", "balance, p99: beside renewals / alone", "balance.renewing", "balance.api", 3.0, "p99_ms"),
)

BESIDE = (
    Ratio("balance.typical", "balance: GraphQL / Strawberry, SQLAlchemy", "balance.api", "balance.typical", 15),
    Ratio("balance.postgraphile", "balance: GraphQL / PostGraphile", "balance.api", "balance.postgraphile", 0.8),
    Ratio("history.typical", "50 invoices: GraphQL / Strawberry, SQLAlchemy", "history.api", "history.typical", 10),
    Ratio("history.postgraphile", "50 invoices: GraphQL / PostGraphile", "history.api", "history.postgraphile", 1.5),
    Ratio("history.mercurius", "50 invoices: GraphQL / mercurius, jit", "history.api", "history.mercurius-jit", 0.6),
    Ratio("balance.p99", "balance, p99: GraphQL / PostGraphile", "balance.api", "balance.postgraphile", 1.0, "p99_ms"),
    Ratio(
        "history.p99", "50 invoices, p99: GraphQL / PostGraphile", "history.api", "history.postgraphile", 1.0, "p99_ms"
    ),
)

TAILS = (
    Tail("balance, GraphQL: p99 / p50", "balance.api", 4.0),
    Tail("50 invoices, GraphQL: p99 / p50", "history.api", 4.0),
    Tail("balance, GraphQL, 64 connections: p99 / p50", "balance.api.64", 4.0),
    Tail("50 invoices, GraphQL, 64 connections: p99 / p50", "history.api.64", 4.0),
    Tail("balance, while one caller sends bombs: p99 / p50", "balance.bombed", 4.0),
)

BOUNDS = (
    Bound("start of the API, seconds", "start.api", 2.0),
    Bound("start of a worker, seconds", "start.worker", 2.0),
)
