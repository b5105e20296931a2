"""Whatever is sent, the answer is GraphQL's JSON with a code, never a 5xx, and nothing has been done."""

import json
from typing import Any

import pytest

GRAPHQL = "application/graphql-response+json"
PAY = 'mutation { pay(input: {idempotencyKey: "k1", amount: 5, currency: "EUR"}) { paid } }'


def persisted(value: object, **parameters: str) -> bytes:
    return json.dumps({**parameters, "extensions": {"persistedQuery": value}}).encode()


BAD_BODIES = {
    "nothing": b"",
    "a number": b"5",
    "a text": b'"{ hello }"',
    "null": b"null",
    "a batch": b'[{"query": "{ hello }"}]',
    "half an object": b'{"query": "{ hello }"',
    "more than one value": b'{"query": "{ hello }"} {}',
    "invalid UTF-8": b'{"query": "{ hello }", "operationName": "\xff"}',
    "overlong UTF-8": b'{"query": "{ hello }", "operationName": "\xc0\xaf"}',
    "UTF-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ hello }"}',
    "a lone surrogate": b'{"query": "{ hello }", "operationName": "\\ud800"}',
    "a lone surrogate as a key": b'{"query": "{ hello }", "\\udc00": 1}',
    "a NUL in a variable": b'{"query": "{ hello }", "variables": {"a": ["x\\u0000y"]}}',
    "a NUL in a key": b'{"query": "{ hello }", "variables": {"x\\u0000": 1}}',
    "NaN": b'{"query": "{ hello }", "variables": {"a": NaN}}',
    "Infinity": b'{"query": "{ hello }", "variables": {"a": Infinity}}',
    "1e999": b'{"query": "{ hello }", "variables": {"a": 1e999}}',
    "an integer of 5,000 digits": b'{"query": "{ hello }", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    "50,000 levels of lists": b'{"query": "{ hello }", "variables": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "80 levels of objects": b'{"query": "{ hello }", "variables": ' + b'{"a":' * 80 + b"1" + b"}" * 80 + b"}",
    "9,000 levels of objects": b'{"query": "{ hello }", "variables": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b"}",
    "a surrogate in UTF-8": b'{"query": "{ hello }", "operationName": "\xed\xa0\x80"}',
    "a surrogate in the query": b'{"query": "{ hello } #\\udfff"}',
    "a NUL in the query": b'{"query": "{ hello \\u0000}"}',
    **{f"{value} is no JSON": b'{"query": "{ hello }", "variables": {"a": %s}}' % value.encode()
       for value in ("0x1f", "+1", "01", ".5", "'a'", '"a\n"', '"\\ud83d"', "1,", "1 // one", "True")},
    **{f"{name} of another kind": b'{"query": "{ hello }", "%s": %s}' % (name.encode(), value)
       for name, value in (("operationName", b"1"), ("variables", b"[]"), ("extensions", b'"{}"'))},
    "two queries": b'{"query": "{ hello }", "query": "{ __typename }"}',
    "two queries, one escaped": b'{"query": "{ hello }", "quer\\u0079": "{ __typename }"}',
    "a variable given twice": b'{"query": "{ hello }", "variables": {"in": {"amount": 1, "amount": 100}}}',
    "no query": b'{"variables": {}}',
    "an empty query": b'{"query": ""}',
    "a query that is a number": b'{"query": 1}',
    "a document id that is a number": b'{"documentId": 1}',
    "two document ids": b'{"documentId": "abc", "doc_id": "abc"}',
    "a document id and a query": b'{"documentId": "abc", "query": "{ hello }"}',
    "a hash that is not the query's": persisted({"version": 1, "sha256Hash": "0" * 64}, query="{ hello }"),
    "a hash of the wrong form": persisted({"version": 1, "sha256Hash": "xyz"}),
    "a persisted query of version 2": persisted({"version": 2, "sha256Hash": "0" * 64}),
    "a persisted query that is a text": persisted("abc"),
}  # fmt: skip


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_bad_body_is_answered_400_with_a_labelled_error(door: Any, body: bytes, accept: str) -> None:
    answer = await door.send(body, accept=accept)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith(accept)
    content = answer.json()
    assert "data" not in content
    assert [error["extensions"]["code"] for error in content["errors"]] == ["BAD_INPUT"]
    for word in ("msgspec", "codec", "Traceback", "Error"):
        assert word not in content["errors"][0]["message"]


