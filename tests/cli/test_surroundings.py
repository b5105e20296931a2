"""What the operator's commands say where nothing runs, and that they give no secret away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "correct-horse"


def run_with(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The tool in an environment that holds these settings alone, beside an empty state directory."""
    given = {"PATH": os.environ["PATH"], "QUITTANCE_STATE": str(tmp_path / "none"), "COLUMNS": "200"} | settings
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=given, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "command", ["verify", "dead-letters list", "tenant trust-issuer x", "tenant register-staff x y"]
)
def test_a_command_without_a_stack_says_what_is_missing_and_how_to_get_it(tmp_path: Path, command: str) -> None:
    told = run_with(tmp_path, *command.split())
    assert told.returncode == 1
    assert told.stderr.startswith("quittance: These settings are missing or malformed: DATABASE_URL, ")
    assert "`make run` starts one" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_refused_setting_is_named_without_the_values_of_the_others(tmp_path: Path) -> None:
    told = run_with(tmp_path, "verify", DATABASE_URL=f"postgresql://u:{SECRET}@h/d", SEALING_KEY=SECRET)
    assert told.returncode == 1
    assert "SEALING_KEY" in told.stderr
    assert SECRET not in told.stdout + told.stderr


def test_a_process_that_lacks_settings_ends_without_printing_those_it_has(tmp_path: Path) -> None:
    given = {"PATH": os.environ["PATH"], "DATABASE_URL": f"postgresql://u:{SECRET}@h/d"}
    ended = subprocess.run(
        [sys.executable, "-m", "api"], cwd=CHECKOUT, env=given, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    assert "replica_url" in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr


def test_help_needs_nothing_that_runs(tmp_path: Path) -> None:
    assert run_with(tmp_path, "verify", "--help").returncode == 0
