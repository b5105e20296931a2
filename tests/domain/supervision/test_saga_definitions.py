"""The definitions of sagas are data: every step has its time and a way out, and names what there is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from domain.operation import OPERATIONS
from domain.reactions.events import KNOWN, consumed_kinds
from domain.reactions.house import House
from domain.reactions.sagas import ACTS
from domain.sagas.definition import DEFINITIONS, LISTENED, Definition, SagaKind, Step
from domain.sagas.saga import SAGA

PAGE = (Path(__file__).resolve().parents[3] / "docs/sagas.md").read_text()
STEPS = [(each, step) for each in DEFINITIONS.values() for step in each.steps]


@pytest.mark.row("L4")
def test_every_step_has_a_time_out_and_either_a_way_back_or_a_way_forward() -> None:
    assert set(DEFINITIONS) == set(SagaKind)
    for definition, step in STEPS:
        assert step.takes > timedelta(0), step
        assert (step.undone_by is None) != (step.forward == ()), step
        assert step.why.endswith("."), step
        acts = {*([step.undone_by] if step.undone_by else step.forward)}
        assert acts <= ACTS.keys(), "its time-out can be performed"
        assert {step.does, *definition.begun_by, *acts} <= OPERATIONS.keys()
    performed = {name for _, step in STEPS for name in (step.undone_by, *step.forward) if name}
    assert performed == ACTS.keys(), "nothing else can be"


async def test_every_event_that_carries_a_saga_on_is_known_and_waits_for_whoever_hears_it(house: House) -> None:
    assert set(consumed_kinds(house)) >= LISTENED
    assert KNOWN >= LISTENED
    assert "subscription.renewed" not in LISTENED, "renewals are heard of by nobody here"


def _row(of: Definition, step: Step) -> list[str]:
    hours = f"{step.takes // timedelta(hours=1)} h {step.follows}"
    back, forward = f"`{step.undone_by}`" if step.undone_by else "", ", ".join(f"`{name}`" for name in step.forward)
    return [f"`{of.kind}`", f"`{step.name}`", hours, back, forward]


def test_the_page_about_sagas_says_what_the_data_say() -> None:
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `")]
    assert table == [_row(*each) for each in STEPS]
    drawn = {
        (start, event, end)
        for start, end, events in re.findall(r"^ {4}(\S+) --> (\w+): (.+)$", PAGE, re.MULTILINE)
        for event in events.split(", ")
    }
    assert drawn == {("[*]" if start == "new" else start, event, end) for (start, event), end in SAGA.moves.items()}
