"""`python -m tests.bench.plain PORT JWKS`: what the API is held against.

Plain handlers on the same server and driver as the API, with the product's own statements for the same answers: no
GraphQL, no caller to verify, no limits. Beside them the smallest possible handler, and the keys of the bench's tokens.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.pool import keep_session
from runtime.settings import Settings

POOL = 8  # connections, as many as the API's default
DIGITS = 100  # minor units of a euro


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    """Opens the two pools for as long as the app serves."""
    settings = Settings()  # type: ignore[call-arg]  # the environment gives them
    for name, url in (("primary", settings.database_url), ("replica", settings.replica_url)):
        pool = await asyncpg.create_pool(
            url.get_secret_value(), min_size=POOL, max_size=POOL, reset=keep_session, server_settings={"jit": "off"}
        )
        setattr(app.state, name, pool)
    yield
    await app.state.primary.close()
    await app.state.replica.close()


async def hello(request: Request) -> Response:
    """As little as an answer can be."""
    return _json({"hello": "world"})


async def balance(request: Request) -> Response:
    """What a customer owes and has in credit."""
    shard, customer = _customer(request)
    rows = await request.app.state.primary.fetch(
        """SELECT kind, balance, through_number FROM account_balance
            WHERE shard_key = $1 AND customer_id = $2 AND currency = $3""",
        shard,
        customer,
        "EUR",
    )
    kept = {row["kind"]: _money(row["balance"]) for row in rows}
    return _json({"receivable": kept["receivable"], "credit": kept["customer_credit"]})


async def invoices(request: Request) -> Response:
    """The customer's newest fifty invoices with their lines."""
    shard, customer = _customer(request)
    db = request.app.state.replica
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, legal_entity_id, subscription_id, reason, period_start,
                  period_end, number_text, currency, total, credited, paid, written_off, voided, due, posted_number,
                  state, seq, issued_at, due_at
             FROM invoice
            WHERE shard_key = $1 AND customer_id = $2
              AND ($4::timestamptz IS NULL OR (issued_at, id) < ($4::timestamptz, $5::uuid))
            ORDER BY issued_at DESC, id DESC LIMIT $3""",
        shard, customer, 51, None, None,
    )  # fmt: skip
    lines = await db.fetch(
        """SELECT shard_key, invoice_id, position, kind, description, price_id, quantity, unit_amount, starts_at,
                  ends_at, currency, amount, credits_invoice_id, credits_position, derivation
             FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, position""",
        shard, customer, [row["id"] for row in rows[:50]],
    )  # fmt: skip
    of: dict[UUID, list[dict[str, object]]] = {}
    for line in lines:
        of.setdefault(line["invoice_id"], []).append(
            {"description": line["description"], "amount": _money(line["amount"])}
        )
    return _json(
        [
            {
                "number": row["number_text"],
                "state": row["state"].upper(),
                "issuedAt": row["issued_at"],
                "total": _money(row["total"]),
                "due": _money(row["due"]),
                "lines": of[row["id"]],
            }
            for row in rows[:50]
        ]
    )


async def keep(request: Request) -> Response:
    """Stores what came, in one commit, and says so."""
    await request.app.state.primary.execute("INSERT INTO bench_inbox (body) VALUES ($1)", await request.body())
    return _json({})


def _customer(request: Request) -> tuple[int, UUID]:
    return int(request.path_params["shard"]), UUID(request.path_params["customer"])


def _money(minor: int) -> dict[str, str]:
    return {"decimal": f"{minor // DIGITS}.{minor % DIGITS:02d}", "currency": "EUR"}


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def main(port: int, jwks: bytes) -> None:
    """Serves until it is told to stop."""

    async def keys(request: Request) -> Response:
        return Response(jwks, media_type="application/json")

    routes = [
        Route("/healthz", hello),
        Route("/hello", hello),
        Route("/jwks", keys),
        Route("/inbox", keep, methods=["POST"]),
        Route("/balance/{shard}/{customer}", balance),
        Route("/invoices/{shard}/{customer}", invoices),
    ]
    uvicorn.run(Starlette(routes=routes, lifespan=connected), port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
