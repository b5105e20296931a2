"""What will be removed says when, is found in the documents that use it, and may be gone on that day and no sooner."""

from datetime import date

from graphql import build_schema, parse

from api.deprecations import deprecations, read_document, undated
from api.graph.schema import build_schema as our_schema
from cli.export_schema import breaking

GOES = '@deprecated(reason: "Use b. Deprecated on 2027-01-01. Removal on 2027-06-01")'
SDL = f"""
type Query {{ a(x: Int {GOES}, e: E, i: [In!], in: In): T!  b(x: Int): Int {GOES} }}
type T {{ id: ID  old: Int {GOES}  again: T }}
enum E {{ KEPT GONE {GOES} }}
input In {{ kept: Int  gone: Int {GOES}  inner: In  e: E }}
"""
SCHEMA = build_schema(SDL)
ALL = ["Query.a(x:)", "Query.b", "T.old", "E.GONE", "In.gone"]


def uses(document: str) -> list[str]:
    return [each.element for each in read_document(SCHEMA, parse(document)).deprecated]


def test_a_document_is_read_for_all_that_it_uses_of_what_goes() -> None:
    assert uses("{ a(e: KEPT, in: {kept: 1}) { id } }") == []
    assert uses("{ b }") == ["Query.b"]
    assert uses("query { other: a(x: 1) { ...F } } fragment F on T { again { old } }") == ["Query.a(x:)", "T.old"]
    assert uses("{ a(e: GONE) { __typename } }") == ["E.GONE"]
    assert uses("{ a(i: [{inner: {gone: 1}}]) { id } }") == uses("{ a(in: {gone: 1}) { id } }") == ["In.gone"]
    assert uses("{ a(in: {e: GONE}) { id } }") == ["E.GONE"]
    assert uses("query Q($e: E = GONE, $x: Int) { a(e: $e, x: $x) { id } }") == ["E.GONE", "Query.a(x:)"]
    fields = read_document(SCHEMA, parse("{ z: a { again { id } ... { id } } __typename }")).fields
    assert fields == ("Query.a", "T.again", "T.id")


def test_every_deprecation_says_when_and_leaves_the_notice() -> None:
    assert [each.element for each in deprecations(SCHEMA)] == ALL
    assert undated(SCHEMA, date(2027, 6, 1)) == []
    late = undated(SCHEMA, date(2027, 6, 2))
    assert [each.split(": ")[0] for each in late] == ALL
    assert "it was to be removed on 2027-06-01" in late[0]
    for reason, said in (("Use b.", "must say"), ("Deprecated on 2027-04-01. Removal on 2027-06-01", "90 days")):
        [line] = undated(build_schema(f'type Query {{ a: Int @deprecated(reason: "{reason}") }}'), date(2027, 4, 1))
        assert said in line
    assert undated(our_schema()._schema, date(2026, 11, 21)) == []


def test_what_was_announced_may_be_gone_on_its_day_and_no_sooner() -> None:
    without = SDL.replace(f"  b(x: Int): Int {GOES}", "").replace(f"  old: Int {GOES}", "").replace(f" GONE {GOES}", "")
    assert len(breaking(SDL, without, date(2027, 5, 31))) == 3
    assert breaking(SDL, without, date(2027, 6, 1)) == []
    assert breaking(SDL, without.replace("  again: T", ""), date(2027, 6, 1)) == ["Field T.again was removed."]
