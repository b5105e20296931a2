"""Names say what a thing is, and a test's name is a sentence."""

import ast
import re
from pathlib import Path, PurePosixPath

from tests.house.conftest import Plant
from tests.house.tree import FOLDERS, ROOT, sources

# They name a drawer, and a drawer takes anything.
EMPTY_WORDS = frozenset({"util", "utils", "helper", "helpers", "common", "base", "manager", "service"})

SENTENCE_WORDS = 3  # subject, verb and what of it; fewer words name a topic

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in WORD.findall(name)}


def empty_names(root: Path) -> list[str]:
    """Folders, files, classes and functions that carry one of EMPTY_WORDS as a whole word."""
    found = []
    for file in sources(root, *FOLDERS, suffixes=(".py", ".sql")):
        parts = PurePosixPath(file.path).with_suffix("").parts
        found += [f"{file.path}:1: {part}" for part in parts if words(part) & EMPTY_WORDS]
        if file.path.endswith(".py"):
            named = [node for node in file.nodes if isinstance(node, ast.ClassDef)] + file.functions
            found += [file.at(node, node.name) for node in named if words(node.name) & EMPTY_WORDS]
    return found


def topics_for_names(root: Path) -> list[str]:
    """Tests whose name has fewer than SENTENCE_WORDS words after `test_`."""
    return [
        file.at(function, function.name)
        for file in sources(root, "tests")
        for function in file.functions
        if function.name.startswith("test_") and len(function.name.split("_")) <= SENTENCE_WORDS
    ]


def test_no_name_is_a_drawer() -> None:
    assert empty_names(ROOT) == []


def test_the_name_of_every_test_is_a_sentence() -> None:
    assert topics_for_names(ROOT) == []


def test_a_drawer_is_found_in_folder_file_class_and_function(plant: Plant) -> None:
    plant("domain/common/money.py", "")
    plant("jobs/string_utils.py", "")
    plant("migrations/sql/0002_base.sql", "")
    root = plant("api/door.py", "class InvoiceManager:\n    def payment_service(self): ...\nclass HTTPHelper: ...\n")
    assert empty_names(root) == [
        "api/door.py:1: InvoiceManager",
        "api/door.py:3: HTTPHelper",
        "api/door.py:2: payment_service",
        "domain/common/money.py:1: common",
        "jobs/string_utils.py:1: string_utils",
        "migrations/sql/0002_base.sql:1: 0002_base",
    ]


def test_a_word_that_only_contains_a_drawer_is_left_alone(plant: Plant) -> None:
    root = plant("domain/database.py", "class Baseline: ...\ndef commonly_serviced(): ...\ndef based_on(): ...\n")
    assert empty_names(root) == []


def test_a_test_named_after_a_topic_is_found(plant: Plant) -> None:
    root = plant("tests/test_a.py", "def test_balance(): ...\nasync def test_two_words(): ...\ndef test_a_b_c(): ...")
    assert topics_for_names(root) == ["tests/test_a.py:1: test_balance", "tests/test_a.py:2: test_two_words"]
