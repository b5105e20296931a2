"""Requests to servers that do not behave: one closes every connection as soon as it has taken it, one sets cookies."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest

from domain.http_client import HttpClient

TRIES = 2000  # in one of ten or fewer the connection is gone before it is looked at
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: closed by a reset


@pytest.fixture
def closing() -> Iterator[str]:
    """Where it listens."""
    listener = socket.create_server(("127.0.0.1", 0))

    def close_all() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                taken, _ = listener.accept()
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                taken.close()

    thread = threading.Thread(target=close_all)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


async def test_a_connection_that_is_closed_at_once_is_an_error_of_the_network(closing: str) -> None:
    async with HttpClient(trust_env=False) as client:
        for _ in range(TRIES):
            with pytest.raises(httpx2.NetworkError):
                await client.get(closing)


async def test_no_cookie_is_kept_and_one_of_odd_letters_spoils_no_later_request() -> None:
    heard = []

    async def set_cookie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=\xff\xfe\r\nSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(set_cookie, "127.0.0.1", 0) as server, HttpClient(trust_env=False) as client:
        to = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert [(await client.get(to)).status_code for _ in range(2)] == [200, 200]
    assert not any(b"cookie" in each.lower() for each in heard)
