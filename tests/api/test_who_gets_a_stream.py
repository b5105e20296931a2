"""JSON or a stream: what an answer comes as."""

from typing import Any


async def test_a_query_is_streamed_only_to_who_takes_no_json(door: Any) -> None:
    for accept, media_type in (
        ("application/json, text/event-stream, multipart/mixed", "application/json"),  # as urql says it
        ("text/event-stream, */*;q=0.1", "application/json"),
        ("text/event-stream, application/json;q=0", "text/event-stream"),
    ):
        answer = await door.send(b'{"query": "{ hello }"}', accept=accept)
        assert answer.headers["content-type"].startswith(media_type)
