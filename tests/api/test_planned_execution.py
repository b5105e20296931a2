"""Planned execution answers each query as graphql-core does and as the GraphQL specification says: data, errors, cost.

Each random document is executed twice by plan, once by graphql-core, and once with nothing rising, from which
``null_rules`` works out what the specification leaves open. DOCUMENTS=5000 runs as many of them instead of a few.
"""

import gc
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.audience import DEVELOPMENT, Audience
from api.documents import Prepared, prepare
from api.execution.plan import How, Plan
from api.limits import TRUSTED
from domain.reactions.house import House
from runtime.measures import REGISTRY
from runtime.settings import Settings
from tests.api_callers import Api
from tests.left_over import nothing_left_over
from tests.null_rules import Noted, Rules, Wrong
from tests.planned_desk import Desk, opened
from tests.random_documents import Writer, Written

# graphql-core leaves what it had begun where a null rises; what is left over by plan is looked for in by_plan.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
DOCUMENTS = int(os.environ.get("DOCUMENTS", "25"))
FIRST = int(os.environ.get("FIRST", "0"))
LIMITS = replace(TRUSTED, cost=100_000)  # long documents are wanted here
AT_ONCE = 100  # by plan, before garbage is collected and the others answer
ENOUGH = 50  # documents, for a tenth of them to have errors
# What two readings of the same data, a moment apart, do not answer alike; a trial wants a lock and gives up soon.
UNSTEADY = ("asOf", "budget", "planChangeQuote", "simulation", "simulate")
TRIAL = "Preview"


@pytest.fixture(scope="module")
async def desk(api: Api, house: House, process_settings: Settings) -> AsyncIterator[Desk]:
    async with opened(api, house, process_settings) as desk:
        yield desk


@dataclass
class Tally:
    """What a run met."""

    seen: Counter[str]

    def steps(self, plan: Plan) -> None:
        for steps in plan.selections.values():
            for step in steps:
                kind = "read" if step.whole or step.attribute else "called" if step.resolver else "with arguments"
                self.seen[f"fields {kind}"] += 1


def sorted_errors(errors: list[Any]) -> list[str]:
    """Without their order, which is that in which the database answered."""
    return sorted(map(repr, errors))


@dataclass
class Trial:
    """A document for a caller, and what it is answered by plan, twice: the second time from a plan that was made for
    other values of its variables or for the same ones."""

    written: Written
    caller: str
    away: bool
    prepared: Prepared
    planned: list[Any]


async def by_plan(desk: Desk, asked: Sequence[tuple[Written, str, bool]], tally: Tally) -> list[Trial]:
    """The trials of those documents that are valid; nothing that was begun for them is left over."""
    trials = []
    with nothing_left_over():
        for written, caller, away in asked:
            prepared = prepare(desk.schema, written.text, LIMITS, DEVELOPMENT[Audience.STAFF])
            if prepared.errors:
                tally.seen["refused"] += 1
                continue
            turned = written.otherwise()
            asked_for = [written, written] if turned == written else [written, turned, turned, written]
            told = [await desk.answer(prepared, each, await desk.context(caller, away)) for each in asked_for]
            trials.append(Trial(written, caller, away, prepared, [told[0], told[-1]]))
            if turned != written:
                trials.append(Trial(turned, caller, away, prepared, told[1:3]))
    return trials


async def compare(desk: Desk, trial: Trial, tally: Tally) -> None:
    """Fails unless what the plan and graphql-core answer are both right by the specification."""
    written, prepared = trial.written, trial.prepared
    noted = Noted()
    with desk.nothing_rises():
        whole = await desk.answer(prepared, written, await desk.context(trial.caller, trial.away), noted)
    rules = Rules.of(whole["data"], whole["errors"], noted)
    stock = replace(prepared, plans=None)
    other = await desk.answer(stock, written, await desk.context(trial.caller, trial.away))
    for answer in (*trial.planned, other):
        try:
            rules.check(answer["data"], answer["errors"])
        except Wrong as wrong:
            who = "graphql-core" if answer is other else "the plan"
            raise AssertionError(f"{who}: {wrong}\n{trial}") from None
        assert answer["extensions"] == other["extensions"], trial
    told, again = (sorted_errors(each["errors"]) for each in trial.planned)
    assert told == again, trial  # nothing is cancelled: what the specification leaves open hangs on nobody's speed
    tally.seen["compared"] += 1
    tally.seen["errors as graphql-core's"] += told == sorted_errors(other["errors"])
    tally.seen["something open"] += rules.open()
    tally.seen["with errors"] += bool(told)
    tally.seen["with a null that rose"] += any(rules.rises_to(each) != tuple(each["path"]) for each in whole["errors"])
    tally.seen["history away"] += "HISTORY_UNAVAILABLE" in str(told)
    tally.seen["without data"] += other["data"] is None
    for plan in prepared.plans.kept() if prepared.plans else ():
        tally.steps(plan)


