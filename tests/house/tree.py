"""What the rules of the house read: the files that git would publish, and the meaning of names in Python files."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = ("api", "cli", "dev", "domain", "jobs", "migrations", "runtime")
FOLDERS = (*PACKAGES, "tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One text file: its path below the root with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends; line 1 is the first."""
        return self.text.splitlines()

    @cached_property
    def module(self) -> ast.Module:
        """The parsed file; a file that does not parse is a SyntaxError."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file."""
        return list(ast.walk(self.module))

    @cached_property
    def functions(self) -> list[Function]:
        """Every function, methods and nested ones too."""
        return [node for node in self.nodes if isinstance(node, Function)]

    def at(self, node: ast.AST, message: str) -> str:
        """A finding that an editor can jump to."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"

    @cached_property
    def imported(self) -> dict[str, str]:
        """Each name that an import binds, with the dotted name that it stands for."""
        bound: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    bound[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return bound

    def dotted(self, node: ast.AST) -> str:
        """`datetime.datetime.now` for whatever an import made of it; an unimported name as it is; else empty."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            before = self.dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def import_targets(self) -> Iterator[tuple[ast.AST, str]]:
        """Every module or member that the file imports, dynamic imports of a literal included."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and self.dotted(node.func).endswith(("import_module", "__import__")):
                yield from ((node, name) for each in node.args if (name := text_of(each)))


def text_of(node: ast.AST) -> str | None:
    """The value of a string literal, None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def published(root: Path) -> list[str]:
    """Paths of all files under the root that git tracks or would add: what is ignored or deleted is not there."""
    # A checkout may belong to another user than the one who tests it; reading names from it is harmless.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted({path for path in listed.split("\0") if path and (root / path).is_file()})


def texts(root: Path) -> list[Source]:
    """All published files that hold text."""
    found = [_read(root, path) for path in published(root)]
    return [source for source in found if "\0" not in source.text]


def sources(root: Path, *folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Source]:
    """The published files of these folders, Python files unless said otherwise."""
    within = tuple(f"{folder}/" for folder in folders)
    paths = [path for path in published(root) if path.startswith(within) and path.endswith(suffixes)]
    return [_read(root, path) for path in paths]


def _read(root: Path, path: str) -> Source:
    """The file as it is now; one that did not change is the same object, so that all rules share its parse."""
    now = (root / path).stat()
    return _source(root, path, (now.st_ino, now.st_mtime_ns, now.st_size))


@cache
def _source(root: Path, path: str, state: tuple[int, int, int]) -> Source:
    assert state
    return Source(path, (root / path).read_text(errors="replace"))
