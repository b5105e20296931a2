"""The commands by name: what the tool says of each is what its file says, and only the called one is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS, commands_in

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("file", sorted({file for file, _ in COMMANDS.values()}))
def test_a_line_of_help_is_the_one_in_the_command_s_own_file(file: str) -> None:
    said = {name: line for name, (of, line) in COMMANDS.items() if of == file}
    assert said == {name: command.help for name, command in commands_in(file).items()}


def test_every_command_is_told_by_help() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0
    assert all(f" {name} " in told.stdout for name in COMMANDS)


@pytest.mark.parametrize("asked", ["--help", "token nobody", "status"])
def test_a_small_command_does_not_import_the_product(asked: str, tmp_path: Path) -> None:
    script = (
        "import sys, runpy\n"
        f"sys.argv = ['quittance', *{asked.split()!r}]\n"
        "try:\n    runpy.run_module('cli.main', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print({'strawberry', 'arq', 'typst'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        env={"PATH": "/bin:/usr/bin", "QUITTANCE_STATE": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout.splitlines()[-1] == "set()", ended.stdout + ended.stderr
