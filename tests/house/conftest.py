"""A small checkout to plant faults in."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Plant = Callable[..., Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """`plant(path, text)` writes a file into an otherwise empty checkout and returns the checkout's root."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True, capture_output=True)

    def write(path: str, text: str) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return tmp_path

    return write
