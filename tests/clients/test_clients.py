"""Clients that are not ours use the published schema as their makers meant it, against the product as it is started.

Needs Node; `make clients` runs it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

from dev.story import documents as say
from dev.story.cast import Cast
from tests.story.product import Product, product

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
GENERATED = HERE / "generated"
CARD = "tok_visa"


@pytest.fixture(scope="session")
def built() -> Path:
    """What the makers' tools wrote from frontend-schema.graphql: types that compile strictly, and two manifests."""
    for made in (GENERATED, HERE / "built"):
        shutil.rmtree(made, ignore_errors=True)
    # The compiler adds to a file that is there.
    (GENERATED / "relay").mkdir(parents=True)
    (GENERATED / "relay-documents.json").write_text("{}")
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    for tool in ("generate", "relay", "types"):
        npm("run", "--silent", tool)
    return GENERATED


def npm(*arguments: str, **environment: str) -> None:
    """Runs npm here; what it says is the story of a failure."""
    done = subprocess.run(
        ["npm", *arguments], cwd=HERE, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Product]:
    """The product, as a user starts it."""
    async with product() as found:
        yield found


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """Plain HTTP to this machine."""
    async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
        yield client


async def subscriber(running: Product, http: httpx2.AsyncClient) -> Cast:
    """A customer with two invoices: of a purchase and of an upgrade."""
    cast = await running.cast(http)
    prices = await cast.story.prices()
    await cast.story.customer.mutate(say.ADD_METHOD, token=CARD)
    await cast.story.customer.mutate(say.START, priceId=prices["starter"])
    held = await cast.story.subscription()
    await cast.story.customer.mutate(say.CHANGE, subscriptionId=held["id"], priceId=prices["team"])
    return cast


def register(running: Product, manifest: Path) -> None:
    """`quittance persist` on the running product."""
    environment = {**os.environ, "QUITTANCE_STATE": str(running.launcher.state), "PORT": str(running.port)}
    command = [sys.executable, "-m", "cli.main", "persist", str(manifest), "--tenant", "acme", "--audience", "portal"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.row("Y3")
async def test_apollo_urql_relay_and_graphql_sse_work_by_registered_documents(
    built: Path, running: Product, http: httpx2.AsyncClient
) -> None:
    for manifest in ("persisted-documents.json", "relay-documents.json"):
        register(running, built / manifest)
    buyer = await running.cast(http)
    reader, listener = await subscriber(running, http), await subscriber(running, http)
    tokens = {"BUYER": buyer, "READER": reader, "LISTENER": listener}
    npm(
        "test",
        CLIENTS_API=running.api,
        **{f"CLIENTS_{name}": cast.story.customer.token for name, cast in tokens.items()},
    )


def asked(document: str, **variables: Any) -> GraphQLRequest:
    """A request in gql's own form."""
    return GraphQLRequest(document, variable_values=variables)


async def test_gql_for_python_validates_by_the_published_schema_and_asks(
    running: Product, http: httpx2.AsyncClient
) -> None:
    cast = await subscriber(running, http)
    headers = {"Authorization": f"Bearer {cast.story.customer.token}"}
    transport = HTTPXAsyncTransport(url=f"{running.api}/graphql", headers=headers)
    schema = (CHECKOUT / "frontend-schema.graphql").read_text()
    async with Client(transport=transport, schema=schema) as session:
        balance = await session.execute(asked(say.BALANCE))
        assert balance["viewer"]["customer"]["balance"]["receivable"]["currency"] == "EUR"
        history = await session.execute(asked(say.HISTORY))
        assert history["viewer"]["customer"]["invoices"]["totalCount"] == 2
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(asked(say.INVOICE, id="invoice_x"))
        assert refused.value.errors and refused.value.errors[0]["extensions"]["code"] == "NOT_FOUND"
