"""Every call to a provider stands between two points at which a crash test ends the process."""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from domain.payments.gateway import Gateway
from domain.points import POINTS, PROVIDER_CALLS
from tests.domain.payments.test_every_crash_point import PASSED
from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources, text_of

PORT = "domain/payments/gateway.py"
ADAPTERS = "domain/payments/gateways/"  # what stands behind the port, or before another gateway, is called by callers


def calls_of_the_port() -> frozenset[str]:
    """The port's methods that go out to the provider, those of the parts that it is made of too."""
    return frozenset(name for name, _ in inspect.getmembers(Gateway, inspect.iscoroutinefunction)) - {"close"}


def callers(root: Path, names: frozenset[str]) -> dict[str, str]:
    """The functions that call such a method of anything, or hand it on, by file and name, and where they do."""
    found = {}
    for file in sources(root, "api", "cli", "domain", "jobs", "runtime"):
        if file.path.startswith(ADAPTERS) or file.path == PORT:
            continue
        called = {id(node.func) for node in file.nodes if isinstance(node, ast.Call)}
        for node in file.nodes:
            if not isinstance(node, ast.Attribute) or node.attr not in names or _is_imported(file, node):
                continue
            if id(node) in called or "gateway" in ast.unparse(node.value).lower():
                found[f"{file.path}:{_function_around(file, node)}"] = file.at(node, ast.unparse(node))
    return found


@cache
def _here() -> dict[str, str]:
    return callers(ROOT, calls_of_the_port())


def _is_imported(file: Source, node: ast.Attribute) -> bool:
    """Whether the name belongs to a module or class that the file imports: no gateway comes that way."""
    first = node.value
    while isinstance(first, ast.Attribute):
        first = first.value
    return isinstance(first, ast.Name) and first.id in file.imported


def _function_around(file: Source, node: ast.AST) -> str:
    around = [each for each in file.functions if any(inner is node for inner in ast.walk(each))]
    return around[-1].name if around else "<module>"


def unregistered(found: Mapping[str, str], registered: Mapping[str, object]) -> list[str]:
    """Calls to a provider in functions that no crash test knows."""
    return sorted(at for name, at in found.items() if name not in registered)


def test_every_function_that_calls_a_provider_is_registered_with_its_points() -> None:
    assert unregistered(_here(), PROVIDER_CALLS) == []


def test_nothing_is_registered_that_calls_no_provider_and_every_point_exists() -> None:
    assert set(PROVIDER_CALLS) == set(_here())
    assert {point for points in PROVIDER_CALLS.values() for point in points} <= POINTS


def test_every_point_is_reached_somewhere() -> None:
    reached = {
        argument.value
        for file in sources(ROOT, "api", "domain", "jobs")
        for node in file.nodes
        if isinstance(node, ast.Call) and file.dotted(node.func).endswith("points.reached")
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert reached == POINTS


def test_only_tests_listen_at_points() -> None:
    product = sources(ROOT, "api", "cli", "dev", "domain", "jobs", "migrations", "runtime")
    touched = {file.path for file in product for node in file.nodes if getattr(node, "id", None) == "on_reached"
               or getattr(node, "attr", None) == "on_reached"}  # fmt: skip
    assert touched == {"domain/points.py"}


def test_every_point_has_a_test_that_ends_the_process_there() -> None:
    tests = [file for file in sources(ROOT, "tests") if file.path != "tests/house/test_provider_calls.py"]
    told = {text for file in tests for node in file.nodes if (text := text_of(node)) in POINTS}
    assert POINTS - told - set(PASSED) == set()


def test_a_call_that_nobody_registered_is_found_however_it_is_written(plant: Plant) -> None:
    plant("domain/a.py", "async def pay(gateway):\n    return await gateway.charge(1)\n")
    plant("domain/b.py", "class A:\n    async def give(self):\n        return await self._gateway.refund(1)\n")
    plant("jobs/c.py", "def hand_on(house):\n    return partial(house.gateway('x').void, 'y')\n")
    plant("domain/d.py", "from domain import other\nasync def f():\n    return await other.charge(1)\n")
    root = plant("domain/payments/gateways/e.py", "async def f(self):\n    return await self._gateway.charge(1)\n")
    found = callers(root, frozenset({"charge", "refund", "void"}))
    assert set(found) == {"domain/a.py:pay", "domain/b.py:give", "jobs/c.py:hand_on"}
    assert len(unregistered(found, {"domain/a.py:pay": ()})) == 2