async def test_of_two_idempotency_keys_neither_runs(door: Any) -> None:
    query = "mutation P($in: PayInput!) { pay(input: $in) { paid } }"
    doubled = b'{"idempotencyKey": "k1", "amount": 1, "currency": "EUR", "idempotencyKey": "k2"}'
    answer = await door.send(b'{"query": ' + json.dumps(query).encode() + b', "variables": {"in": ' + doubled + b"}}")

    assert answer.status_code == 400
    assert door.desk.written == []


async def test_strings_that_only_look_like_keys_are_not_duplicates(door: Any) -> None:
    answer = await door.ask(
        "query Q($a: String!, $b: String!) { a: text(of: $a) b: text(of: $b) }",
        variables={"a": '"query": 1, "a":', "b": 'a\\": "a": {'},
    )

    assert answer.json()["data"] == {"a": '"query": 1, "a":', "b": 'a\\": "a": {'}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_another_method_is_told_which_ones_there_are(door: Any, method: str) -> None:
    answer = await door.client.request(method, "/graphql")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/graphql"],
)
async def test_a_body_that_a_browser_form_could_send_is_refused(door: Any, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await door.client.post("/graphql", content=json.dumps({"query": PAY}).encode(), headers=headers)

    assert answer.status_code == 415
    assert answer.headers["accept"] == "application/json"
    assert door.desk.written == []


async def test_another_charset_than_utf_8_is_refused(door: Any) -> None:
    answer = await door.send(b'{"query": "{ hello }"}', **{"content-type": "application/json; charset=latin-1"})

    assert answer.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "identity, br", "nonsense"])
async def test_a_compressed_body_is_refused_before_it_grows(door: Any, encoding: str) -> None:
    answer = await door.send(b'{"query": "{ hello }"}', **{"content-encoding": encoding})

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"
    assert (await door.send(b'{"query": "{ hello }"}', **{"content-encoding": "identity"})).status_code == 200


async def test_a_body_of_two_types_is_of_none(door: Any) -> None:
    both = [("content-type", "application/json"), ("content-type", "text/plain")]
    answer = await door.client.post("/graphql", content=json.dumps({"query": PAY}).encode(), headers=both)

    assert answer.status_code == 415
    assert door.desk.written == []


async def test_headers_without_end_are_refused_before_anything_reads_them(open_door: Any) -> None:
    answer = await open_door(signed_in=False).send(b"{}", **{f"x-{n}": "y" * 1_000 for n in range(40)})

    assert answer.status_code == 431
    assert answer.headers["connection"] == "close"
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize("accept", ["*/*", "application/json", GRAPHQL, "text/event-stream", "text/html"])
async def test_a_mutation_by_get_does_nothing(door: Any, accept: str) -> None:
    answer = await door.client.get("/graphql", params={"query": PAY}, headers={"accept": accept})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert door.desk.written == []


