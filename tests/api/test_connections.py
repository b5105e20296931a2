"""Keyset pages: nothing twice, nothing missing, cursors that fit one list of one owner only, a count that stops."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import Cursors
from api.errors import Fault

PAGE = """
query Page($first: Int!, $after: String, $owner: String! = "me") {
  invoices(first: $first, after: $after, owner: $owner) {
    edges { cursor node { number } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CURSORS = Cursors([b"a" * 32])


async def page(door: Any, **variables: Any) -> dict[str, Any]:
    answer = (await door.ask(PAGE, variables=variables)).json()
    assert "errors" not in answer
    found: dict[str, Any] = answer["data"]["invoices"]
    return found


@pytest.mark.parametrize("first", [7, 50, 100])
async def test_pages_hold_every_row_once_and_end_honestly(door: Any, first: int) -> None:
    seen: list[str] = []
    after = None
    while True:
        found = await page(door, first=first, after=after)
        seen += [edge["node"]["number"] for edge in found["edges"]]
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert found["pageInfo"]["startCursor"] == found["edges"][0]["cursor"]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break

    assert seen == [f"invoice-{number:03}" for number in range(250)]


async def test_a_page_that_ends_with_the_list_has_no_next_page(door: Any) -> None:
    first = await page(door, first=100)
    second = await page(door, first=100, after=first["pageInfo"]["endCursor"])
    last = await page(door, first=50, after=second["pageInfo"]["endCursor"])
    after_the_end = await page(door, first=50, after=last["pageInfo"]["endCursor"])

    assert last["pageInfo"]["hasNextPage"] is False
    assert after_the_end["edges"] == []
    assert after_the_end["pageInfo"]["endCursor"] is None


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_a_page_has_1_to_100_elements(door: Any, first: int) -> None:
    answer = await door.ask(PAGE, variables={"first": first})

    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_INPUT"]


async def test_first_is_required(door: Any) -> None:
    answer = await door.ask("{ invoices { totalCount } }")

    assert answer.status_code == 400


BAD_CURSORS = ["", "x", "a" * 22, "a" * 600, "YXJyYXljb25uZWN0aW9uOjE=", "äöü", "\n", "AAAA AAAA", "=" * 30, "-_" * 40]


@pytest.mark.parametrize("after", BAD_CURSORS)
async def test_a_text_that_is_no_cursor_is_refused_in_our_words(door: Any, after: str) -> None:
    answer = await door.ask(PAGE, variables={"first": 5, "after": after})

    [error] = answer.json()["errors"]
    assert error["message"] == "after is not a cursor of this list."
    assert error["extensions"]["code"] == "BAD_INPUT"


async def test_a_cursor_of_one_owner_opens_nothing_of_another(door: Any) -> None:
    mine = (await page(door, first=5))["pageInfo"]["endCursor"]
    answer = await door.ask(PAGE, variables={"first": 5, "after": mine, "owner": "other"})

    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_INPUT"]


async def test_a_cursor_of_one_list_opens_nothing_in_another(schema: Any) -> None:
    cursor = CURSORS.seal("invoices", "me", (1, "a"))

    with pytest.raises(Fault):
        CURSORS.open("payments", "me", cursor, tuple[int, str])


@given(st.integers(min_value=0), st.sampled_from(LETTERS))
def test_a_cursor_that_was_touched_anywhere_is_refused(place: int, letter: str) -> None:
    cursor = CURSORS.seal("invoices", "me", (12_345, "invoice-1"))
    at = place % len(cursor)
    touched = cursor[:at] + letter + cursor[at + 1 :]

    if touched != cursor:
        with pytest.raises(Fault):
            CURSORS.open("invoices", "me", touched, tuple[int, str])


@pytest.mark.parametrize("length", [0, 1, 2])  # of three lengths two leave bits of the last letter unused
def test_the_last_letter_of_a_cursor_has_one_spelling(length: int) -> None:
    cursor = CURSORS.seal("invoices", "me", (1, "x" * length))

    for letter in LETTERS.replace(cursor[-1], ""):
        with pytest.raises(Fault):
            CURSORS.open("invoices", "me", cursor[:-1] + letter, tuple[int, str])


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_list_and_owner_never_run_into_each_other(name: str, owner: str, name_2: str, owner_2: str) -> None:
    cursor = CURSORS.seal(name, owner, (1, "a"))

    if (name, owner) != (name_2, owner_2):
        with pytest.raises(Fault):
            CURSORS.open(name_2, owner_2, cursor, tuple[int, str])


@given(st.tuples(st.datetimes(timezones=st.just(UTC)), st.integers(-(2**63), 2**63 - 1), st.text(max_size=40)))
def test_a_sort_key_comes_back_exactly(key: tuple[datetime, int, str]) -> None:
    cursor = CURSORS.seal("invoices", "me", key)

    assert CURSORS.open("invoices", "me", cursor, tuple[datetime, int, str]) == key


def test_a_cursor_survives_one_change_of_keys() -> None:
    cursor = CURSORS.seal("invoices", "me", (1, "a"))
    rotated = Cursors([b"b" * 32, b"a" * 32])

    assert rotated.open("invoices", "me", cursor, tuple[int, str]) == (1, "a")
    with pytest.raises(Fault):
        Cursors([b"b" * 32]).open("invoices", "me", cursor, tuple[int, str])


def test_a_cursor_of_an_older_sort_order_is_refused() -> None:
    cursor = CURSORS.seal("invoices", "me", (1, "a"))

    with pytest.raises(Fault):
        CURSORS.open("invoices", "me", cursor, tuple[datetime, str])


@pytest.mark.parametrize("keys", [[], [b"short"]])
def test_cursors_are_not_made_without_a_real_key(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cursors(keys)


async def test_a_list_is_counted_only_when_asked_and_then_once(door: Any, counted: list[int]) -> None:
    await page(door, first=5)
    assert counted == []

    answer = await door.ask("{ invoices(first: 1) { totalCount totalCountIsCapped } }")
    assert answer.json()["data"]["invoices"] == {"totalCount": 250, "totalCountIsCapped": False}
    assert counted == [1_001]


async def test_a_count_stops_and_says_so(door: Any) -> None:
    answer = await door.ask("{ history(first: 1) { totalCount totalCountIsCapped } }")

    assert answer.json()["data"]["history"] == {"totalCount": 1_001, "totalCountIsCapped": True}


async def test_a_history_page_says_how_fresh_it_is_and_where_it_was_read(door: Any) -> None:
    answer = await door.ask("{ history(first: 1) { asOf source } }")

    assert answer.json()["data"]["history"] == {"asOf": "2026-03-31T18:00:00Z", "source": "REPLICA"}


async def test_connections_have_the_shape_that_relay_reads(schema: Any) -> None:
    types = schema._schema.type_map

    def shape(name: str) -> dict[str, str]:
        return {field: str(each.type) for field, each in types[name].fields.items()}

    counted = {"totalCount": "Int!", "totalCountIsCapped": "Boolean!"}
    assert shape("InvoiceConnection") == {"edges": "[InvoiceEdge!]!", "pageInfo": "PageInfo!", **counted}
    aged = {"asOf": "DateTime!", "source": "Source!"}
    assert shape("InvoiceHistoryConnection") == shape("InvoiceConnection") | aged
    assert shape("InvoiceEdge") == {"cursor": "String!", "node": "Invoice!"}
    assert shape("PageInfo") == {
        "hasNextPage": "Boolean!", "hasPreviousPage": "Boolean!", "startCursor": "String", "endCursor": "String",
    }  # fmt: skip
