"""Documents by id and by text: which audience may send what, and how ids of every client tool are understood."""

import json
from typing import Any

import pytest

from api.audience import DEVELOPMENT, PRODUCTION, Audience, Sender
from api.bucket import MemoryBucket
from api.documents import TEXT_SHELF, DocumentStore, Reference
from api.manifests import BadManifest, ManifestDocuments, read_manifest
from domain.tenants.trusted_document import hash_of as sha256

HELLO = "query Hello { hello }"
TEXT = "query Text($of: String!) { text(of: $of) }"
HASH = sha256(HELLO)
MANIFEST = {"doc-1": HELLO, sha256(TEXT): TEXT}
EVERYBODY = dict.fromkeys(Audience, MANIFEST)


def apollo(value: str, **more: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": value}}, **more}


FORMS: dict[str, dict[str, Any]] = {
    "the manifest's id": {"documentId": "doc-1"},
    "the hash with its prefix": {"documentId": f"sha256:{HASH}"},
    "the bare hash": {"documentId": HASH},
    "Relay's examples": {"doc_id": "doc-1"},
    "Relay's older examples": {"id": "doc-1"},
    "Apollo's form": apollo(HASH),
    "Apollo's form with the text": apollo(HASH, query=HELLO),
}


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_registered_document_runs_for_everybody_in_every_form(
    open_door: Any, audience: Audience, form: dict[str, Any]
) -> None:
    answer = await open_door(audience, trusted=EVERYBODY).client.post("/graphql", json=form)

    assert answer.json()["data"] == {"hello": "world"}


@pytest.mark.parametrize("accept", ["*/*", "application/graphql-response+json"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_registered_document_runs_by_get(open_door: Any, form: dict[str, Any], accept: str) -> None:
    params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in form.items()}
    door = open_door(Audience.PORTAL, trusted=EVERYBODY)
    answer = await door.client.get("/graphql", params=params, headers={"accept": accept})

    assert answer.json()["data"] == {"hello": "world"}


async def test_a_registered_document_takes_variables(open_door: Any) -> None:
    door = open_door(Audience.PARTNER, trusted=EVERYBODY)
    answer = await door.client.post("/graphql", json={"documentId": sha256(TEXT), "variables": {"of": "ü"}})

    assert answer.json()["data"] == {"text": "ü"}


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"documentId": "doc-2"}, "DOCUMENT_NOT_FOUND"),
        ({"documentId": ""}, "DOCUMENT_NOT_FOUND"),
        ({"documentId": "x" * 5_000}, "DOCUMENT_NOT_FOUND"),
        (apollo("0" * 64), "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
@pytest.mark.parametrize("audience", Audience)
async def test_an_unknown_id_is_told_in_the_words_of_its_form(
    open_door: Any, audience: Audience, form: dict[str, Any], code: str
) -> None:
    headers = {"accept": "application/graphql-response+json"}
    answer = await open_door(audience, trusted=EVERYBODY).client.post("/graphql", json=form, headers=headers)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == code
    assert (error["message"] == "PersistedQueryNotFound") is (code != "DOCUMENT_NOT_FOUND")  # what urql looks for


async def test_guessing_ids_is_not_free(open_door: Any) -> None:
    door = open_door(Audience.PARTNER, bucket=MemoryBucket(capacity=25, now=lambda: 0.0))
    guesses = [(await door.client.post("/graphql", json={"documentId": str(n)})).json() for n in range(3)]

    assert [each["errors"][0]["extensions"]["code"] for each in guesses] == ["DOCUMENT_NOT_FOUND"] * 2 + ["THROTTLED"]


async def test_apollo_s_and_urql_s_clients_end_with_the_text_where_texts_run_and_are_refused_where_not(
    open_door: Any,
) -> None:
    for audience, ends in ((Audience.STAFF, '"hello":"world"'), (Audience.PORTAL, "FORBIDDEN")):
        door = open_door(audience)
        for _ in range(2):  # nothing is registered by asking: it goes the same way every time
            first = await door.client.post("/graphql", json=apollo(HASH))
            assert first.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
            assert ends in (await door.client.post("/graphql", json=apollo(HASH, query=HELLO))).text


MAY_SEND_TEXT = [
    (PRODUCTION, Audience.PORTAL, False),
    (PRODUCTION, Audience.PARTNER, False),
    (PRODUCTION, Audience.STAFF, True),
    (DEVELOPMENT, Audience.PORTAL, True),
    (DEVELOPMENT, Audience.PARTNER, False),
    (DEVELOPMENT, Audience.STAFF, True),
]


@pytest.mark.parametrize("body", [{"query": "{ hello }"}, apollo(sha256("{ hello }"), query="{ hello }")])
@pytest.mark.parametrize(("policies", "audience", "allowed"), MAY_SEND_TEXT)
async def test_free_text_runs_only_where_the_policy_allows_it(
    open_door: Any, policies: Any, audience: Audience, allowed: bool, body: dict[str, Any]
) -> None:
    answer = await open_door(audience, policies, trusted=EVERYBODY).client.post("/graphql", json=body)

    if allowed:
        assert answer.json()["data"] == {"hello": "world"}
    else:
        assert answer.status_code == 403
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["FORBIDDEN"]


@pytest.mark.parametrize(
    "query", ["{ __schema { queryType { name } } }", '{ ...F } fragment F on Query { __type(name: "Money") { name } }']
)
@pytest.mark.parametrize(
    ("audience", "allowed"), [(Audience.PORTAL, False), (Audience.PARTNER, False), (Audience.STAFF, True)]
)
async def test_the_schema_is_read_by_staff_alone_even_through_a_registered_document(
    open_door: Any, audience: Audience, allowed: bool, query: str
) -> None:
    answer = await open_door(audience, trusted={audience: {"1": query}}).client.post(
        "/graphql", json={"documentId": "1"}
    )

    assert ("data" in answer.json()) is allowed
    assert ("FORBIDDEN" in answer.text) is not allowed


async def test_the_name_of_a_type_is_no_secret(open_door: Any) -> None:
    door = open_door(Audience.PORTAL, trusted={Audience.PORTAL: {"1": "{ __typename }"}})
    answer = await door.client.post("/graphql", json={"documentId": "1"})

    assert answer.json()["data"] == {"__typename": "Query"}


GUESSES = {
    "field": ("{ helo }", {}),
    "argument": ("{ text(off: 1) }", {}),
    "type": ("query Q($c: Color) { colour(of: $c) }", {}),
    "enum literal": ("{ colour(of: MAGENT) }", {}),
    "enum variable": ("query Q($c: Colour!) { colour(of: $c) }", {"c": "MAGENT"}),
    "input field": ("query Q { hello } mutation M { pay(input: {amunt: 1}) { paid } }", {}),
    "input field variable": ("mutation M($in: PayInput!) { pay(input: $in) { paid } }", {"in": {"curency": "EUR"}}),
}


@pytest.mark.parametrize(("query", "variables"), GUESSES.values(), ids=GUESSES)
async def test_a_guess_is_helped_only_for_staff(open_door: Any, query: str, variables: dict[str, Any]) -> None:
    documents = {"1": query}
    portal = open_door(Audience.PORTAL, trusted={Audience.PORTAL: documents})
    staff = open_door(Audience.STAFF)

    hidden = await portal.client.post(
        "/graphql", json={"documentId": "1", "variables": variables, "operationName": None}
    )
    shown = await staff.ask(query, variables=variables)

    assert "errors" in hidden.json()
    assert "Did you mean" not in hidden.text
    assert "Did you mean" in shown.text


async def test_a_guess_over_a_stream_is_not_helped_either(open_door: Any) -> None:
    documents = {"1": "subscription S($c: Colour) { ticks(colour: $c) }"}
    door = open_door(Audience.PORTAL, trusted={Audience.PORTAL: documents})
    headers = {"accept": "text/event-stream"}
    answer = await door.client.post("/graphql", json={"documentId": "1", "variables": {"c": "MAGENT"}}, headers=headers)

    assert "errors" in answer.text
    assert "MAGENTA" not in answer.text


async def test_a_client_cannot_hand_in_a_prepared_document_of_its_own(door: Any) -> None:
    answer = await door.ask("{ hello }", extensions={"quittance.prepared": {"document": "{ broken }"}})

    assert answer.json()["data"] == {"hello": "world"}


async def test_a_document_of_one_audience_is_unknown_to_another(open_door: Any) -> None:
    door = open_door(Audience.PARTNER, trusted={Audience.PORTAL: MANIFEST})
    answer = await door.client.post("/graphql", json={"documentId": "doc-1"})

    assert answer.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_FOUND"


async def test_a_document_is_prepared_once_and_forgotten_when_others_need_the_room(schema: Any) -> None:
    store = DocumentStore(schema._schema, ManifestDocuments({}), PRODUCTION)

    async def prepared(text: str) -> Any:
        return (await store.resolve(Sender(Audience.STAFF), Reference(None, text))).prepared

    first = await prepared(HELLO)
    assert await prepared(HELLO) is first
    for number in range(TEXT_SHELF // 2_000 + 1):
        await prepared(HELLO + " " * 2_000 + f"# {number}")
    assert await prepared(HELLO) is not first


async def test_a_build_can_check_all_documents_of_an_audience(schema: Any) -> None:
    store = DocumentStore(schema._schema, ManifestDocuments({}), PRODUCTION)

    found = store.problems(
        Audience.PORTAL, {"good": HELLO, "old": "{ gone }", "curious": "{ __schema { description } }"}
    )

    assert set(found) == {"old", "curious"}
    assert "gone" in found["old"][0]


APOLLO_MANIFEST = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": HASH, "name": "Hello", "type": "query", "body": HELLO},
        {"id": sha256(TEXT), "name": "Text", "type": "query", "body": TEXT},
    ],
}
MANIFESTS = {
    "Apollo": (APOLLO_MANIFEST, {HASH: HELLO, sha256(TEXT): TEXT}),
    "GraphQL Code Generator, SHA-1": ({"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed": HELLO}, None),
    "relay-compiler, MD5": ({"5eb63bbbe01eeed093cb22bb8f5acdc3": HELLO}, None),
}


