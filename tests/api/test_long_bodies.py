"""A body that grows beyond its limit while it is sent is refused at every door, without an error of ours."""

from collections.abc import AsyncIterator

import pytest

from tests.api_callers import Api

CHUNKS, CHUNK = 40, b"x" * 16_384  # 640 KB, said by no Content-Length


async def growing() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@pytest.mark.parametrize("path", ["/graphql", "/webhooks/sandbox/main"])
async def test_a_body_that_never_said_how_long_it_is_ends_in_a_refusal(api: Api, path: str) -> None:
    answer = await api.http.post(path, content=growing(), headers={"Content-Type": "application/json"})
    assert answer.status_code in (401, 413)
    assert "Internal" not in answer.text
