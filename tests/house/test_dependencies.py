"""Every library has a reason, one exact version and a hash."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.house.conftest import Plant
from tests.house.tree import ROOT, published

REASON = re.compile(r"#\s*\w")
PINNED = re.compile(r"^[A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?==\S+ ?(?:;[^#]*)?\\?$")


def reasonless(root: Path) -> list[str]:
    """Entries of [project.dependencies] in pyproject.toml without a comment on their line."""
    text = (root / "pyproject.toml").read_text()
    declared = tomllib.loads(text)["project"]["dependencies"]
    commented = [line for line in text.splitlines() if REASON.search(line.partition('",')[2])]
    return [each for each in declared if not any(line.lstrip().startswith(f'"{each}",') for line in commented)]


def loose_locks(root: Path) -> list[str]:
    """What in requirements.lock could install something else tomorrow: no exact version, no hash, a URL, an option."""
    text = (root / "requirements.lock").read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry and not entry.startswith("#")]
    found = []
    for entry in entries:
        first = entry.splitlines()[0]
        if not PINNED.match(first) or "://" in entry.partition("#")[0]:
            found.append(first)
        elif not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry):
            found.append(f"{first} has no hash")
    return found + [f"{match[0]}" for match in re.finditer(r"^.*://.*$", text, re.MULTILINE)]


def other_locks(root: Path) -> list[str]:
    """Lock files beside requirements.lock that would be a second truth, or carry a registry's address."""
    return [path for path in published(root) if path.split("/")[-1] in ("uv.lock", "poetry.lock", "Pipfile.lock")]


def mismatched_queue(arq: str, redis: str) -> list[str]:
    """What is wrong with this pair of versions.

    The jobs rely on what was measured with arq 0.28: an ordinary exception is final there, so that a retryable error
    must become `Retry`. arq 0.28 requires redis < 6. Where redis is not held below 6, a resolver keeps the new redis
    and falls back to arq 0.25.0 without a word.
    """
    found = [] if Version(arq) >= Version("0.28") else [f"arq {arq} is older than 0.28"]
    return found if Version(redis) < Version("6") else [*found, f"redis {redis} is not below 6"]


def test_every_dependency_says_why_it_is_there() -> None:
    assert reasonless(ROOT) == []


def test_the_lock_allows_exactly_one_file_set() -> None:
    assert loose_locks(ROOT) == []


def test_there_is_one_lock_only() -> None:
    assert other_locks(ROOT) == []


def test_the_queue_and_its_driver_are_the_pair_we_built_on() -> None:
    assert mismatched_queue(version("arq"), version("redis")) == []


def test_the_queue_and_its_driver_are_pinned_together() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    allowed = {each.name: each.specifier for each in map(Requirement, declared)}
    assert "0.28.0" in allowed["arq"] and "0.27.0" not in allowed["arq"]
    assert "5.3.0" in allowed["redis"] and "6.0.0" not in allowed["redis"]


@pytest.mark.parametrize("pair", [("0.25.0", "5.3.1"), ("0.28.0", "6.0.0"), ("0.9.0", "5.3.1"), ("0.28.0", "10.0")])
def test_another_pair_of_queue_and_driver_is_refused(pair: tuple[str, str]) -> None:
    assert len(mismatched_queue(*pair)) == 1


def test_a_dependency_without_a_reason_is_found(plant: Plant) -> None:
    lines = [
        '"arq>=0.28",  # wakes workers',
        '"rich",',
        "\"redis>=5; sys_platform != 'win32'\",  #",
        '"babel", # formats',
    ]
    root = plant("pyproject.toml", "[project]\ndependencies = [\n" + "\n".join(lines) + "\n]\n")
    assert reasonless(root) == ["rich", "redis>=5; sys_platform != 'win32'"]


def test_a_loose_lock_is_found(plant: Plant) -> None:
    digest = "    --hash=sha256:" + "a" * 64
    entries = [
        f"fine==1.0 \\\n{digest}\n    # via x",
        f"marked==1.0 ; python_full_version >= '3.12' \\\n{digest}",
        "bare==1.0",
        f"ranged>=1.0 \\\n{digest}",
        f"direct @ https://example.test/x.whl \\\n{digest}",
        "-r other.txt",
    ]
    root = plant("requirements.lock", "# made by a tool\n" + "\n".join(entries) + "\n")
    found = loose_locks(root)
    assert not [finding for finding in found if finding.startswith(("fine", "marked"))]
    assert {finding.split()[0] for finding in found} == {"bare==1.0", "ranged>=1.0", "direct", "-r"}


def test_a_second_lock_is_found(plant: Plant) -> None:
    assert other_locks(plant("uv.lock", "")) == ["uv.lock"]
