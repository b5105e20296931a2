"""Whatever method, header and body come to whatever door: an answer below 500, with the headers of a pure API."""

from itertools import product

from tests.api_callers import Api

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "BREW")
PATHS = ("/graphql", "/graphql/", "/documents/x", "/webhooks/sandbox/main", "/healthz", "/", "/%00", "/../etc")
JSON = {"content-type": "application/json"}
HEADERS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "two types": [("content-type", "application/json"), ("content-type", "application/json")],
    "gzip": [*JSON.items(), ("content-encoding", "gzip")],
    "a form": [("content-type", "multipart/form-data; boundary=x")],
    "accepts": [*JSON.items(), ("accept", "text/event-stream, application/graphql-response+json;q=2, */*;q=x")],
    "two tokens": [*JSON.items(), ("authorization", "Bearer a"), ("authorization", "Basic b")],
    "bytes": [*JSON.items(), ("authorization", "Bearer \u00ff\u00fe"), ("x-request-id", "\u00ff" * 20)],
    "a lying length": [*JSON.items(), ("content-length", "-1")],
    "another host": [*JSON.items(), ("host", "evil.example:99999"), ("x-forwarded-host", "a"), ("cookie", ";=;=")],
    "too many": [(f"x-{n}", "y" * 1_000) for n in range(40)],
}
BODIES = (b"", b"[]", b'[{"query": "{ plans { id } }"}]', b"\x1f\x8b\x08\x00garbage", b'{"query": "{ plans { id } }"}')


async def test_no_request_is_answered_with_an_error_of_ours(api: Api) -> None:
    token = (await api.guest()).token
    seen = set()
    doors = [(path, False) for path in PATHS] + [("/graphql", True)]
    for (name, headers), (path, signed) in product(HEADERS.items(), doors):
        for number, method in enumerate(METHODS):
            body = BODIES[(number + len(name)) % len(BODIES)] if method in ("POST", "PUT", "PATCH", "BREW") else b""
            sent = [*headers, ("authorization", f"Bearer {token}")] if signed else headers
            raw = [(key.encode(), value.encode("latin-1")) for key, value in sent]
            answer = await api.http.request(method, path, headers=raw, content=body)
            what = (name, path, method, answer.status_code, answer.text[:200])
            assert answer.status_code < 500, what
            assert answer.headers["x-content-type-options"] == "nosniff", what
            assert answer.headers["x-request-id"], what
            assert "Traceback" not in answer.text, what
            seen.add(answer.status_code)
    assert {200, 400, 401, 404, 405, 415, 431} <= seen
