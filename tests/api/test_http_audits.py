"""The 61 server audits of graphql-http 1.23.1, by their ids, as one table of facts about requests and answers."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = "{ __typename }"
NAMED = "query Query { __typename }"
WITH_VARIABLE = "query Type($name: String!) { __type(name: $name) { name } }"
NO_SUCH_FIELD = "{ 8f31403dfe404bccbb0e835f2629c6a7 }"
NEEDS_ID = "query CoerceFailure($id: ID!){ __typename }"
SOME_NAME = {"name": "sometype"}
CLIENT_ERROR = range(400, 500)
ANY_ERROR = range(400, 600)


@dataclass(frozen=True)
class Audit:
    """A request, and what its answer must be like."""

    id: str
    body: Any = None  # a dict is sent as JSON, bytes as they are, None means no body
    params: dict[str, str] | None = None  # given: a GET
    accept: str | None = None
    content_type: str | None = JSON
    status: range = range(200, 201)
    answers_in: str | None = None
    errors: bool | None = None  # whether the body has errors
    data: bool | None = None  # whether the body has data


def posts(id: str, body: Any, accept: str | None = None, status: int | range = 200, **expected: Any) -> Audit:
    return Audit(
        id, body, None, accept, status=status if isinstance(status, range) else range(status, status + 1), **expected
    )


def gets(
    id: str, params: dict[str, str], accept: str | None = None, status: int | range = 200, **expected: Any
) -> Audit:
    return Audit(
        id, None, params, accept, status=status if isinstance(status, range) else range(status, status + 1), **expected
    )


def wrong(prefix: str, parameter: str, values: list[Any]) -> list[Audit]:
    return [
        posts(f"{prefix}{index}", {"query": TYPENAME, parameter: value}, status=400)
        for index, value in enumerate(values)
    ]


NOT_STRINGS: list[Any] = [{"obj": "ect"}, 0, False, ["array"]]
NOT_MAPS: list[Any] = ["string", 0, False, ["array"]]

AUDITS = [
    posts("22EB", {"query": TYPENAME}, GRAPHQL, answers_in=GRAPHQL),
    posts("4655", {"query": TYPENAME}, JSON, answers_in=JSON),
    posts("47DE", {"query": TYPENAME}, "*/*", answers_in=JSON),
    gets("80D8", {"query": TYPENAME}, answers_in=JSON),
    posts("82A3", {"query": TYPENAME}),
    posts("BF61", {"query": TYPENAME}, content_type="application/json; charset=utf-8"),
    posts("78D5", {"query": TYPENAME}),
    posts("2C94", {"query": TYPENAME}),
    gets("5A70", {"query": TYPENAME}),
    gets("9C48", {"query": "mutation { __typename }"}, GRAPHQL, CLIENT_ERROR),
    posts("9ABE", None, status=CLIENT_ERROR, content_type=None),
    posts("03D4", {"query": TYPENAME}),
    posts("A5BF", None, status=400),
    posts("423L", {"notquery": TYPENAME}, status=400),
    *wrong("LKJ", "query", NOT_STRINGS),
    posts("34A2", {"query": TYPENAME}, GRAPHQL),
    posts("13EE", {"query": TYPENAME}, JSON, errors=False),
    *wrong("6C0", "operationName", NOT_STRINGS),
    posts("8161", {"query": NAMED, "operationName": "Query"}, GRAPHQL),
    posts("B8B3", {"query": NAMED, "operationName": "Query"}, JSON, errors=False),
    *[
        posts(f"{prefix}{index}", {"query": TYPENAME, parameter: None}, accept, errors=False)
        for prefix, accept in (("94B", GRAPHQL), ("022", JSON))
        for index, parameter in enumerate(("variables", "operationName", "extensions"))
    ],
    *wrong("476", "variables", NOT_MAPS),
    posts("2EA1", {"query": WITH_VARIABLE, "variables": SOME_NAME}, GRAPHQL),
    posts("28B9", {"query": WITH_VARIABLE, "variables": SOME_NAME}, JSON, errors=False),
    gets("D6D5", {"query": WITH_VARIABLE, "variables": json.dumps(SOME_NAME)}, GRAPHQL, errors=False),
    gets("6A70", {"query": WITH_VARIABLE, "variables": json.dumps(SOME_NAME)}, JSON, errors=False),
    *wrong("58B", "extensions", NOT_MAPS),
    posts("428F", {"query": TYPENAME, "extensions": {"some": "value"}}, GRAPHQL),
    posts("1B7A", {"query": TYPENAME, "extensions": {"some": "value"}}, JSON, errors=False),
    posts("B6DC", b'{ "not a JSON', JSON, range(200, 600)),
    posts("BCF8", b'{ "not a JSON', JSON, 400),
    posts("B7N8", b'{ "not a JSON', GRAPHQL, 400),
    posts("8764", {"qeury": TYPENAME}, status=ANY_ERROR),
    posts("3E3A", {"qeury": TYPENAME}, status=400),
    posts("572B", {"query": "{"}, JSON),
    posts("FDE2", {"query": NO_SUCH_FIELD}, JSON),
    posts("7B9B", {"query": NEEDS_ID, "variables": {"id": None}}, JSON),
    posts("865D", {"query": "{"}, GRAPHQL, ANY_ERROR),
    posts("556A", {"query": "{"}, GRAPHQL, 400),
    posts("D586", {"query": "{"}, GRAPHQL, 400, data=False),
    posts("51FE", {"query": NO_SUCH_FIELD}, GRAPHQL, ANY_ERROR),
    posts("74FF", {"query": NO_SUCH_FIELD}, GRAPHQL, 400),
    posts("5E5B", {"query": NO_SUCH_FIELD}, GRAPHQL, 400, data=False),
    posts("86EE", {"query": NEEDS_ID, "variables": {"id": None}}, GRAPHQL, 400),
]


def test_the_table_holds_each_of_the_61_audits_once() -> None:
    assert len({audit.id for audit in AUDITS}) == len(AUDITS) == 61


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.id)
async def test_the_door_passes_the_graphql_over_http_audit(door: Any, audit: Audit) -> None:
    headers = {"accept": audit.accept} if audit.accept else {}
    if audit.params is not None:
        answer = await door.client.get("/graphql", params=audit.params, headers=headers)
    else:
        if audit.content_type:
            headers["content-type"] = audit.content_type
        content = json.dumps(audit.body).encode() if isinstance(audit.body, dict) else audit.body
        answer = await door.client.post("/graphql", content=content, headers=headers)

    assert answer.status_code in audit.status
    body = json.loads(answer.content.decode("utf-8"))  # every answer is JSON in UTF-8, refusals too
    if audit.answers_in:
        assert audit.answers_in in answer.headers["content-type"]
    if audit.errors is not None:
        assert ("errors" in body) is audit.errors
    if audit.data is not None:
        assert ("data" in body) is audit.data
    if answer.status_code >= 400:
        assert all(error["extensions"]["code"] for error in body["errors"])
