"""What a caller reads of an error: its code, a sentence of ours, and never what went wrong inside."""

from typing import Any

import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

from api.errors import label


@pytest.mark.parametrize("query", ["{ broken }", "{ brokenMaybe }"])
async def test_an_unexpected_error_is_masked_and_found_in_the_log_by_its_id(door: Any, query: str) -> None:
    with capture_logs() as logs:
        answer = await door.ask(query)

    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in answer.text
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["error_id"] == error["extensions"]["errorId"]
    assert "hunter2" in str(entry["exc_info"])


async def test_each_unexpected_error_of_one_answer_has_its_own_id(door: Any) -> None:
    answer = await door.ask("{ a: brokenMaybe b: brokenMaybe }")

    ids = {error["extensions"]["errorId"] for error in answer.json()["errors"]}
    assert len(ids) == 2


async def test_a_value_that_cannot_be_printed_is_our_fault_and_not_shown(door: Any) -> None:
    answer = await door.ask("{ tooBig }")

    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "2147483648" not in answer.text


def test_an_error_that_is_labelled_twice_is_logged_once() -> None:
    error = GraphQLError("hunter2", path=["a"], original_error=RuntimeError("hunter2"))
    with capture_logs() as logs:
        label(error)
        label(error)

    assert [entry["error_id"] for entry in logs] == [(error.extensions or {})["errorId"]]


async def test_a_refusal_of_the_house_keeps_its_words_and_gets_a_code(door: Any) -> None:
    answer = await door.ask("{ foreign }")

    [error] = answer.json()["errors"]
    assert error["message"] == "There is no such invoice."
    assert error["extensions"] == {"code": "NOT_FOUND", "refusal": "NOT_FOUND"}


async def test_a_fault_keeps_its_code_and_its_path(door: Any) -> None:
    answer = await door.ask("{ stale }")

    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "HISTORY_UNAVAILABLE"
    assert error["path"] == ["stale"]


DOCUMENTS = {
    "syntax": "{",
    "unknown field": "{ nothing }",
    "unknown argument": "{ text(off: 1) }",
    "missing argument": "{ text }",
    "wrong literal": "{ number(of: 1.5) }",
    "unknown fragment": "{ ...Nope }",
    "unused fragment": "{ hello } fragment F on Query { hello }",
    "fragment cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "missing selection": "{ invoice }",
    "two anonymous operations": "{ hello } { hello }",
    "a type definition": "type T { a: Int }",
    "a string with NUL": '{ text(of: "a\\u0000b") }',
    "a string with a lone surrogate": '{ text(of: "\\ud800") }',
    "a number of 5,000 digits": "{ small(of: " + "9" * 5_000 + ") }",
    "a page of 5,000 digits": "{ invoices(first: " + "9" * 5_000 + ") { totalCount } }",
    "a default of 5,000 digits": "query Q($n: Int = " + "9" * 5_000 + ") { small(of: $n) }",
    "a directive with 5,000 digits": "{ hello @include(if: " + "9" * 5_000 + ") }",
    "the schema within itself": "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }",
    "streamed and deferred": "{ hello @defer invoices(first: 1) @stream { totalCount } }",
    "a directive that is not there": "{ hello @a(b: {c: [1, {d: $e}]}) }",
    "a variable of an output type": "query Q($a: Invoice) { hello }",
    "a variable within itself": "query Q($a: Int = $a) { hello }",
    "an unending block": '{ text(of: """' + "\n" * 500 + ") }",
    "an escape that is none": '{ text(of: "\\u{110000}") }',
    "a name in another script": "{ h\u0435llo }",
    "a fraction of 5,000 digits": "{ number(of: 0." + "9" * 5_000 + ") }",
}


@pytest.mark.parametrize("query", DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_wrong_document_is_bad_input_and_never_a_library_s_trouble(door: Any, query: str) -> None:
    with capture_logs() as logs:
        answer = await door.ask(query)

    assert answer.status_code == 400
    assert "data" not in answer.json()
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_INPUT"}
    for word in ("4300", "Exceeds the limit", "KeyError", "ValueError", "set_int_max_str_digits"):
        assert word not in answer.text
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_mistake_in_a_document_is_shown_with_its_place(door: Any) -> None:
    answer = await door.ask("{\n  nothing\n}")

    assert answer.json()["errors"][0]["locations"] == [{"line": 2, "column": 3}]


async def test_what_a_caller_typed_is_not_in_the_log(door: Any) -> None:
    with capture_logs() as logs:
        await door.ask("query Q($n: Int64!) { number(of: $n) }", variables={"n": "4111111111111111x"})
        await door.ask('{ number(of: "4111111111111111x") }')

    assert logs
    assert "4111" not in str(logs)


async def test_an_error_in_a_stream_is_masked_too(door: Any) -> None:
    answer = await door.send(b'{"query": "{ broken }"}', accept="text/event-stream")

    assert "INTERNAL" in answer.text
    assert "hunter2" not in answer.text


async def test_an_exception_while_the_caller_is_made_out_is_masked(open_door: Any) -> None:
    with capture_logs() as logs:
        answer = await open_door(trouble=RuntimeError("hunter2")).ask("{ hello }")

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in answer.text
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["graphql.unexpected"]
