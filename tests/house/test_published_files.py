"""What is published works on every machine: it names no place of this one and no registry of its own."""

import re
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, texts

# In pieces, so that this file does not break its own rule.
HOMES = re.compile(r"(?<![\w.~$}-])/(?:" + "|".join(("work", "root", "home")) + r")/")
REGISTRIES = re.compile(
    "|".join(
        (
            r"pypi" + r"\.org",
            r"pythonhosted" + r"\.org",
            r"npmjs" + r"\.(?:org|com)",
            r"yarnpkg" + r"\.com",
            r"crates" + r"\.io",
            r"golang" + r"\.org",
            r"docker" + r"\.io",
            r"--(?:extra-)?index" + r"-url",
            r"--find" + r"-links",
        )
    )
)


def places(root: Path) -> list[str]:
    """Paths of somebody's machine and names or options of package registries, in any published text."""
    return [
        f"{file.path}:{number}: {match[0]}"
        for file in texts(root)
        for number, line in enumerate(file.lines, 1)
        for match in (HOMES.search(line), REGISTRIES.search(line))
        if match
    ]


def test_no_file_names_a_place_of_one_machine_or_a_registry() -> None:
    assert places(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "cd /" + "work/main && make",
        'PATH = "/' + 'root/.cache"',
        "file:///" + "home/ann/wheels",
        "see https://" + "pypi" + ".org/simple",
        "https://files." + "pythonhosted" + ".org/x.whl",
        '"resolved": "https://registry.' + "npmjs" + '.org/x.tgz"',
        "pip install --extra-index" + "-url=https://mirror x",
        "pip install --find" + "-links=wheels x",
    ],
)
def test_a_place_of_one_machine_or_a_registry_is_found(plant: Plant, line: str) -> None:
    assert len(places(plant("docs/operator.md", line))) == 1


def test_a_folder_of_that_name_further_down_is_fine(plant: Plant) -> None:
    root = plant("docs/a.md", "https://example.test/home/ and src/root/x and ./work/x and $STATE/work/x")
    assert places(root) == []
