"""A run fails, and says why, when a statement that only ran could not be routed or left its shard key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.sql_lint.sample import TABLES
from tests.sql_lint.watch import SqlWatch

READ = "SELECT id FROM invoice WHERE shard_key = $1 AND id = $2"


class Transaction:
    """Stands for one transaction."""

    def __init__(self, many_keys_reason: str | None = None) -> None:
        self.many_keys_reason = many_keys_reason


def _run(folder: Path, statement: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.sql_watch"]')
    (folder / "test_story.py").write_text(
        "from domain.db import observers\n"
        "def test_one_that_reads():\n"
        "    for observe in observers:\n"
        f"        observe({statement!r}, (), None)\n"
        "def test_another_that_does_nothing(): ...\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
    )


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "a worker"])
def test_a_passing_run_fails_for_a_statement_that_cannot_be_routed(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = _run(tmp_path, "SELECT id FROM invoice WHERE id = $1", *options)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    assert "2 passed" in ran.stdout
    assert "1 faults in SQL statements" in ran.stdout
    assert "invoice (invoice) is not pinned" in ran.stdout
    assert "test_story.py::test_one_that_reads" in ran.stdout


def test_a_run_of_routable_statements_passes(tmp_path: Path) -> None:
    ran = _run(tmp_path, READ)
    assert ran.returncode == pytest.ExitCode.OK, ran.stdout + ran.stderr


def test_a_second_key_in_a_transaction_is_found() -> None:
    watch, tx = SqlWatch(TABLES), Transaction()
    watch.observe(READ, (1, "a"), tx)
    watch.observe(READ, (1, "b"), tx)
    assert watch.findings == []
    watch.observe("UPDATE invoice SET paid = $1 WHERE id = $2 AND shard_key = $3", (100, "a", 2), tx)
    assert ["a second shard key" in finding for finding in watch.findings] == [True]


def test_each_transaction_has_a_key_of_its_own() -> None:
    watch = SqlWatch(TABLES)
    for key in (1, 2):
        watch.observe(READ, (key, "a"), Transaction())
        watch.observe(READ, (key, "a"), None)
    assert watch.findings == []


def test_a_transaction_that_says_why_may_touch_several_keys() -> None:
    watch, tx = SqlWatch(TABLES), Transaction("a sign-up writes the directory")
    for key in (1, 2):
        watch.observe(READ, (key, "a"), tx)
    watch.observe("INSERT INTO login_directory (login_key) VALUES ($1)", ("x",), tx)
    assert watch.findings == []


def test_a_directory_in_a_transaction_that_does_not_say_why_is_found() -> None:
    watch = SqlWatch(TABLES)
    watch.observe("SELECT tenant_id FROM login_directory WHERE login_key = $1", ("x",), None)
    assert watch.findings == []
    watch.observe("SELECT tenant_id FROM login_directory WHERE login_key = $1", ("x",), Transaction())
    assert ["a directory in a transaction" in finding for finding in watch.findings] == [True]
