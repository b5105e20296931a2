"""What a process remembers of requests is bounded, whatever strangers send."""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

from api.answers import ACCEPTS, negotiate, takes_json
from api.asgi import MAX_HEADER_BYTES
from api.heard import Heard
from api.requests import REMEMBERED, SHORT, read

MEGABYTE = 2**20


def taken(by: Callable[[], None]) -> int:
    """Bytes that are still taken when it is done."""
    tracemalloc.start()
    try:
        by()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


async def test_bodies_that_are_remembered_take_ten_megabytes_at_most() -> None:
    head, item, tail = '{"documentId":"d","variables":{"a":[', "[[[[]]]]", "]}}"
    items = ",".join([item] * ((SHORT - len(head) - len(tail) + 1) // (len(item) + 1)))
    headers = [(b"content-type", b"application/json")]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": f"{head}{items}{tail}".encode()}

    reading = read(Heard({"type": "http", "method": "POST", "headers": headers}, receive))

    def ask() -> None:
        with suppress(StopIteration):
            reading.send(None)

    assert taken(ask) * REMEMBERED <= 10 * MEGABYTE


def test_accept_headers_that_are_remembered_take_a_megabyte_at_most() -> None:
    def ask() -> None:
        for number in range(2 * ACCEPTS):
            accept = f"text/{number}".ljust(MAX_HEADER_BYTES, "x")
            negotiate(accept)
            takes_json(accept)

    assert taken(ask) <= MEGABYTE
