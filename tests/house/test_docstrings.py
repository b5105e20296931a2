"""What others call says what they may rely on."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Function, Source, sources


def _is_described(node: Function | ast.ClassDef) -> bool:
    # A description in a decorator is published with the schema, where its readers are.
    calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    published = any(keyword.arg == "description" for call in calls for keyword in call.keywords)
    return published or ast.get_docstring(node) is not None


def _says_itself(node: Function | ast.ClassDef, siblings: int) -> bool:
    # One statement is as short as a docstring about it: a method's only one, or what a class fixes for its parent.
    # The body `...` promises what only words can say; for an only method the docstring of the class says it.
    if isinstance(node, ast.ClassDef):
        return bool(node.bases) and len(node.body) == 1 and isinstance(node.body[0], ast.Assign)
    return siblings == 1 if ast.unparse(node.body[0]) == "..." else len(node.body) == 1


def _is_public(node: ast.AST) -> bool:
    if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
        return False
    return not any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


def _methods(node: ast.ClassDef) -> list[Function]:
    return [each for each in node.body if isinstance(each, Function)]


def _public(module: ast.Module) -> Iterator[Function | ast.ClassDef]:
    for node in module.body:
        if not isinstance(node, Function | ast.ClassDef) or not _is_public(node):
            continue
        if isinstance(node, Function):
            yield node
        elif not _says_itself(node, 0):
            yield node
            methods = _methods(node)
            yield from (each for each in methods if _is_public(each) and not _says_itself(each, len(methods)))


def _ports(files: list[Source]) -> set[str]:
    # A port speaks for its adapters: what a Protocol's method promises is not said again by who keeps the promise.
    classes = [node for file in files for node in file.nodes if isinstance(node, ast.ClassDef)]
    protocols = [node for node in classes if any("Protocol" in ast.unparse(parent) for parent in node.bases)]
    return {method.name for each in protocols for method in _methods(each) if ast.get_docstring(method)}


def _is_adapter(node: Function | ast.ClassDef, module: ast.Module, ports: set[str]) -> bool:
    return isinstance(node, Function) and node not in module.body and node.name in ports


def undescribed(root: Path) -> list[str]:
    """Public functions, classes and methods in domain, api and jobs that neither say what they promise nor show it."""
    files = sources(root, "domain", "api", "jobs")
    ports = _ports(files)
    return [
        file.at(node, node.name)
        for file in files
        for node in _public(file.module)
        if not _is_described(node) and not _is_adapter(node, file.module, ports)
    ]


def test_everything_public_says_what_a_caller_may_rely_on() -> None:
    assert undescribed(ROOT) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def post(tx):\n    return 1", "post"),
        ("async def post(tx):\n    return 1", "post"),
        ("class Invoice:\n    id: int", "Invoice"),
        ('class A:\n    """An A."""\n    def settle(self):\n        x = 1\n        return x', "settle"),
        (
            'class Port(Protocol):\n    """Pays."""\n    def pay(self): ...\n    def ask(self):\n        """Asks."""',
            "pay",
        ),
        ("class Wire(Struct):\n    id: str", "Wire"),
        ("class Broken(Exception): ...", "Broken"),
        ("@strawberry.field(name='x')\ndef f(): ...", "f"),
    ],
)
def test_a_public_name_without_a_word_is_found(plant: Plant, text: str, name: str) -> None:
    found = undescribed(plant("domain/a.py", text))
    assert [finding.split(": ")[1] for finding in found] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "def _inner():\n    x = 1\n    return x",
        'class A:\n    """An A."""\n    def __eq__(self, other):\n        x = 1\n        return x',
        'class A:\n    """An A."""\n    @property\n    def seconds(self):\n        return self.end - self.start',
        'class Clock(Protocol):\n    """Wall time."""\n    def now(self) -> datetime: ...',
        "@strawberry.type(description='An invoice.')\nclass Invoice: ...",
        'class TenantId(ReferenceId):\n    prefix = "tenant"',
        '@overload\ndef f(x: int) -> int: ...\ndef f(x):\n    """The same."""',
    ],
)
def test_what_is_private_or_says_itself_needs_no_docstring(plant: Plant, text: str) -> None:
    assert undescribed(plant("domain/a.py", text)) == []


def test_an_adapter_need_not_repeat_what_its_port_says(plant: Plant) -> None:
    plant("domain/port.py", 'class Port(Protocol):\n    """A port."""\n    def pay(self):\n        """Pays."""')
    body = "    def pay(self):\n        x = 1\n        return x\n    def ask(self):\n        x = 1\n        return x"
    root = plant("domain/adapter.py", f'class Adapter:\n    """An adapter."""\n{body}\ndef pay(): ...')
    assert undescribed(root) == ["domain/adapter.py:6: ask", "domain/adapter.py:9: pay"]
