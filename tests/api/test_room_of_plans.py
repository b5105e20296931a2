"""Plans of documents are bounded: of each document, and of all that callers send."""

from itertools import product
from typing import Any

from graphql import GraphQLSchema, parse

from api.audience import PRODUCTION, Audience, Sender
from api.documents import TEXT_SHELF, DocumentStore, Reference
from api.execution.plan import Plans
from api.manifests import ManifestDocuments

HELLO = "query Hello { hello }"


async def test_what_plans_hold_takes_room_of_other_documents(schema: Any) -> None:
    store = DocumentStore(schema._schema, ManifestDocuments({}), PRODUCTION)
    wide = "query Wide($a: Boolean!, $b: Boolean!, $c: Boolean!) { MANY hello @skip(if: $a) @include(if: $b) "
    wide += "again: hello @skip(if: $c) }"
    wide = wide.replace("MANY", " ".join(f"h{number}: hello" for number in range(48)))

    async def prepared(text: str) -> Any:
        return (await store.resolve(Sender(Audience.STAFF), Reference(None, text))).prepared

    first, texts = await prepared(HELLO), [f"{wide} # {number}" for number in range(20)]
    for text in texts:
        each = await prepared(text)
        for flags in product((False, True), repeat=3):
            values = dict(zip("abc", flags, strict=True))
            assert each.plans.of(schema._schema, each.document, "Wide", values, {}) is not None
        assert each.plans.of(schema._schema, each.document, "Wide", {}, {}) is None  # there are eight
        await prepared(text)
    assert sum(map(len, texts)) < TEXT_SHELF / 3
    assert await prepared(HELLO) is not first


def test_a_large_document_has_fewer_plans() -> None:
    document, large = parse(HELLO), Plans(1_500)
    names = ("A", "B", "C")
    made = [large.of(GraphQLSchema(), document, name, {}, {}) for name in names]
    assert [each is not None for each in made] == [True, True, False]
    assert large.of(GraphQLSchema(), document, "A", {}, {}) is made[0]
