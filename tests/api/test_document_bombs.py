"""Hostile documents: refused with a label after work that is bounded by their length, however much they ask for."""

from typing import Any

import pytest
from graphql import DocumentNode, build_schema, get_introspection_query, parse

from api.limits import FREE_TEXT
from api.weigh import SATURATED, weigh


def fragments_doubling(levels: int) -> str:
    """Each fragment spreads the next one twice: 2 to the power of ``levels`` fields when written out."""
    chain = " ".join(
        f"fragment F{n} on Invoice {{ a: again {{ ...F{n + 1} }} b: again {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ invoice {{ ...F0 }} }} {chain} fragment F{levels} on Invoice {{ number }}"


def leaves_doubling(levels: int) -> str:
    """The same without depth or objects: only inline fragments and leaves."""
    chain = " ".join(f"fragment F{n} on Query {{ ... {{ ...F{n + 1} }} ... {{ ...F{n + 1} }} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ hello }}"


def nested(levels: int) -> str:
    return "{ invoice " + "{ again " * levels + "{ number }" + " }" * levels + " }"


BOMBS = {
    "aliases": ("{ " + " ".join(f"a{n}: hello" for n in range(200)) + " }", "aliases"),
    "aliases in a fragment": (
        "{ " + " ".join(f"x{n}: invoice {{ ...F }}" for n in range(10)) + " } fragment F on Invoice { "
        + " ".join(f"a{n}: number" for n in range(10)) + " }",
        "aliases",
    ),
    "4,000 aliases": ("{ " + " ".join(f"a{n}: hello" for n in range(4_000)) + " }", "characters"),
    "8,000 short aliases": ("{" + ",".join(f"{chr(97 + n % 26)}:a" for n in range(8_000)) + "}", "tokens"),
    "depth": (nested(12), "depth"),
    "depth through fragments": (fragments_doubling(20), "depth"),
    "a document nested beyond any use": ("{ a " * 3_000 + "}" * 3_000, "depth"),
    "a nesting that only a parser sees": ("{ a " * 400 + "}" * 400, "depth"),
    "lists within lists": ("{ text(of: " + "[" * 900 + "]" * 900 + ") }", "depth"),
    "objects within objects": ("{ text(of: " + "{a: " * 900 + "1" + "}" * 900 + ") }", "depth"),
    "a type of lists of lists": ("query Q($a: " + "[" * 900 + "Int" + "]" * 900 + ") { hello }", "depth"),
    "a default of lists of lists": ("query Q($a: [Int] = " + "[" * 900 + "]" * 900 + ") { hello }", "depth"),
    "2^25 fields": (leaves_doubling(25), "fields"),
    "2^40 fields": (leaves_doubling(40), "fields"),
    "directives": ("{ hello " + "@skip(if: false) " * 200 + "}", "directives"),
    "directives on an operation": ("query Q " + "@x " * 500 + "{ hello }", "directives"),
    "directives on a variable": ("query Q($a: Int " + "@x " * 500 + ") { hello }", "directives"),
    "directives on fragments": ("{ ...F } fragment F on Query " + "@x " * 500 + "{ hello }", "directives"),
    "1,000 operations": (" ".join(f"query Q{n} {{hello}}" for n in range(1_000)), "tokens"),
    "300 operations": (" ".join(f"query Q{n} {{hello}}" for n in range(300)), "definitions"),
    "fields beyond number": ("{ " + "invoice { number } " * 300 + "}", "selections"),
    "fields that must be merged": ("{ " + "invoice { number } " * 80 + "}", "repeats"),
    "fields of fragments that must be merged": (
        "{ invoice { " + " ".join(f"...F{n}" for n in range(40)) + " } } "
        + " ".join(f"fragment F{n} on Invoice {{ total {{ currency }} total {{ currency }} }}" for n in range(40)),
        "repeats",
    ),
    "fields of a fragment that another of its name hides": (
        "{ ...F } fragment F on Query { " + "hello " * 300 + "} fragment F on Query { hello }",
        "selections",
    ),
    "pages within pages": ("{ invoices(first: 100) { edges { node { lines { text } } } } }", "cost"),
    "a page without end": ("{ invoices(first: " + "9" * 30 + ") { edges { node { number } } } }", "cost"),
    "a page of a variable size": (
        "query Q($n: Int!) { a: invoices(first: $n) { ...C } b: invoices(first: $n) { ...C } } "
        "fragment C on InvoiceConnection { edges { node { a: again { b: again { again { again { number } } } } } } }",
        "cost",
    ),
    "many ids": ("{ nodes(ids: [" + '"x" ' * 1_100 + "]) { id } }", "cost"),
    "comments": ("{ hello }" + "#\n" * 10_000, "tokens"),
    "one long comment": ("{ hello } #" + "x" * 100_000, "characters"),
    "one long string": ('{ text(of: "' + "x" * 100_000 + '") }', "characters"),
    "many variables": ("query Q(" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { hello }", "tokens"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "limit"), BOMBS.values(), ids=BOMBS)
async def test_a_bomb_is_refused_by_the_limit_it_passes(door: Any, text: str, limit: str) -> None:
    answer = await door.ask(text, variables={"n": 1})

    assert answer.status_code == 400
    assert "data" not in answer.json()
    extensions = [error["extensions"] for error in answer.json()["errors"]]
    assert {each["code"] for each in extensions} == {"COST_EXCEEDED"}
    assert limit in {each["limit"] for each in extensions}
    assert all(each.get("found", SATURATED) <= SATURATED for each in extensions)


async def test_20_000_aliases_do_not_even_fit_into_a_body(door: Any) -> None:
    answer = await door.ask("{ " + " ".join(f"a{n}: hello" for n in range(20_000)) + " }")

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"


def nodes_of(document: DocumentNode) -> int:
    """How many nodes the parsed document has."""
    queue: list[Any] = [document]
    for node in queue:
        for key in node.keys:
            value = getattr(node, key, None)
            queue.extend(value if isinstance(value, list | tuple) else [value] if hasattr(value, "keys") else [])
    return len(queue)


NOT_PARSED = {"characters", "tokens"}
WEIGHED = [
    text
    for text, limit in BOMBS.values()
    if limit not in NOT_PARSED and not any(each in text for each in ("[[", "{ a { a", "{a: {a"))
]


@pytest.mark.parametrize(
    "text",
    [
        *WEIGHED,
        fragments_doubling(300),
        leaves_doubling(1_000),
        " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 500} ...F{(n + 7) % 500} }}" for n in range(500)),
        "{ " + " ".join("...F" for _ in range(5_000)) + " } fragment F on Query { hello }",
    ],
)
def test_weighing_visits_each_node_at_most_twice(schema: Any, text: str) -> None:
    document = parse(text)

    assert weigh(schema._schema, document).visited <= 2 * nodes_of(document)


def test_a_chain_of_2_000_fragments_needs_no_stack(schema: Any) -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(2_000))
    weighed = weigh(schema._schema, parse(f"{{ ...F0 }} {chain} fragment F2000 on Query {{ hello }}"))

    assert weighed.operations[None].fields == 1


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A hello }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A ...B hello }",
        "{ invoice { ...A } } fragment A on Invoice { again { ...A } }",
    ],
)
async def test_fragments_in_a_circle_are_weighed_and_refused(door: Any, text: str) -> None:
    answer = await door.ask(text)

    assert answer.status_code == 400
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_INPUT"}


