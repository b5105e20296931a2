"""A sandbox provider for tests: the one of the shared stack when PROVIDER_URL is set, else a process of our own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from dev.stack.program import dying_with_parent
from tests.ports import free_port

SECRET = "provider-test-key"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE_S = 60.0
"""How long a test waits for what must come; only a broken provider uses it up."""


@dataclass
class ProviderProcess:
    """Where a provider is and how to speak to it; `process` is None for the shared one, which nobody here stops."""

    url: str
    secret: str
    webhook_secret: str
    process: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        """kill -9, and wait until it is gone; nothing happens to one that is gone or not ours."""
        if self.process and self.process.stdout:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def client(self) -> httpx2.AsyncClient:
        """A client that carries the key; the caller closes it."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        # Plain HTTP: reading the machine's certificates would cost each test more than the test itself.
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE_S, trust_env=False, verify=False)


def start_provider(state: Path | None = None, url: str | None = None) -> ProviderProcess:
    """Start a provider on a free port or at `url`, and return once it takes connections."""
    while True:
        address = url or f"http://127.0.0.1:{free_port()}"
        started = _launch(address, state)
        assert started.process and started.process.stdout
        if started.process.stdout.readline():
            return started
        started.kill()
        assert url is None, "the provider did not start at its former address"


def _launch(url: str, state: Path | None) -> ProviderProcess:
    environment = {
        **os.environ,
        "PROVIDER_URL": url,
        "PROVIDER_SECRET": SECRET,
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "WEBHOOK_URL": "",
        "PUBLIC_URL": "",
    }
    environment.pop("PROVIDER_STATE", None)
    if state:
        environment["PROVIDER_STATE"] = str(state)
    command = [sys.executable, "-m", "dev.provider"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=dying_with_parent(signal.SIGKILL)
    )
    return ProviderProcess(url, SECRET, WEBHOOK_SECRET, process)


@contextmanager
def own_provider(state: Path | None = None, url: str | None = None) -> Iterator[ProviderProcess]:
    """A provider that is gone with the block."""
    started = start_provider(state, url)
    try:
        yield started
    finally:
        started.kill()


def shared_or_own_provider() -> ProviderProcess:
    """The provider of the stack around us, or a new one in memory."""
    url = os.environ.get("PROVIDER_URL")
    if url is None:
        return start_provider()
    return ProviderProcess(url, os.environ["PROVIDER_SECRET"], os.environ["WEBHOOK_SECRET"])


@dataclass
class Bench:
    """A test's own corner of a provider: tokens and references that no other test uses."""

    provider: ProviderProcess
    http: httpx2.AsyncClient
    mark: str = field(default_factory=lambda: uuid4().hex)

    def token(self, name: str) -> str:
        """The token with a suffix of this test's own, so that behaviour set for it is nobody else's."""
        return f"{name}#{self.mark}"

    async def call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """One request, whatever its answer."""
        return await self.http.request(method, path, **request)

    async def get(self, path: str, **query: str) -> Any:
        """The JSON of a request that succeeds."""
        return _good(await self.http.get(path, params=query))

    async def post(self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None) -> Any:
        """The JSON of a request that succeeds."""
        return _good(await self.try_post(path, body, key))

    async def try_post(
        self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> httpx2.Response:
        """One request, whatever its answer; the key is made this test's own."""
        headers = {"Idempotency-Key": f"{self.mark}-{key}"} if key else {}
        return await self.http.post(path, json=body or {}, headers=headers)

    async def method(self, name: str) -> str:
        """The id of a new payment method."""
        return str((await self.post("/v1/payment_methods", {"token": self.token(name)}))["id"])

    def order(self, method: str, name: str = "a", **changed: Any) -> dict[str, Any]:
        """The body of a charge of 10.00 EUR under the reference `name` of this test."""
        return {
            "amount_minor": 1000,
            "currency": "EUR",
            "method": method,
            "reference": f"{self.mark}-{name}",
            "metadata": {"customer": self.mark},
            **changed,
        }

    async def charge(self, method: str, name: str = "a", **changed: Any) -> Any:
        """The payment that a charge under the key and reference `name` makes."""
        return await self.post("/v1/payments", self.order(method, name, **changed), key=name)

    async def books(self) -> Any:
        """The provider's books of this test's customer."""
        return await self.get("/admin/books", customer=self.mark)

    async def behave(self, name: str, **behaviour: Any) -> None:
        """Set how this test's token is treated."""
        await self.post("/admin/behaviour", {"token": self.token(name), **behaviour})


def _good(response: httpx2.Response) -> Any:
    assert response.is_success, response.text
    return response.json()


@asynccontextmanager
async def bench_at(provider: ProviderProcess) -> AsyncIterator[Bench]:
    """A corner of that provider, with a client that is closed at the end."""
    async with provider.client() as http:
        yield Bench(provider, http)


@dataclass
class Delivery:
    """One webhook as it came in."""

    raw: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    """A merchant's webhook endpoint that keeps what it gets and answers with `status`, once `answering` is set."""

    url: str = ""
    status: int = 200
    inbox: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self) -> Delivery:
        """The next webhook, waiting for it."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.inbox.get()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer it."""
        try:
            head = await _head(reader)
            raw = await reader.readexactly(int(head["content-length"]))
            await self.inbox.put(Delivery(raw, head))
            await self.answering.wait()
            writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader) -> dict[str, str]:
    await reader.readline()
    headers = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook endpoint on a free port."""
    endpoint = Receiver()
    endpoint.answering.set()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks"
    try:
        yield endpoint
    finally:
        server.close()
