"""A page leads its reader only to what is there, each link and each file that it names; and some page leads to it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import PACKAGES, ROOT, texts

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
_NAMED = re.compile(r"`((?:" + "|".join((*PACKAGES, "console", "docs", "tests")) + r")/[\w./-]+)(?:::\w+)?`")
# What docs/contributing.md lets a newcomer make, and who reads it need not keep.
TO_BE_MADE = frozenset({"domain/tenants/suspend_partner.py", "api/graph/suspending.py", "tests/api/test_suspending.py"})


def astray(root: Path) -> Iterator[str]:
    """Links and files in pages, by page and line, behind which there is nothing."""
    for page in texts(root):
        if not page.path.endswith(".md"):
            continue
        for number, line in enumerate(page.lines, 1):
            beside = [(link, (root / page.path).parent / link) for link in _LINK.findall(line)]
            below = [(path, root / path) for path in _NAMED.findall(line) if path not in TO_BE_MADE]
            yield from (f"{page.path}:{number}: {name}" for name, there in beside + below if not there.exists())


def unfound(root: Path) -> list[str]:
    """Pages of docs that no page leads to: neither to them nor to the folder that they lie in."""
    pages = [page for page in texts(root) if page.path.endswith(".md")]
    links = [(page, link) for page in pages for link in _LINK.findall(page.text)]
    led = {os.path.normpath(os.path.join(os.path.dirname(page.path), link)) for page, link in links}
    there = [page.path for page in pages if page.path.startswith("docs/")]
    return [path for path in there if not {path, os.path.dirname(path)} & led]


def test_whatever_a_page_leads_to_is_there() -> None:
    assert list(astray(ROOT)) == []


def test_each_page_is_led_to() -> None:
    assert unfound(ROOT) == []


def test_a_page_that_nobody_is_led_to_is_found(plant: Plant) -> None:
    plant("README.md", "[a](docs/a.md), [d](docs/d/)")
    for path in ("docs/a.md", "docs/b.md", "docs/d/c.md"):
        root = plant(path, "# A")
    assert unfound(root) == ["docs/b.md"]


@pytest.mark.parametrize("text", ["[b](b.md)", "[b](../b.md#part)", "`docs/b.md`", "`tests/test_b.py::test_it`"])
def test_a_page_that_leads_nowhere_is_found(plant: Plant, text: str) -> None:
    root = plant("docs/guides/a.md", f"# A\n\nSee {text}.\n")
    assert [finding.rpartition(": ")[0] for finding in astray(root)] == ["docs/guides/a.md:3"]


@pytest.mark.parametrize("text", ["[c](../c.md#part)", "[us](https://us.example/b.md)", "`docs/c.md`", "[up](#a)"])
def test_a_page_that_leads_somewhere_is_fine(plant: Plant, text: str) -> None:
    plant("docs/c.md", "# C")
    assert list(astray(plant("docs/guides/a.md", f"# A\n\nSee {text}.\n"))) == []
