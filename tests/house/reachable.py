"""Which refusals the code of each mutation can reach, read from the sources: a name that is used is a call made.

It reads more than runs: what guards a lower layer shows up too. It never reads less, but for a method whose name two
classes share, and what the door itself refuses (``domain.perform``), which every mutation has.
"""

import ast
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

from tests.house.tree import Function, Source, sources

SCHEMA, CODES = "api.graph.schema", "domain.refusals.RefusalCode."
# Behind these is the door, or what happens after the operation was performed.
BEYOND = ("api.graph.outcome.", "api.graph.loaders.", "domain.perform.", "domain.db.")
SHARED = 2  # classes that may have a method of one name, both of which are read


class Code:
    """All functions of the packages that answer a mutation."""

    def __init__(self, root: Path) -> None:
        self.files = {_dotted(file.path): file for file in sources(root, "api", "domain")}

    @cached_property
    def functions(self) -> dict[str, tuple[str, Function]]:
        """Each function and method by its dotted name, and the module it stands in."""
        found: dict[str, tuple[str, Function]] = {}
        for module, file in self.files.items():
            for node in file.module.body:
                inside = node.body if isinstance(node, ast.ClassDef) else [node]
                prefix = f"{module}.{node.name}" if isinstance(node, ast.ClassDef) else module
                found |= {f"{prefix}.{each.name}": (module, each) for each in inside if isinstance(each, Function)}
        return found

    @cached_property
    def methods(self) -> dict[str, list[str]]:
        """The dotted names of the methods of one name, of classes that a mutation meets before it is performed."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, (module, function) in self.functions.items():
            if name != f"{module}.{function.name}" and (module.startswith("domain.") or "graph.context" in module):
                found[function.name].append(name)
        return found

    @cached_property
    def mutations(self) -> dict[str, str]:
        """The resolver of each mutation, by the name that clients use."""
        return {_camel(name): resolver for name, resolver in self._fields(SCHEMA, "Mutation")}

    def _fields(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        """Each field of a type, and of the types that it is made of, with its resolver."""
        file = self.files[module]
        (root,) = (node for node in file.module.body if isinstance(node, ast.ClassDef) and node.name == name)
        for base in root.bases:
            where, _, its_name = file.dotted(base).rpartition(".")
            yield from self._fields(where, its_name)
        for node in root.body:
            if (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and isinstance(node.value, ast.Call)
            ):
                yield node.target.id, _within(file, module, node.value.args[0])

    def codes(self, start: str) -> set[str]:
        """The codes that stand in the function or in what it leads to."""
        seen: set[str] = set()
        codes: set[str] = set()
        todo = deque([start])
        while todo:
            name = todo.popleft()
            if name in seen or name not in self.functions or name.startswith(BEYOND):
                continue
            seen.add(name)
            module, function = self.functions[name]
            for used in self._used(module, function):
                if used.startswith(CODES) and not used.endswith("__"):
                    codes.add(used.removeprefix(CODES))
                todo.append(used)
        return codes

    def _used(self, module: str, function: Function) -> Iterator[str]:
        file = self.files[module]
        for node in (each for statement in function.body for each in ast.walk(statement)):
            if isinstance(node, ast.Attribute):
                yield _within(file, module, node)
                named = self.methods[node.attr]
                yield from named if len(named) <= SHARED else []
            elif isinstance(node, ast.Name):
                name = _within(file, module, node)
                yield name
                if name not in self.functions:
                    yield f"{name}.__post_init__"


def _within(file: Source, module: str, node: ast.AST) -> str:
    name = file.dotted(node)
    return name if name.split(".")[0] in ("api", "domain") else f"{module}.{name}"


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


@cache
def reachable(root: Path) -> dict[str, set[str]]:
    """For each mutation the codes of the refusals in its way."""
    code = Code(root)
    return {name: code.codes(resolver) for name, resolver in code.mutations.items()}
