"""The rules can only find what they read."""

import subprocess
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import FOLDERS, ROOT, Source, published, sources


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_of_the_house_is_read(folder: str) -> None:
    assert sources(ROOT, folder)


def test_a_file_that_git_ignores_is_not_read_and_an_untracked_one_is(plant: Plant) -> None:
    plant(".gitignore", "left_out.py\n")
    plant("domain/left_out.py", "")
    root = plant("domain/new.py", "")
    assert published(root) == [".gitignore", "domain/new.py"]


def test_a_tracked_file_that_was_deleted_is_not_read(plant: Plant) -> None:
    root = plant("domain/gone.py", "")
    subprocess.run(["git", "add", "domain/gone.py"], cwd=root, check=True)
    (root / "domain/gone.py").unlink()
    assert published(root) == []


def test_a_folder_that_is_no_checkout_is_an_error_and_not_an_empty_tree(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        published(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "import datetime\nf = datetime.datetime.now",
        "import datetime as d\nf = d.datetime.now",
        "from datetime import datetime\nf = datetime.now",
        "from datetime import datetime as moment\nf = moment.now",
    ],
)
def test_a_name_is_known_by_what_its_import_says(text: str) -> None:
    source = Source("a.py", text)
    assert "datetime.datetime.now" in [source.dotted(node) for node in source.nodes]
