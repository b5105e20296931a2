"""A planted fault: a patch of today's code, what it would cost somebody, and the tests that are to see it.

A hunk goes where its old lines stand, once in the whole file, whatever its line numbers say: so it outlives changes
around it, and what it is about cannot change without being noticed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATCHES: Final = Path(__file__).parent / "patches"
_HEADS: Final = ("Breaks", "Costs", "Killed-by")


class DoesNotApply(Exception):
    """The patch is no patch of the tree: it says why."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of one file that stand there once, and what the fault makes of them."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault by name; ``killers`` are tests as pytest names them."""

    name: str
    breaks: str
    costs: str
    killers: tuple[str, ...]
    hunks: tuple[Hunk, ...]


def mutants(folder: Path = PATCHES) -> list[Mutant]:
    """All planted faults in the order of their names."""
    return [read(path.stem, path.read_text()) for path in sorted(folder.glob("*.patch"))]


def read(name: str, text: str) -> Mutant:
    """The fault that a patch with its head says; DoesNotApply for one that lacks a part."""
    head, _, body = text.partition("\n--- ")
    said: dict[str, list[str]] = {key: [] for key in _HEADS}
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        if key in said:
            said[key].append(value)
    hunks = tuple(_hunks(f"--- {body}"))
    if not hunks or not all(said.values()):
        raise DoesNotApply(f"{name}: a patch has hunks and says {', '.join(_HEADS)}")
    breaks, costs = (" ".join(said[key]) for key in _HEADS[:2])
    return Mutant(name, breaks, costs, tuple(said["Killed-by"]), hunks)


def _hunks(body: str) -> Iterator[Hunk]:
    path, old, new = "", list[str](), list[str]()
    for line in [*body.splitlines(), "@@"]:
        if line.startswith(("--- ", "+++ ", "@@")):
            if old:
                yield Hunk(path, "\n".join(old) + "\n", "".join(f"{each}\n" for each in new))
            old, new = [], []
            path = line.removeprefix("+++ b/") if line.startswith("+++ ") else path
        else:
            old += [line[1:]] if line[:1] in ("-", " ", "") else []
            new += [line[1:]] if line[:1] in ("+", " ", "") else []


def mutated(mutant: Mutant, root: Path) -> dict[str, str]:
    """The text of each file that the fault is in, by path below the root; DoesNotApply where a hunk fits nowhere, or in
    more than one place."""
    texts: dict[str, str] = {}
    for hunk in mutant.hunks:
        if hunk.path not in texts:
            if not (root / hunk.path).is_file():
                raise DoesNotApply(f"{mutant.name}: there is no {hunk.path}")
            texts[hunk.path] = (root / hunk.path).read_text()
        found = texts[hunk.path].count(hunk.old)
        if found != 1 or hunk.old == hunk.new:
            raise DoesNotApply(f"{mutant.name}: its lines stand {found} times in {hunk.path}:\n{hunk.old}")
        texts[hunk.path] = texts[hunk.path].replace(hunk.old, hunk.new)
    return texts
