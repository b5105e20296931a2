"""A system of a tenant's own, as a test plays it: it takes what is posted to it, and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """What its body says."""
        return json.loads(self.body)

    def verified(self, secret: str) -> bool:
        """Whether the scheme's own library takes it."""
        try:
            Webhook(secret).verify(self.body, self.headers)
        except Exception:  # whatever the library says of a signature that is not the secret's
            return False
        return True


@dataclass
class Receiver:
    """An endpoint; ``answers`` are statuses for the next requests, after which every one is taken."""

    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.taken.append(Taken(first.split(" ")[1], headers, body))
            answer = self.answers.pop(0) if self.answers else "204 No Content"
            writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks?from=us"
    try:
        yield receiver
    finally:
        server.close()
