"""Requests over HTTP: to the API with a verified caller under its limits, and to plain handlers for the same facts."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import msgspec

from dev.stack.processes import CHECKOUT
from tests.bench.bombs import bombs
from tests.bench.samples import Counted
from tests.bench.seed import INVOICES, LINES, Shop

CONNECTIONS = 16  # enough to keep one process busy, few enough that waiting is the server's and not the queue's
CROWD = 64  # so many that most of them wait for the process
BOMBS_READY = 20  # texts of each kind: more than one caller has the points to be refused in a few seconds
BALANCE = "{ viewer { customer { balance { receivable { decimal currency } credit { decimal currency } } } } }"
HISTORY = (
    "{ viewer { customer { invoices(first: 50) { edges { node { number state issuedAt total { decimal currency }"
    " due { decimal currency } lines { description amount { decimal currency } } } } } } } }"
)


def generator() -> str:
    """The name of the load generator: wrk where it is installed, else our own."""
    return "wrk" if shutil.which("wrk") else "an asyncio client of our own (uvloop, own process)"


@dataclass(frozen=True)
class Target:
    """A server on this machine and the requests that are sent to it in turn."""

    port: int
    requests: Sequence[bytes]
    connections: int = CONNECTIONS

    async def run(self, seconds: float) -> Counted:
        """So many seconds of load by a process of its own."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\0".join(self.requests))
            file.flush()
            command = _command(self.port, self.connections, seconds, file.name)
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, cwd=CHECKOUT)
        assert done.returncode == 0, done.stderr.decode()
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Counted)


def _command(port: int, connections: int, seconds: float, file: str) -> tuple[str, ...]:
    if seconds < 1 or not shutil.which("wrk"):  # wrk counts whole seconds
        return (sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(seconds), file)
    script = str(Path(__file__).with_name("load.lua"))
    count, length = f"-c{connections}", f"-d{int(seconds)}s"
    return ("wrk", "-t1", count, length, "-s", script, f"http://127.0.0.1:{port}", "--", file)


def get(port: int, path: str) -> bytes:
    """A GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode()


def ask(port: int, query: str, token: str) -> bytes:
    """A GraphQL request of a signed-in caller as it goes over the wire."""
    return send(port, "/graphql", json.dumps({"query": query}).encode(), {"Authorization": f"Bearer {token}"})


def send(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST of JSON as it goes over the wire."""
    own = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n{own}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def plain_targets(port: int, shop: Shop) -> dict[str, Target]:
    """The plain handlers, each customer in turn."""
    places = [f"{shop.shard}/{shop.customer(place).uuid}" for place in range(shop.count)]
    return {
        "hello": Target(port, [get(port, "/hello")]),
        **_few_and_many("balance.plain", port, [get(port, f"/balance/{place}") for place in places]),
        **_few_and_many("history.plain", port, [get(port, f"/invoices/{place}") for place in places]),
    }


def api_targets(port: int, tokens: Sequence[str]) -> dict[str, "Target | Beside"]:
    """The API's answers to the same questions, each customer in turn, so that no bucket of points runs dry."""
    callers = tokens[:-1]  # the last one has no points left once it has sent bombs
    return {
        **_few_and_many("balance.api", port, [ask(port, BALANCE, token) for token in callers]),
        **_few_and_many("history.api", port, [ask(port, HISTORY, token) for token in callers]),
        "balance.bombed": Beside(
            Target(port, [ask(port, BALANCE, token) for token in callers]), bomber(port, tokens[-1])
        ),
    }


def _few_and_many(key: str, port: int, requests: Sequence[bytes]) -> dict[str, Target]:
    """Each begins with other callers, of whom none has points for many long answers in a row."""
    half = len(requests) // 2
    many = [*requests[half:], *requests[:half]]
    return {key: Target(port, requests[1:]), f"{key}.{CROWD}": Target(port, many, CROWD)}


@dataclass(frozen=True)
class Beside:
    """A target, measured while somebody sends something else to the same server."""

    target: Target
    other: Target

    async def run(self, seconds: float) -> Counted:
        """What the target gave meanwhile."""
        counted, _ = await asyncio.gather(self.target.run(seconds), self.other.run(seconds))
        return counted


def bomber(port: int, token: str) -> Target:
    """One caller who sends what will be refused, each text another one, as fast as it is refused or told to wait."""
    texts = [text for number in range(BOMBS_READY) for text in bombs(number).values()]
    return Target(port, [ask(port, text, token) for text in texts], 1)


def check_answers(plain: int, api: int, shop: Shop, token: str) -> None:
    """Fails unless both servers say the same about the first customer, in full."""
    place = f"{shop.shard}/{shop.customer(0).uuid}"
    with httpx2.Client(trust_env=False) as http:
        kept = http.get(f"http://127.0.0.1:{plain}/balance/{place}").json()
        listed = http.get(f"http://127.0.0.1:{plain}/invoices/{place}").json()
        bearer = {"Authorization": f"Bearer {token}"}
        asked = [
            http.post(f"http://127.0.0.1:{api}/graphql", json={"query": query}, headers=bearer).json()
            for query in (BALANCE, HISTORY)
        ]
    assert not any("errors" in answer for answer in asked), asked
    balance, history = (answer["data"]["viewer"]["customer"] for answer in asked)
    assert balance["balance"] == kept, (balance, kept)
    nodes = [edge["node"] for edge in history["invoices"]["edges"]]
    said = [{**node, "issuedAt": None} for node in nodes]
    assert said == [{**each, "issuedAt": None} for each in listed], (said[:1], listed[:1])
    assert len(nodes) == INVOICES and all(len(node["lines"]) == LINES for node in nodes)
