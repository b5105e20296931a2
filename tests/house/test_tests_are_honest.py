"""Tests meet the real thing: no sleep that hopes, no mock of our own code, no skip."""

import ast
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import PACKAGES, ROOT, Source, sources, text_of

SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep"})
SKIPS = frozenset(
    {
        "pytest.skip",
        "pytest.xfail",
        "pytest.importorskip",
        "pytest.mark.skip",
        "pytest.mark.skipif",
        "pytest.mark.xfail",
        "unittest.skip",
        "unittest.skipIf",
        "unittest.SkipTest",
    }
)


def _yields_only(file: Source, call: ast.Call) -> bool:
    # asyncio.sleep(0) lets other tasks run and waits for nothing.
    return file.dotted(call.func) != "time.sleep" and [ast.unparse(each) for each in call.args] == ["0"]


def sleeps(root: Path) -> list[str]:
    """Waits of a length that somebody guessed, anywhere in tests but where time itself is the matter."""
    return [
        file.at(node, ast.unparse(node))
        for file in sources(root, "tests")
        if not file.path.startswith(("tests/bench/", "tests/drills/"))
        for node in file.nodes
        if isinstance(node, ast.Call) and file.dotted(node.func) in SLEEPS and not _yields_only(file, node)
    ]


def _replaces_ours(file: Source, call: ast.Call) -> bool:
    if not ast.unparse(call.func).endswith("monkeypatch.setattr") or not call.args:
        return False
    name = text_of(call.args[0]) or file.dotted(call.args[0])
    return name.split(".")[0] in PACKAGES


def mocks(root: Path) -> list[str]:
    """Imports of mock libraries, the `mocker` fixture, and monkeypatch.setattr on what our packages hold."""
    found = []
    for file in sources(root, "tests"):
        for node, name in file.import_targets():
            if name.startswith("unittest.mock") or name.split(".")[0] in ("mock", "pytest_mock"):
                found.append(file.at(node, name))
        found += [file.at(node, "mocker") for node in file.nodes if isinstance(node, ast.arg) and node.arg == "mocker"]
        calls = [node for node in file.nodes if isinstance(node, ast.Call)]
        found += [file.at(call, "monkeypatch.setattr") for call in calls if _replaces_ours(file, call)]
    return found


def skips(root: Path) -> list[str]:
    """Tests that may not run, or may fail and count as well."""
    return [
        file.at(node, file.dotted(node))
        for file in sources(root, "tests")
        for node in file.nodes
        if isinstance(node, ast.Attribute | ast.Name) and file.dotted(node) in SKIPS
    ]


def test_no_test_waits_a_guessed_time() -> None:
    assert sleeps(ROOT) == []


def test_no_test_replaces_our_own_code() -> None:
    assert mocks(ROOT) == []


def test_no_test_may_be_left_out() -> None:
    assert skips(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.sleep(1)",
        "import time\ntime.sleep(0)",
        "from time import sleep\nsleep(0.1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)",
        "from asyncio import sleep as wait\nasync def f(delay):\n    await wait(delay)",
    ],
)
def test_a_guessed_wait_is_found(plant: Plant, text: str) -> None:
    assert len(sleeps(plant("tests/domain/test_a.py", text))) == 1


def test_giving_way_to_other_tasks_and_a_bench_or_drill_that_waits_are_fine(plant: Plant) -> None:
    plant("tests/drills/people.py", "import time\ntime.sleep(1)")
    plant("tests/bench/load.py", "import time\ntime.sleep(1)")
    root = plant("tests/test_a.py", "import asyncio\nasync def f():\n    await asyncio.sleep(0)")
    assert sleeps(root) == []


@pytest.mark.parametrize(
    "text",
    [
        "import unittest.mock",
        "from unittest import mock",
        "from unittest.mock import AsyncMock",
        "import mock",
        "def test_a(mocker): ...",
        "from domain import perform\ndef test_a(monkeypatch):\n    monkeypatch.setattr(perform, 'run', None)",
        "def test_a(monkeypatch):\n    monkeypatch.setattr('api.app.handle', None)",
    ],
)
def test_a_mock_is_found(plant: Plant, text: str) -> None:
    assert len(mocks(plant("tests/test_a.py", text))) == 1


def test_a_changed_environment_is_no_mock(plant: Plant) -> None:
    root = plant("tests/test_a.py", "def test_a(monkeypatch):\n    monkeypatch.setenv('PORT', '1')")
    assert mocks(root) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pytest\n@pytest.mark.skip\ndef test_a(): ...",
        "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_a(): ...",
        "import pytest\npytestmark = pytest.mark.xfail",
        "import pytest\ndef test_a():\n    pytest.skip('x')",
        "from pytest import skip\ndef test_a():\n    skip('x')",
        "import pytest\nredis = pytest.importorskip('redis')",
    ],
)
def test_a_test_that_may_be_left_out_is_found(plant: Plant, text: str) -> None:
    assert len(skips(plant("tests/test_a.py", text))) == 1
