"""The commands say what happened in one line, and why not in another."""

import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner, Result

from cli import distribute, migrate
from migrations.files import read_files
from tests.house.tree import ROOT


def _quittance(*arguments: str, owner_url: str = "") -> Result:
    app = typer.Typer()
    migrate.register(app)
    distribute.register(app)
    return CliRunner().invoke(app, arguments, env={"OWNER_DATABASE_URL": owner_url})


def _module(owner_url: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "OWNER_DATABASE_URL": owner_url}
    return subprocess.run(
        [sys.executable, "-m", "migrations"], capture_output=True, text=True, cwd=ROOT, env=environ, check=False
    )


def test_migrate_says_how_many_files_it_applied(empty_url: str) -> None:
    ran = _quittance("migrate", owner_url=empty_url)
    assert (ran.exit_code, ran.output) == (0, f"Migrated: {len(read_files())} applied.\n")
    ran = _quittance("migrate", "--phase", "pre", owner_url=empty_url)
    assert (ran.exit_code, ran.output) == (0, "Migrated: nothing to do.\n")


def test_the_module_prints_the_same_line(empty_url: str) -> None:
    ran = _module(empty_url)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"Migrated: {len(read_files())} applied.\n", "")


@pytest.mark.parametrize("command", [["migrate"], ["distribute"], ["distribute", "--run"]])
def test_a_missing_address_is_asked_for(command: list[str]) -> None:
    ran = _quittance(*command)
    assert ran.exit_code == 1
    assert "set OWNER_DATABASE_URL" in ran.stderr


def test_the_module_asks_for_a_missing_address() -> None:
    ran = _module("")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("Set OWNER_DATABASE_URL")


def test_a_server_that_is_not_there_is_named_in_one_sentence() -> None:
    nowhere = "postgresql://someone:secret@/x?host=/nowhere"
    for ran in (_quittance("migrate", owner_url=nowhere), _quittance("distribute", owner_url=nowhere)):
        assert ran.exit_code == 1
        assert "leads to no writable server" in ran.stderr
        assert "secret" not in ran.output
    assert _module(nowhere).returncode == 1


def test_distribute_prints_its_script_and_says_that_it_was_only_printed(owner_url: str) -> None:
    ran = _quittance("distribute", owner_url=owner_url)
    assert ran.exit_code == 0
    assert ran.stdout.startswith("BEGIN;\n")
    assert "SELECT create_reference_table('tenant');" in ran.stdout
    assert ran.stderr == ("-- Only printed: this server has no Citus extension, so its tables cannot be distributed.\n")


def test_distribute_refuses_to_run_without_citus(owner_url: str) -> None:
    ran = _quittance("distribute", "--run", owner_url=owner_url)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == "Not distributed: this server has no Citus extension, so its tables cannot be distributed.\n"