@pytest.mark.parametrize(("manifest", "expected"), MANIFESTS.values(), ids=MANIFESTS)
def test_the_manifest_of_each_client_tool_is_read(manifest: dict[str, Any], expected: dict[str, str] | None) -> None:
    assert read_manifest(json.dumps(manifest).encode()) == (expected or manifest)


BAD_MANIFESTS = {
    "not JSON": b"{",
    "a list": b"[]",
    "nothing in it": b"{}",
    "an id twice": b'{"a": "{ hello }", "a": "{ __typename }"}',
    "an empty id": b'{"": "{ hello }"}',
    "an id with a space": b'{"a b": "{ hello }"}',
    "an id without end": b'{"' + b"a" * 129 + b'": "{ hello }"}',
    "a text that is a number": b'{"a": 1}',
    "an empty text": b'{"a": " "}',
    "another version of Apollo's": json.dumps({**APOLLO_MANIFEST, "version": 2}).encode(),
    "Apollo's without operations": json.dumps({**APOLLO_MANIFEST, "operations": None}).encode(),
    "an operation that is a text": json.dumps({**APOLLO_MANIFEST, "operations": ["x"]}).encode(),
    "an operation without a body": json.dumps({**APOLLO_MANIFEST, "operations": [{"id": "a"}]}).encode(),
    "one id for two documents": json.dumps(
        {**APOLLO_MANIFEST, "operations": [{"id": "a", "body": HELLO}, {"id": "a", "body": TEXT}]}
    ).encode(),
}


@pytest.mark.parametrize("raw", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_a_manifest_of_another_shape_is_refused(raw: bytes) -> None:
    with pytest.raises(BadManifest):
        read_manifest(raw)
