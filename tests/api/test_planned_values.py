"""Whatever a resolver returns, planned execution ends as graphql-core does: data, errors and their order."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from strawberry.schema.config import StrawberryConfig
from structlog.testing import capture_logs

from api.audience import DEVELOPMENT, Audience
from api.bucket import objects_in
from api.documents import PREPARED, Prepared, UsePrepared, prepare
from api.errors import PortalSchema
from api.execution.schema import PlannedSchema
from api.limits import TRUSTED
from api.scalars import scalar_map
from tests.left_over import nothing_left_over
from tests.null_rules import NOTED, Noted, NothingRises, Rules
from tests.odd_schema import ENDED, Asking, Leaf, Query
from tests.random_documents import Writer

DOCUMENTS = 60


@pytest.fixture(scope="module")
def schema() -> PortalSchema:
    return PlannedSchema(Query, types=[Leaf], extensions=[UsePrepared], config=StrawberryConfig(scalar_map=scalar_map))


async def answer(
    schema: PortalSchema, prepared: Any, variables: dict[str, Any], noted: Noted | None = None, seed: int = 0
) -> tuple[Any, list[dict[str, Any]]]:
    result = await schema.execute(
        None, variables, Asking(seed), operation_name="Random",
        operation_extensions={PREPARED: prepared, NOTED: noted},
    )  # fmt: skip
    assert (counted := getattr(result, "objects", None)) is None or counted == objects_in(result.data)
    errors = [error.formatted for error in result.errors or ()]
    return result.data, [{**each, "extensions": {**each["extensions"], "errorId": "?"}} for each in errors]


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """Hundreds of errors are meant here; a trace of each would take longer than everything else."""
    with capture_logs():
        yield


async def test_odd_values_end_as_the_specification_says(schema: PortalSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    tally: Counter[str] = Counter()
    planned = []
    with nothing_left_over():
        for number in range(DOCUMENTS):
            known = {"seed": list(range(50)), "times": [1, 2, 3]}
            roots = ("branch", "branch", "here", "breaks")
            written = Writer(schema._schema, Random(number), known, roots, lambda _: True).document()
            prepared = prepare(schema._schema, written.text, TRUSTED, DEVELOPMENT[Audience.STAFF])
            if prepared.errors:
                tally["refused"] += 1
                continue
            for each in (written, written.otherwise()):
                answers = [await answer(schema, prepared, each.variables) for _ in range(2)]
                assert answers[0] == answers[1], each
                planned.append((each, prepared, answers[0]))
    monkeypatch.setattr(schema, "execution_context_class", NothingRises)
    for written, prepared, answered in planned:
        noted = Noted()
        rules = Rules.of(*await answer(schema, prepared, written.variables, noted), noted)
        rules.check(*answered)
        tally["compared"] += 1
        tally["with errors"] += bool(answered[1])
        tally["without data"] += answered[0] is None
        tally["something open"] += rules.open()
    print(f"\n{dict(tally)}")
    assert tally["compared"] > DOCUMENTS / 2 and tally["with errors"] > DOCUMENTS / 4


AT_HAND = frozenset({"seed", "beside", "coins", "first", "gaps", "kept", "fails", "minor", "mood"})


async def test_what_is_at_hand_is_answered_in_one_go_as_the_specification_says(
    schema: PortalSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = []
    with nothing_left_over():
        for number in range(DOCUMENTS):
            written = Writer(schema._schema, Random(number), {}, ("atHand",), AT_HAND.__contains__).document()
            prepared = prepare(schema._schema, written.text, TRUSTED, DEVELOPMENT[Audience.STAFF])
            if prepared.errors:
                continue
            answers = [await answer(schema, prepared, written.variables, seed=number) for _ in range(2)]
            assert answers[0] == answers[1], written
            if not written.variables:
                assert prepared.plans and prepared.plans.whole["Random"], written
                planned.append((number, written, prepared, answers[1]))
    assert len(planned) > DOCUMENTS / 2
    monkeypatch.setattr(schema, "execution_context_class", NothingRises)
    for number, written, prepared, answered in planned:
        noted = Noted()
        Rules.of(*await answer(schema, prepared, written.variables, noted, number), noted).check(*answered)


TWINS = "query Random { one: twin(fails: true) { shared slow sure } other: twin(fails: false) { shared sure } }"
AT_ONCE = "query Random { one: twin(fails: false) { shared sure atOnce } other: twin(fails: false) { sure } }"


async def test_what_two_parents_wait_for_outlives_one_of_them(schema: PortalSchema) -> None:
    with nothing_left_over():
        data, errors = await answer(schema, ready(schema, TWINS), {})
    assert data == {"one": None, "other": {"shared": [8, 9], "sure": 1}}
    assert [error["path"] for error in errors] == [["one", "sure"]]
    assert ENDED == ["slow"]  # nothing goes on after the answer


async def test_what_was_not_begun_when_something_beside_it_failed_is_not_begun(schema: PortalSchema) -> None:
    with nothing_left_over():
        data, errors = await answer(schema, ready(schema, AT_ONCE), {})
    assert data == {"one": None, "other": {"sure": 1}}
    assert [error["path"] for error in errors] == [["one", "atOnce"]]


def ready(schema: PortalSchema, text: str) -> Prepared:
    """The document, which is valid."""
    prepared = prepare(schema._schema, text, TRUSTED, DEVELOPMENT[Audience.STAFF])
    assert not prepared.errors
    return prepared