async def test_a_bomb_of_a_closed_audience_is_not_even_parsed(open_door: Any) -> None:
    answer = await open_door("partner").ask(leaves_doubling(25))

    assert answer.status_code == 403


async def test_the_introspection_query_of_tools_passes_the_limits(door: Any) -> None:
    answer = await door.ask(get_introspection_query(descriptions=True, input_value_deprecation=True))

    assert "errors" not in answer.json()
    assert answer.json()["data"]["__schema"]["types"]


WEIGHTS = {
    "{ hello }": (0, 1),
    "{ invoice { number } }": (1, 2),
    "{ invoice { total { minorUnits } } }": (1, 3),  # money is part of its row
    "{ invoice { lines { text } } }": (11, 3),  # nothing sizes the list
    "{ invoices(first: 5) { edges { node { number } } } }": (6, 4),
    "{ invoices(first: 5) { edges { node { lines { text } } } } }": (56, 5),
    "query Q($n: Int!) { invoices(first: $n) { edges { node { number } } } }": (101, 4),
    "{ invoices(first: 5) { ...C } } fragment C on InvoiceConnection { edges { node { number } } }": (6, 4),
    "{ ...F ...F } fragment F on Query { invoice { number } }": (1, 2),  # which is read once
    "{ invoices(first: 5) { pageInfo { endCursor } totalCount } }": (1, 3),
    '{ nodes(ids: ["a", "b", "c"]) { id } }': (3, 2),
    "{ nodes(ids: []) { id } }": (0, 2),
    'mutation { pay(input: {idempotencyKey: "k", amount: 1, currency: "EUR"}) { paid } }': (10, 2),
    "{ a: invoice { number } b: invoice { number } }": (2, 2),
    "{ __schema { types { fields { type { name } } } } }": (0, 1),  # bounded by a rule of its own
}


@pytest.mark.parametrize(("text", "expected"), WEIGHTS.items())
def test_a_document_costs_its_objects_times_its_pages(schema: Any, text: str, expected: tuple[int, int]) -> None:
    [weight] = weigh(schema._schema, parse(text)).operations.values()

    assert (weight.cost, weight.depth) == expected


def test_pages_without_end_within_each_other_are_not_computed() -> None:
    schema = build_schema("type Query { pages(first: Int): [Query] }")
    weighed = weigh(schema, parse("{ pages(first: 999999999) " * 150 + "{ __typename }" + " }" * 150))

    assert weighed.operations[None].cost == SATURATED


async def test_the_deepest_document_that_is_allowed_runs(door: Any) -> None:
    answer = await door.ask(nested(FREE_TEXT.depth - 2))

    assert answer.status_code == 200
    assert "errors" not in answer.json()