def is_steady(field: str) -> bool:
    """Whether it is answered alike a moment later."""
    return field not in UNSTEADY and not field.endswith(TRIAL)


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """Hundreds of errors are meant here, and what graphql-core left goes between documents and before the next test:
    inside a named tuple's own code, which knows no imports, Python could not even ignore the warning of it."""
    gc.disable()
    try:
        with capture_logs():
            yield
    finally:
        gc.enable()
        gc.collect()


ROOTS = {
    "guest": ("viewer", "viewer", "viewer", "node", "nodes", "plans", "staff"),
    "admin": ("staff", "staff", "staff", "node", "nodes", "viewer"),
    "support": ("staff", "staff", "partner"),
    "partner": ("partner", "partner", "plans", "node"),
}


HISTORY = """query Random { viewer { customer { id invoices(first: 2) { edges { node { number state total { decimal }
    lines { amount { decimal currency } } } } } payments(first: 1) { totalCount edges { node { id } } } } } }"""


async def test_history_that_is_away_is_said_at_the_same_places(desk: Desk) -> None:
    tally = Tally(Counter())
    asked = [(Written(HISTORY, {}), caller, away) for away in (False, True) for caller in ("guest", "admin")]
    for trial in await by_plan(desk, asked, tally):
        await compare(desk, trial, tally)
    assert tally.seen["history away"] == 1 and tally.seen["without data"] == 2 and tally.seen["with errors"] == 3


async def test_of_what_is_answered_well_nothing_is_left_to_the_collector(desk: Desk) -> None:
    left, answered = Counter[str](), 0
    for written, caller, _ in [(Written(HISTORY, {}), "guest", False), *(drawn(desk, number) for number in range(60))]:
        prepared = prepare(desk.schema, written.text, LIMITS, DEVELOPMENT[Audience.STAFF])
        # The first answer makes the plan, which stays; an error leads to the frames it was raised in, and they to it.
        if prepared.errors or (await desk.answer(prepared, written, await desk.context(caller, False)))["errors"]:
            continue
        gc.collect()
        await desk.answer(prepared, written, await desk.context(caller, False))
        left[written.text] += gc.collect()
        answered += 1
    assert answered > ENOUGH / 2 and not +left


async def test_random_documents_are_answered_alike_with_and_without_a_plan(desk: Desk) -> None:
    tally, before = Tally(Counter()), executions()
    for first in range(FIRST, FIRST + DOCUMENTS, AT_ONCE):
        asked = [drawn(desk, number) for number in range(first, min(first + AT_ONCE, FIRST + DOCUMENTS))]
        trials = await by_plan(desk, asked, tally)
        tally.seen.update(executions() - before)
        for trial in trials:
            await compare(desk, trial, tally)
        before = executions()
        print(f"\n{min(first - FIRST + AT_ONCE, DOCUMENTS):,} random documents: {dict(tally.seen)}")  # a long run tells
    assert tally.seen["executed: planned"] == 2 * tally.seen["compared"]  # and none of them by graphql-core
    assert DOCUMENTS < ENOUGH or tally.seen["with errors"] > DOCUMENTS / 10


def executions() -> Counter[str]:
    """How many operations were executed in each way so far."""
    ways = {f"executed: {how}": REGISTRY.get_sample_value("quittance_executions_total", {"how": how}) for how in How}
    return Counter({way: int(count or 0) for way, count in ways.items()})


def drawn(desk: Desk, number: int) -> tuple[Written, str, bool]:
    """The document of that number, its caller, and whether history is away."""
    random = Random(number)
    caller = random.choice(("guest", "guest", "admin", "support", "partner"))
    return Writer(desk.schema, random, desk.known, ROOTS[caller], is_steady).document(), caller, number % 4 == 0
