"""Texts are parsed as graphql-core parses them, and what is refused is gone at once."""

import gc
from collections.abc import Iterator

import pytest
from graphql import GraphQLSyntaxError, get_introspection_query
from graphql import parse as parse_as_shipped

from api.audience import PRODUCTION, Audience
from api.documents import prepare
from api.limits import FREE_TEXT
from api.parse import parse
from tests.bench.bombs import bombs
from tests.bench.http_measures import BALANCE, HISTORY
from tests.role_kit import GRAPH

TOKENS = FREE_TEXT.tokens
BOMBS = bombs(0)
BROKEN = (
    "",
    "#",
    "{",
    "{ a(b: ",
    "{ a } }",
    '{ a(b: "c',
    "query Q($a: [Int!]! = [1, {b: $c}]) @d { ...E ...on F { g } }",
    "{ # h\n a }",
)
VALIDATED = frozenset({"unknown fields"})  # graphql-core's own rules look at each other in circles


@pytest.mark.parametrize("text", [BALANCE, HISTORY, get_introspection_query(), *BROKEN, *BOMBS.values()])
def test_a_text_is_parsed_as_graphql_core_does_it(text: str) -> None:
    try:
        document = parse_as_shipped(text, max_lexical_tokens=TOKENS, max_comments=TOKENS)
    except GraphQLSyntaxError as error:
        with pytest.raises(GraphQLSyntaxError) as refused:
            parse(text, TOKENS)
        assert (refused.value.message, refused.value.locations) == (error.message, error.locations)
    else:
        assert parse(text, TOKENS) == document


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is collected but where a test asks for it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("kind", sorted(BOMBS.keys() - VALIDATED))
def test_of_a_text_that_is_refused_nothing_is_left_to_the_collector(kind: str) -> None:
    assert prepare(GRAPH, BOMBS[kind], FREE_TEXT, PRODUCTION[Audience.PORTAL]).errors
    assert gc.collect() == 0
