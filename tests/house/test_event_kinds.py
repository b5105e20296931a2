"""Every kind of event that the code leaves, and every kind of work that it schedules, is one that it knows."""

import ast
from collections.abc import Iterator
from importlib import import_module

from domain.reactions.event_kinds import OF_STATES, QUIET, TOLD_OR_QUIET
from domain.reactions.events import CONSUMERS, KNOWN
from domain.reactions.work import HANDLERS
from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources, text_of

PLACES = {"emit": 0, "emit_of": 1}  # where the kind stands among the arguments


def kinds_in(node: ast.expr) -> Iterator[str]:
    """The kinds that the expression may stand for; one that nothing is known of stands for itself."""
    if isinstance(node, ast.IfExp):
        yield from kinds_in(node.body)
        yield from kinds_in(node.orelse)
    elif isinstance(node, ast.JoinedStr) and (entity := _entity(node)) in OF_STATES:
        yield from (f"{entity}.{state}" for state in OF_STATES[entity].moves.values())
    else:
        yield text_of(node) or ast.unparse(node)


def _entity(node: ast.JoinedStr) -> str:
    return (text_of(node.values[0]) or "").rstrip(".") if ast.unparse(node).endswith(".{state.name}'") else ""


def emitted(file: Source) -> Iterator[tuple[str, str]]:
    """Each kind of event that the file leaves, and where."""
    passing_on = {id(each) for of in file.functions if of.name in PLACES for each in ast.walk(of)}
    for node in file.nodes:
        if isinstance(node, ast.Call) and id(node) not in passing_on:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if name in PLACES and len(node.args) > PLACES[name]:
                yield from ((kind, file.at(node, kind)) for kind in kinds_in(node.args[PLACES[name]]))


def test_every_event_that_is_left_is_known() -> None:
    found = dict(each for file in sources(ROOT, "domain") for each in emitted(file))
    assert [at for kind, at in found.items() if kind not in KNOWN] == []
    assert sorted(QUIET - found.keys()) == [], "kinds that nobody leaves any more, or that are named after a state"
    assert sorted(QUIET & {*CONSUMERS, *(TOLD_OR_QUIET - QUIET)}) == [], "kinds of which something follows"
    assert CONSUMERS.keys() <= found.keys()


def test_an_event_that_nobody_has_named_is_found(plant: Plant) -> None:
    root = plant(
        "domain/a.py", "def a(tx, won):\n    tx.emit('b.won' if won else f'b.{won}', id=1)\n    emit_of(tx, 'c')\n"
    )
    assert [kind for file in sources(root, "domain") for kind, _ in emitted(file)] == ["b.won", "f'b.{won}'", "c"]


def _scheduled(file: Source) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("schedule") and len(node.args) > 1:
            module, _, name = file.dotted(node.args[1]).rpartition(".")
            here = import_module(module or file.path.removesuffix(".py").replace("/", "."))
            if isinstance(kind := getattr(here, name, None), str):
                yield kind


def test_all_work_that_is_scheduled_has_somebody_who_does_it() -> None:
    found = {kind for file in sources(ROOT, "domain") for kind in _scheduled(file)}
    assert found <= HANDLERS.keys()
    assert len(found) > len(HANDLERS) / 2, "the search finds too few of them to be believed"
