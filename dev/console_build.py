"""``python -m dev.console_build [--check]``: builds the console's page from console/ into api/console/built.

The built files are committed, so that nobody needs Node to run the product. ``--check`` builds them elsewhere and exits
with 1 where they differ from those that are there.
"""

import gzip
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from api.console.door import BUILT

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "console"
SEAL = "sources.sha256"
LEFT_OUT = {"node_modules", "dist"}
NAMED_BY_CONTENT = "assets"


def sources_digest(sources: Path = SOURCES) -> str:
    """One hash over the names and contents of everything that the build reads."""
    found = hashlib.sha256()
    own = [each for each in sources.iterdir() if each.name not in LEFT_OUT]
    files = [path for each in own for path in (each.rglob("*") if each.is_dir() else (each,)) if path.is_file()]
    for path in sorted(files):
        name = path.relative_to(sources).as_posix()
        found.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def contents(built: Path) -> dict[str, bytes]:
    """What a browser gets, by name."""
    files = {path.relative_to(built).as_posix(): path.read_bytes() for path in built.rglob("*") if path.is_file()}
    # How tightly a file is packed differs between machines; what is in it does not.
    return {
        name.removesuffix(".gz"): gzip.decompress(held) if name.endswith(".gz") else held
        for name, held in files.items()
    }


def build(target: Path) -> None:
    """Installs what the lock says, checks the types and writes the packed page to the target, which it empties."""
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    _npm("run", "--silent", "check")
    with tempfile.TemporaryDirectory() as place:
        _npm("run", "--silent", "build", "--", "--outDir", place, "--emptyOutDir", "--logLevel", "error")
        shutil.rmtree(target, ignore_errors=True)
        _pack(Path(place), target)
    (target / SEAL).write_text(sources_digest() + "\n")


def _pack(place: Path, target: Path) -> None:
    for path in sorted(each for each in place.rglob("*") if each.is_file()):
        name = path.relative_to(place)
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if name.parts[0] == NAMED_BY_CONTENT:
            copy.with_name(f"{copy.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        else:
            shutil.copyfile(path, copy)


def _npm(*arguments: str) -> None:
    subprocess.run(["npm", *arguments], cwd=SOURCES, check=True)


def main() -> int:
    """Builds, or says whether what is there is what a build gives."""
    if "--check" not in sys.argv:
        build(BUILT)
        return 0
    with tempfile.TemporaryDirectory() as place:
        again = Path(place) / "built"
        build(again)
        fresh, there = contents(again), contents(BUILT)
    differing = sorted(name for name in fresh.keys() | there.keys() if fresh.get(name) != there.get(name))
    for name in differing:
        print(f"api/console/built/{name} is not what console/ gives: make console", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
