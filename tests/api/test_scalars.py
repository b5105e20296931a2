"""Each scalar takes exactly its form, by literal and by variable, and says so in a sentence of ours."""

from typing import Any

import pytest

from api.errors import Fault
from api.scalars import Text

MAX = 2**63 - 1

GOOD: dict[tuple[str, str], list[object]] = {
    ("number", "Int64"): [
        ("5", "5"), (5, "5"), ("0", "0"), (0, "0"),
        (str(MAX), str(MAX)), (MAX, str(MAX)), (-(2**63), str(-(2**63))),
    ],
    ("instant", "DateTime"): [
        ("2026-03-31T18:00:00Z", "2026-03-31T18:00:00Z"),
        ("2026-03-31T20:00:00+02:00", "2026-03-31T18:00:00Z"),
        ("2026-03-31T18:00:00.000001-00:30", "2026-03-31T18:30:00.000001Z"),
        ("2028-02-29T00:00:00.5Z", "2028-02-29T00:00:00.500000Z"),
    ],
    ("day", "Date"): [("2026-03-31", "2026-03-31"), ("2028-02-29", "2028-02-29")],
    ("currency", "CurrencyCode"): [("EUR", "EUR"), ("JPY", "JPY")],
    ("token", "ConsistencyToken"): [("1/16B3748", "1/16B3748")],
    ("anyId", "ID"): [("invoice_0abc", "invoice_0abc")],
}  # fmt: skip
BAD: dict[tuple[str, str], list[object]] = {
    ("number", "Int64"): [
        "", " 5", "5 ", "05", "+5", "-0", "5.0", "1e3", "0x10", "５", "1_000", "NaN", True, False, 1.0, 1.5, None,
        MAX + 1, str(MAX + 1), -(2**63) - 1, 10**29, "9" * 5_000, [5], {"a": 5},
    ],
    ("instant", "DateTime"): [
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T05:00:00+05:00",
        "", "2026-03-31", "2026-03-31T18:00:00", "2026-03-31 18:00:00Z", "2026-03-31T18:00Z", "2026-02-30T00:00:00Z",
        "2026-03-31T24:00:00Z", "2026-03-31T18:00:60Z", "2026-03-31T18:00:00+25:00", "0001-01-01T00:00:00+14:00",
        "2026-03-31T18:00:00.1234567Z", "２026-03-31T18:00:00Z", "2026-03-31t18:00:00z", 1774980000, True, [],
    ],
    ("day", "Date"): [
        "", "2026-02-29", "2026-3-1", "20260331", "2026-03-31T00:00:00Z", "2026-W14-2", "0000-01-01", 5, False,
    ],
    ("currency", "CurrencyCode"): ["", "eur", "EURO", "XXX", "XAU", "EUR ", 978, True, ["EUR"]],
    ("token", "ConsistencyToken"): ["", "a b", "x" * 129, "a\n", "ä", 5, True],
}  # fmt: skip
LITERALS = {
    "Int64": ["1.5", "true", "null", "FIVE", "[5]", "{a: 5}", '"5 "', "9223372036854775808", "-0"],
    "DateTime": ["5", "true", "NOW", '"2026-03-31"', '["2026-03-31T18:00:00Z"]'],
    "Date": ["20260331", "TODAY", '"2026-02-30"'],
    "CurrencyCode": ["EUR", "978", '"eur"'],
    "ConsistencyToken": ["5", "T", '""'],
}
FIELDS = {
    "Int64": "number",
    "DateTime": "instant",
    "Date": "day",
    "CurrencyCode": "currency",
    "ConsistencyToken": "token",
}
LIBRARY_WORDS = (
    "isoformat",
    "invalid literal",
    "strptime",
    "4300",
    "ValueError",
    "OverflowError",
    "out of range",
    "codec",
)


def cases(table: dict[tuple[str, str], list[object]]) -> list[Any]:
    return [
        pytest.param(*name, value, id=f"{name[1]}-{value!r:.30}") for name, values in table.items() for value in values
    ]


@pytest.mark.parametrize(("field", "scalar", "value"), cases(GOOD))
async def test_a_scalar_takes_its_form_and_prints_one_spelling(door: Any, field: str, scalar: str, value: Any) -> None:
    given, printed = value
    by_variable = await door.ask(f"query Q($of: {scalar}!) {{ {field}(of: $of) }}", variables={"of": given})
    literal = f'"{given}"' if isinstance(given, str) else given
    by_literal = await door.ask(f"{{ {field}(of: {literal}) }}")

    assert by_variable.json()["data"] == by_literal.json()["data"] == {field: printed}


@pytest.mark.parametrize(("field", "scalar", "value"), cases(BAD))
async def test_a_scalar_refuses_what_is_not_its_form(door: Any, field: str, scalar: str, value: Any) -> None:
    answer = await door.ask(f"query Q($of: {scalar}!) {{ {field}(of: $of) }}", variables={"of": value})

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert not any(word in error["message"] for word in LIBRARY_WORDS)


@pytest.mark.parametrize(("scalar", "literal"), [(scalar, one) for scalar, all_ in LITERALS.items() for one in all_])
async def test_a_literal_of_another_kind_is_refused_with_its_place(door: Any, scalar: str, literal: str) -> None:
    answer = await door.ask(f"{{ {FIELDS[scalar]}(of: {literal}) }}")

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["locations"]
    assert not any(word in error["message"] for word in LIBRARY_WORDS)


PAY = "mutation P($in: PayInput!) { pay(input: $in) { paid } }"


@pytest.mark.parametrize("key", ["k", "x" * 255, "order 42, first try", "!~ "])
async def test_an_idempotency_key_is_any_printable_ascii(door: Any, key: str) -> None:
    answer = await door.ask(PAY, variables={"in": {"idempotencyKey": key, "amount": 1, "currency": "EUR"}})

    assert answer.json()["data"] == {"pay": {"paid": "1"}}
    assert door.desk.written == [key]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\tb", "schlüssel", "\x7f", 5, None, True, ["k"]])
async def test_another_idempotency_key_is_refused_and_nothing_is_done(door: Any, key: Any) -> None:
    answer = await door.ask(PAY, variables={"in": {"idempotencyKey": key, "amount": 1, "currency": "EUR"}})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert door.desk.written == []


async def test_a_text_is_refused_where_it_passes_its_length_and_is_not_repeated(door: Any) -> None:
    note = "secret " * 10
    variables = {"in": {"idempotencyKey": "k", "amount": 1, "currency": "EUR", "note": note}}
    answer = await door.ask(PAY, variables=variables)

    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert answer.json()["errors"][0]["message"] == "note must have 1 to 20 characters."
    assert "secret" not in answer.text
    assert door.desk.written == []


@pytest.mark.parametrize("value", ["", "abcdef", "a\x00", "\ud800", "\udfffx"])
def test_the_rule_for_texts_refuses_what_no_database_column_should_hold(value: str) -> None:
    with pytest.raises(Fault):
        Text(max_length=5)(value, "note")


@pytest.mark.parametrize("value", ["a", "ab\ncd", "😀😀😀😀😀", "عربي"])
def test_the_rule_for_texts_takes_every_language(value: str) -> None:
    assert Text(max_length=5)(value, "note") == value


async def test_an_id_is_the_id_of_graphql_itself(schema: Any) -> None:
    assert "id: ID!" in schema.as_str()
