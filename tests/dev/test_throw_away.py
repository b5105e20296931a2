"""Test runs on one machine: each sweeps away what killed ones left, and nothing of those that live."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dev.stack.layout import INSIDE, Layout
from dev.stack.state import known_layout, write_stamp
from tests.dev.launcher import CHECKOUT
from tests.throw_away import new_state, quick_place, sweep, throw_away

PREFIX = "run-"
HEAD = "import sys; from pathlib import Path; from tests.throw_away import new_state, sweep; place = Path(sys.argv[1])"
SWEEPERS = 4
STATES = 20


def begin(place: Path, code: str) -> "subprocess.Popen[str]":
    """Another test process that does this."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", f"{HEAD}; {code}", str(place)],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT,
    )  # fmt: skip


def end(run: "subprocess.Popen[str]") -> None:
    """Its end, which is a good one."""
    _, complaint = run.communicate()
    assert run.returncode == 0, complaint


def started(place: Path) -> Path:
    """A state of this process that holds a stack which nobody runs at the moment."""
    state = new_state(place, PREFIX)
    layout = Layout(state, state / INSIDE)
    layout.servers.mkdir()
    write_stamp(layout, {}, complete=True)
    assert known_layout(state)
    return state


def test_a_state_between_two_starts_of_its_stack_is_left_to_its_run(tmp_path: Path) -> None:
    state = started(tmp_path)
    end(begin(tmp_path, f"sweep(place, {PREFIX!r})"))
    assert known_layout(state)
    throw_away(state)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_thrown_away_once_by_many_sweeps_at_once(tmp_path: Path) -> None:
    end(begin(tmp_path, f"[(new_state(place, {PREFIX!r}) / 'data').mkdir() for _ in range({STATES})]"))
    assert len(list(tmp_path.iterdir())) == 2 * STATES
    sweepers = [begin(tmp_path, f"sys.stdin.readline(); sweep(place, {PREFIX!r})") for _ in range(SWEEPERS)]
    for each in sweepers:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    mine = [started(tmp_path) for _ in range(STATES)]
    for each in sweepers:
        end(each)
    sweep(tmp_path, PREFIX)
    assert all(known_layout(state) for state in mine)
    assert len(list(tmp_path.iterdir())) == 2 * STATES
    for state in mine:
        throw_away(state)


def test_servers_keep_their_data_in_memory_only_where_there_is_room_and_nobody_named_another_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usual = Path(tempfile.gettempdir())
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr("tests.throw_away.ROOM_BYTES", 0)
    monkeypatch.setattr("tests.throw_away.MEMORY", tmp_path)
    assert quick_place() == tmp_path
    monkeypatch.setattr("tests.throw_away.ROOM_BYTES", 2**60)
    assert quick_place() == usual
    monkeypatch.setattr("tests.throw_away.ROOM_BYTES", 0)
    monkeypatch.setenv("TMPDIR", str(usual))
    assert quick_place() == usual
