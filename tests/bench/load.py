"""`python -m tests.bench.load PORT CONNECTIONS SECONDS FILE`: sends requests as fast as they are answered.

The file holds raw HTTP/1.1 requests, one after the other, with a zero byte between them; connections stay open and take
the requests in turn. Prints what was counted as one JSON object.
"""

import asyncio
import functools
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from tests.bench.samples import Counted, percentile

IN_PARTS = 1  # byte: an answer that does not say how long it is ends with an empty part
PATIENCE_SECONDS = 15  # beyond the longest answer; then something broke, and the run fails instead of hanging
_HEAD_END, _LENGTH = b"\r\n\r\n", b"content-length: "
_IN_PARTS, _LAST_PART = b"transfer-encoding: chunked", b"\r\n0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way; ``done`` is set when its time is over or it broke."""

    def __init__(self, requests: Iterator[bytes], deadline: float, done: "asyncio.Future[None]") -> None:
        self._requests = requests
        self._deadline = deadline
        self._done = done
        self._received = bytearray()
        self._awaited = 0
        self._sent_at = 0.0
        self.times: list[float] = []
        self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self._send()

    def data_received(self, data: bytes) -> None:
        """Notes the answer once it is whole, and sends the next request."""
        self._received += data
        if not self._awaited:
            self._awaited = _length(self._received)
        if not self._awaited or len(self._received) < self._awaited:
            return
        if self._awaited == IN_PARTS and not self._received.endswith(_LAST_PART):
            return
        now = time.perf_counter()
        self.times.append(now - self._sent_at)
        self.errors += self._received[9:12] != b"200"
        self._received.clear()
        self._awaited = 0
        if now < self._deadline:
            self._send()
        else:
            self._transport.close()
            self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Counts an end that the other side chose."""
        if not self._done.done():
            self.errors += 1
            self._done.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def _length(received: bytearray) -> int:
    """How many bytes head and body have together; 0 while the head is not complete, IN_PARTS where it does not say."""
    end = received.find(_HEAD_END)
    if end < 0:
        return 0
    head = bytes(received[: end + 1]).lower()
    at = head.find(_LENGTH)
    if at < 0:
        assert _IN_PARTS in head, "the answer does not say how long it is"
        return IN_PARTS
    return end + len(_HEAD_END) + int(head[at + len(_LENGTH) : head.find(b"\r", at)])


async def load(port: int, connections: int, seconds: float, requests: list[bytes]) -> Counted:
    """Requests answered within the time, counted from the first that was sent."""
    loop = asyncio.get_running_loop()
    turns = itertools.cycle(requests)
    began = time.perf_counter()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    opened: list[Connection] = []
    for done in ends:
        making = functools.partial(Connection, turns, began + seconds, done)
        _, protocol = await loop.create_connection(making, "127.0.0.1", port)
        opened.append(protocol)
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*ends)
    took = time.perf_counter() - began
    times = sorted(time for each in opened for time in each.times)
    errors = sum(each.errors for each in opened)
    return Counted(len(times), took, percentile(times, 0.50) * 1000, percentile(times, 0.99) * 1000, errors)


def main(port: int, connections: int, seconds: float, file: Path) -> None:
    """Runs the load in this process."""
    counted = uvloop.run(load(port, connections, seconds, file.read_bytes().split(b"\0")))
    sys.stdout.buffer.write(msgspec.json.encode(counted))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
