"""A way to a server that a test can shut or hold: to who comes through it, that server is down or silent."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from tests.ports import free_port

CHUNK = 64 * 1024


@dataclass
class Gate:
    """Hands bytes through between its own socket and the server's, until it is shut."""

    server: str
    own: Path
    _listener: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _carrying: set["asyncio.Task[None] | None"] = field(default_factory=set)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Lets everybody through."""
        self._flows.set()
        self._answers.set()
        self._listener = await self._listen()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connected, self.own)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.server)

    async def shut(self) -> None:
        """Cuts every connection, and takes no other one."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.own.unlink(missing_ok=True)
        for writer in list(self._writers):
            writer.transport.abort()
        self._flows.set()
        self._answers.set()
        await asyncio.gather(*(task for task in self._carrying if task))

    def hold(self) -> None:
        """Cuts nothing and takes new connections, but hands no byte through any more until it is shut."""
        self._flows.clear()

    def hold_answers(self) -> None:
        """Hands on what is asked, and no byte of an answer before `let_go`."""
        self._answers.clear()

    def let_go(self) -> None:
        """Hands on the answers that were held, and all others."""
        self._answers.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, to_server = await self._reach()
        pair, task = {writer, to_server}, asyncio.current_task()
        self._writers |= pair
        self._carrying.add(task)
        try:
            await asyncio.gather(self._carry(reader, to_server), self._carry(upstream, writer, self._answers))
        finally:
            self._writers -= pair
            self._carrying.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *held: asyncio.Event) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                for each in (self._flows, *held):
                    await each.wait()
                if writer.is_closing():  # cut while it was held
                    break
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


class WebGate(Gate):
    """The same before a server of HTTP on a port of this machine."""

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", int(self.own.name))

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.server)
        return await asyncio.open_connection(parts.hostname, parts.port)


@asynccontextmanager
async def web_gate_before(url: str) -> AsyncIterator[tuple[Gate, str]]:
    """An open gate before the web server of that address, and the address that leads through it."""
    port = free_port()
    gate = WebGate(url, Path(str(port)))
    await gate.open()
    try:
        yield gate, f"http://127.0.0.1:{port}"
    finally:
        await gate.shut()


@asynccontextmanager
async def gate_before(url: str) -> AsyncIterator[tuple[Gate, str]]:
    """An open gate before the server of that address, and the address that leads through it."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    host, port = asked["host"][0], asked["port"][0]
    folder = Path(tempfile.mkdtemp(prefix="quittance-gate-"))
    gate = Gate(f"{host}/.s.PGSQL.{port}", folder / f".s.PGSQL.{port}")
    await gate.open()
    try:
        yield gate, parts._replace(query=f"host={quote(str(folder))}&port={port}").geturl()
    finally:
        await gate.shut()
        shutil.rmtree(folder)
