"""Whatever is refused, it is said in whole sentences: a capital at the beginning, a full stop at the end."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources

# What makes a refusal, and which of its arguments people read.
MAKERS = {"Refused": 1, "Fault": 1, "unreadable": 0, "refused": 0, "_refused": 1, "_bad": 0, "_fault": 0, "NotJson": 0}
# A sentence may begin with the part of a request that it is about, spelt as the caller spells it.
PARTS = ("first ", "after ", "ids ", "from ", "extensions.")


def _sentence(file: Source, call: ast.Call) -> str | None:
    """What is said, with `X` for what is filled in; None where it is somebody else's sentence that is handed on."""
    place = MAKERS.get(ast.unparse(call.func).split(".")[-1])
    if place is None or len(call.args) <= place:
        return None
    said = call.args[place]
    if isinstance(said, ast.Name):
        said = _assigned(file, said, call) or said
    if isinstance(said, ast.JoinedStr):
        return "".join(_literal(each) or "X" for each in said.values)
    return _literal(said)


def _literal(said: ast.expr) -> str | None:
    return said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else None


def _assigned(file: Source, name: ast.Name, call: ast.Call) -> ast.expr | None:
    around = [each for each in file.functions if each.lineno <= call.lineno <= (each.end_lineno or 0)]
    assignments = [node for each in around for node in ast.walk(each) if isinstance(node, ast.Assign)]
    return next(
        (each.value for each in assignments if each.lineno <= call.lineno and ast.unparse(each.targets[0]) == name.id),
        None,
    )


def _is_sentence(said: str) -> bool:
    return said.endswith(".") and (said[0].isupper() or said[0].isdigit() or said.startswith(PARTS))


def refusals(root: Path) -> Iterator[tuple[str, str]]:
    """Each refusal that is made of a literal: where, and what it says."""
    for file in sources(root, "api", "domain", "jobs", "cli", "runtime"):
        for node in file.nodes:
            if isinstance(node, ast.Call) and (said := _sentence(file, node)) is not None:
                yield file.at(node, said), said


def broken(root: Path) -> list[str]:
    """The refusals that are no sentence."""
    return [where for where, said in refusals(root) if not _is_sentence(said)]


def test_every_refusal_is_a_sentence() -> None:
    assert broken(ROOT) == []
    assert len(list(refusals(ROOT))) > 100, "the rule reads what refuses"


@pytest.mark.parametrize(
    "text",
    [
        'raise Refused(Code.X, "there is none.")',
        'raise Refused(Code.X, "There is none")',
        'raise Fault(Code.X, f"{name} is none", limit=1)',
        'raise errors.unreadable("send a POST.")',
        'def f():\n    message = f"at most {n}."\n    raise Refused(Code.X, message, ("amount",))',
    ],
)
def test_what_is_no_sentence_is_found(plant: Plant, text: str) -> None:
    assert len(broken(plant("domain/a.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'raise Refused(Code.X, "There is none.")',
        'raise Fault(Code.X, f"{name} is none.")',
        'raise Fault(Code.X, "first must be between 1 and 100.")',
        "raise Refused(Code.X, refusal.message)",
        'raise Other("anything")',
    ],
)
def test_sentences_and_what_is_handed_on_are_fine(plant: Plant, text: str) -> None:
    assert broken(plant("api/a.py", text)) == []