async def test_a_mutation_by_get_does_nothing_even_beside_a_query_of_another_name(door: Any) -> None:
    both = "query Safe { hello } " + PAY.replace("mutation", "mutation Pay")
    answer = await door.client.get("/graphql", params={"query": both, "operationName": "Pay"})

    assert answer.status_code == 405
    assert door.desk.written == []


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8"])
async def test_a_get_from_curl_or_a_browser_is_answered_with_data(door: Any, accept: str) -> None:
    answer = await door.client.get("/graphql", params={"query": "{ hello }"}, headers={"accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["data"] == {"hello": "world"}


BAD_QUERY_STRINGS = {
    "nothing": "",
    "a parameter twice": "query={hello}&query={__typename}",
    "invalid UTF-8": "query=%ff",
    "a lone surrogate": "query=%ed%a0%80",
    "variables that are not JSON": "query={hello}&variables={",
    "empty variables": "query={hello}&variables=",
    "variables that are a list": "query={hello}&variables=[1]",
    "a NUL": "query={hello}&operationName=%00",
    "a NUL in the query": "query={hello%00}",
    "more parameters than anybody needs": "query={hello}" + "".join(f"&p{n}=1" for n in range(1_000)),
}


@pytest.mark.parametrize("query_string", BAD_QUERY_STRINGS.values(), ids=BAD_QUERY_STRINGS)
async def test_a_bad_query_string_is_answered_400(door: Any, query_string: str) -> None:
    answer = await door.client.get(f"/graphql?{query_string}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_a_very_long_query_string_is_answered_414(door: Any) -> None:
    answer = await door.client.get("/graphql", params={"query": "{ hello } #" + "x" * 20_000})

    assert answer.status_code == 414


@pytest.mark.parametrize("name", [None, "", "Third"])
async def test_among_several_operations_none_runs_without_being_named(door: Any, name: str | None) -> None:
    both = PAY.replace("mutation", "mutation First") + " query Second { hello }"
    answer = await door.ask(both, operationName=name)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert door.desk.written == []


async def test_the_named_operation_is_the_one_that_runs(door: Any) -> None:
    answer = await door.ask('query First { hello } query Second { text(of: "2") }', operationName="Second")

    assert answer.json()["data"] == {"text": "2"}


async def test_a_document_of_fragments_only_is_refused(door: Any) -> None:
    answer = await door.ask("fragment F on Query { hello }")

    assert answer.status_code == 400
    assert "data" not in answer.json()


async def test_a_subscription_by_plain_post_is_told_to_ask_for_a_stream(door: Any) -> None:
    answer = await door.ask("subscription { ticks }")

    assert answer.status_code == 400
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


async def test_a_subscription_is_streamed_as_events(door: Any) -> None:
    answer = await door.send(b'{"query": "subscription { ticks }"}', accept="text/event-stream")

    events = [event for event in answer.text.split("\r\n\r\n") if event]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [json.loads(event.split("data: ")[1])["data"]["ticks"] for event in events[:3]] == [0, 1, 2]
    assert events[3].startswith("event: complete")


async def test_a_broken_document_is_refused_before_a_stream_begins(door: Any) -> None:
    answer = await door.send(b'{"query": "subscription { nothing }"}', accept="text/event-stream")

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_a_websocket_is_closed_before_it_opens(door: Any) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await door.app({"type": "websocket", "headers": [], "path": "/graphql"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
async def test_a_caller_who_is_not_signed_in_is_answered_401(open_door: Any, accept: str) -> None:
    answer = await open_door(signed_in=False).send(b'{"query": "{ hello }"}', accept=accept)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_headers_that_the_context_sets_reach_the_client(door: Any) -> None:
    answer = await door.ask("{ hello }")

    assert answer.headers["x-seen"] == "yes"


ACCEPTS = {
    "application/graphql-response+json": GRAPHQL,
    "application/graphql-response+json, application/json;q=0.9": GRAPHQL,
    "application/json, application/graphql-response+json": GRAPHQL,
    "application/json, application/graphql-response+json;q=0.5": "application/json",
    "application/graphql-response+json;q=0": "application/json",
    "application/graphql-response+json;q=nonsense": "application/json",
    "text/html": "application/json",
    "": "application/json",
    ";;,,;q=": "application/json",
}


@pytest.mark.parametrize(("accept", "expected"), ACCEPTS.items())
async def test_the_media_type_is_the_one_the_client_prefers(door: Any, accept: str, expected: str) -> None:
    answer = await door.send(b'{"query": "{ hello }"}', accept=accept)

    assert answer.headers["content-type"] == f"{expected}; charset=utf-8"


async def test_a_partial_answer_keeps_its_data_and_is_a_200(door: Any) -> None:
    answer = await door.ask("{ hello foreign }")

    assert answer.status_code == 200
    assert answer.json()["data"] == {"hello": "world", "foreign": None}
