"""Money is counted in integers: any float beside it is a wait in seconds, and its name says so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Function, Source, sources

# The event loop and the drivers take waits as float seconds: what is called so may be one. Beside that only:
PARTS_OF_A_WAIT = {
    "domain/perform.py:_jitter": "seconds before the next try",
}
# The rest of the API counts seconds, points and qualities of media types, and no amounts.
MONEY = ("domain/", "api/graph/", "api/scalars.py")


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, Function):
        return [node.name]
    if isinstance(node, ast.arg | ast.keyword):
        return [node.arg or ""]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [ast.unparse(target) for target in targets]


def _is_float(file: Source, node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float | complex)
    # round() of a quotient is how a float reaches an amount unseen; domain/money.py rounds exact integers itself.
    return (isinstance(node, ast.Name) and node.id in ("float", "round")) or file.dotted(node).startswith("math.")


def _floats(file: Source, node: ast.AST, listed: set[str]) -> Iterator[ast.AST]:
    names = _names(node)
    if any(name.lower().endswith("seconds") or f"{file.path}:{name}" in listed for name in names):
        return
    if _is_float(file, node):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _floats(file, child, listed)


def floats(root: Path, listed: set[str]) -> list[str]:
    """Float literals, `float`, `round` and `math` where money is, outside of what is called seconds or listed."""
    return [
        file.at(node, ast.unparse(node))
        for file in sources(root, "api", "domain")
        if file.path.startswith(MONEY)
        for node in _floats(file, file.module, listed)
    ]


@pytest.mark.row("A1")
def test_there_is_no_float_where_money_is() -> None:
    assert floats(ROOT, set(PARTS_OF_A_WAIT)) == []


@pytest.mark.parametrize("listed", PARTS_OF_A_WAIT)
def test_what_is_listed_still_needs_to_be(listed: str) -> None:
    others = set(PARTS_OF_A_WAIT) - {listed}
    assert any(finding.startswith(listed.split(":")[0]) for finding in floats(ROOT, others))


@pytest.mark.parametrize(
    "text",
    [
        "RATE = 0.19",
        "x = 1e3",
        "def f(amount: float): ...",
        "def f() -> float | None: ...",
        "x: list[float] = []",
        "x = float('1')",
        "x = round(minor / 3)",
        "import math\nx = math.floor(minor / 3)",
        "from math import ceil\nx = ceil(minor / 3)",
        "def f(wait_seconds: int):\n    return wait_seconds * 0.5",
        "seconds_price = 0.5",
    ],
)
def test_each_way_to_a_float_is_found(plant: Plant, text: str) -> None:
    assert len(floats(plant("domain/invoices/line.py", text), {"domain/a.py:RATE"})) == 1


def test_the_schema_s_code_is_read_too(plant: Plant) -> None:
    plant("api/bucket.py", "LEVEL = 0.5")
    assert floats(plant("api/graph/money.py", "CENTS = 0.01"), set()) == ["api/graph/money.py:1: 0.01"]


def test_a_listed_name_counts_in_its_own_file_only(plant: Plant) -> None:
    plant("domain/a.py", "PART = 0.5")
    assert floats(plant("domain/b.py", "PART = 0.5"), {"domain/a.py:PART"}) == ["domain/b.py:1: 0.5"]


@pytest.mark.parametrize(
    "text",
    [
        "x = 1_000 // 3",
        'y = "1.5 float"',
        "from domain.money import round_half_even\nx = round_half_even(1, 2)",
        "GATE_SECONDS: Final = 0.05",
        "async def f(work, seconds: float): ...",
        "def jitter_seconds(attempt: int) -> float:\n    return attempt * 0.05",
        "pool.acquire(timeout_seconds=0.5)",
    ],
)
def test_integers_words_and_seconds_are_fine(plant: Plant, text: str) -> None:
    assert floats(plant("domain/a.py", text), set()) == []
