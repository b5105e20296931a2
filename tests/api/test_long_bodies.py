"""A body beyond its limit is refused at every door in that door's own words, without an error of ours."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api_callers import Api

CHUNKS, CHUNK = 40, b"x" * 16_384  # 640 KB, said by no Content-Length
TOO_LONG = "The body is longer than 262144 bytes."
GRAPHQL = {"errors": [{"message": TOO_LONG, "extensions": {"code": "BAD_INPUT"}}]}
DOORS = {
    "/graphql": GRAPHQL,
    "/webhooks/sandbox/main": {"error": TOO_LONG},
    "/documents/invoices/x.pdf": {"code": "BAD_INPUT", "message": TOO_LONG},
}


async def growing() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


def declared() -> bytes:
    return CHUNK * CHUNKS


@pytest.mark.parametrize("path", DOORS)
async def test_a_body_that_says_that_it_is_too_long_is_refused_in_the_door_s_own_words(api: Api, path: str) -> None:
    answer = await api.http.post(path, content=declared(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (413, DOORS[path])


@pytest.mark.parametrize(("path", "told"), [("/graphql", None), ("/webhooks/sandbox/main", {"error": TOO_LONG})])
async def test_a_body_that_never_said_how_long_it_is_ends_in_a_refusal(api: Api, path: str, told: Any) -> None:
    answer = await api.http.post(path, content=growing(), headers={"Content-Type": "application/json"})
    assert answer.status_code in (401, 413)
    assert "Internal" not in answer.text
    assert told is None or answer.json() == told
