"""Anything at all may be sent: the answer is below 500, is JSON, and every error has a code."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["{ hello }", "query Q {", "Q"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PARAMETERS = st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "persistedQuery", "x"])
REQUESTS = st.dictionaries(PARAMETERS, ANYTHING, max_size=5)
PIECES = st.sampled_from(
    ["{", "}", "(", ")", "[", "]", ":", "...", "on", "query", "mutation", "fragment", "F", "Query", "Invoice", "hello",
     "invoice", "number", "invoices", "first", "of", "text", "$v", "@skip", "@include", "if", "true", "null", "1", "-1",
     "1e9", '"x"', '"\\u0000"', "__typename", "__schema", "types", "nodes", "ids", "=", "!", "Int", "&", "|", "#", "\n"]
)  # fmt: skip
# The door keeps no state that one example could leave to the next.
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_sound(status: int, content: bytes) -> bool:
    body: dict[str, Any] = json.loads(content)
    return status < 500 and all(error["extensions"]["code"] != "INTERNAL" for error in body.get("errors", []))


@MANY
@given(st.binary(max_size=200))
async def test_any_bytes_get_a_sound_answer(door: Any, body: bytes) -> None:
    answer = await door.send(body)

    assert is_sound(answer.status_code, answer.content)


@MANY
@given(REQUESTS | ANYTHING)
async def test_any_json_gets_a_sound_answer(door: Any, value: Any) -> None:
    answer = await door.send(json.dumps(value).encode())

    assert is_sound(answer.status_code, answer.content)


@MANY
@given(st.dictionaries(PARAMETERS, st.text() | ANYTHING.map(json.dumps), max_size=5))
async def test_any_query_string_gets_a_sound_answer(door: Any, parameters: dict[str, str]) -> None:
    encoded = urlencode(parameters, errors="surrogatepass")
    answer = await door.client.get(f"/graphql?{encoded}")

    assert is_sound(answer.status_code, answer.content)


@MANY
@given(st.lists(PIECES, max_size=40), REQUESTS)
async def test_any_document_gets_a_sound_answer(door: Any, pieces: list[str], parameters: dict[str, Any]) -> None:
    body = {**parameters, "query": " ".join(pieces), "extensions": None, "documentId": None, "operationName": None}
    answer = await door.send(json.dumps(body).encode())

    assert is_sound(answer.status_code, answer.content)


@MANY
@given(st.text(st.characters(codec="latin-1"), max_size=60))
async def test_any_accept_header_gets_a_sound_answer(door: Any, accept: str) -> None:
    content_type = {"content-type": "application/json"}
    headers = {**content_type, "accept": accept.encode("latin-1")}
    answer = await door.client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"hello": "world"}
