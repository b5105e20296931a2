"""``python -m tests.mutants.hunt``: plants one fault after the other into a copy of the tree and tries it.

First the tests that the fault names; where these pass, the whole suite and then random lives. Exit code 1 where a fault
survives or does not apply. ``--write`` puts the outcome into docs/mutants.md.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.mutants.mutant import DoesNotApply, Mutant, mutants, mutated
from tests.mutants.page import Outcome, Verdict, write_page

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 1800  # the whole suite on a busy machine; a fault that lets everything stand still is seen
TESTS_FAILED: Final = 1  # pytest's exit code for that
STOPPED: Final = 2  # the same where several workers were to stop at the first failure
NOT_HERE: Final = ("house", "clients", "browser", "fuzz", "mutants")  # what needs more than Python, or reads sources
WORKERS: Final = 2
SEEDS: Final = 50
_FAILED: Final = re.compile(r"^FAILED (\S+::\w+)", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Hunts all faults, or those named; the number of those that nothing saw is told by the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", help="faults to plant; all without a name")
    asked.add_argument("--write", action="store_true", help="write docs/mutants.md, keeping faults that were not tried")
    asked.add_argument("--quick", action="store_true", help="run the tests that a fault names, and nothing after them")
    options = asked.parse_args(arguments)
    chosen = [each for each in mutants() if not options.names or each.name in options.names]
    with tempfile.TemporaryDirectory(prefix="quittance-mutants-") as folder:
        copy = Path(folder)
        _copy_tree(copy)
        if not _are_green(copy, chosen):
            return 1
        verdicts = [_told(_hunt(copy, mutant, quick=options.quick)) for mutant in chosen]
    if options.write:
        write_page(ROOT / "docs" / "mutants.md", mutants(), verdicts)
    missed = [each for each in verdicts if each.outcome is not Outcome.KILLED]
    print(f"{len(verdicts) - len(missed)} of {len(verdicts)} killed")
    return 1 if missed else 0


def _copy_tree(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def _are_green(copy: Path, chosen: Sequence[Mutant]) -> bool:
    """Whether all killers pass without a fault: a test that fails anyway sees nothing."""
    killers = sorted({killer for mutant in chosen for killer in mutant.killers})
    code, told = _pytest(copy, killers)
    if code:
        print(f"without any fault these do not pass:\n{told[-4000:]}")
    return not code


def _hunt(copy: Path, mutant: Mutant, *, quick: bool) -> Verdict:
    try:
        planted = mutated(mutant, copy)
    except DoesNotApply as error:
        return Verdict(mutant.name, Outcome.DOES_NOT_APPLY, str(error))
    before = {path: (copy / path).read_text() for path in planted}
    try:
        for path, text in planted.items():
            (copy / path).write_text(text)
        return _seen(copy, mutant, quick=quick)
    finally:
        for path, text in before.items():
            (copy / path).write_text(text)


def _seen(copy: Path, mutant: Mutant, *, quick: bool) -> Verdict:
    suite = ["-n", str(WORKERS), "tests", *(f"--ignore=tests/{name}" for name in NOT_HERE)]
    for what in [list(mutant.killers)] if quick else [list(mutant.killers), suite]:
        code, told = _pytest(copy, ["-x", *what])
        if code in (TESTS_FAILED, STOPPED) and (by := _FAILED.findall(told)):
            return Verdict(mutant.name, Outcome.KILLED, by[0])
        if code:
            return Verdict(mutant.name, Outcome.DOES_NOT_APPLY, f"nothing could be run with it: {told[-1500:]}")
    if not quick and _run(copy, [sys.executable, "-m", "cli.main", "simulate", "--seeds", str(SEEDS)])[0]:
        return Verdict(mutant.name, Outcome.KILLED, "make simulate")
    return Verdict(mutant.name, Outcome.SURVIVED, "nothing saw it")


def _pytest(copy: Path, what: Sequence[str]) -> tuple[int, str]:
    return _run(copy, [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=short", *what])


def _run(copy: Path, command: Sequence[str]) -> tuple[int, str]:
    """What the command ends with and says, in the copy; one that stands still counts as a failed test."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, "FAILED everything::stands_still"
    return done.returncode, done.stdout + done.stderr


def _told(verdict: Verdict) -> Verdict:
    print(f"{time.strftime('%H:%M:%S')} {verdict.outcome.value:15} {verdict.name}: {verdict.by}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
