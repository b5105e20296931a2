"""CPU time that processes have used so far, as Linux counts it; zero where there is no /proc."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")
# Positions in /proc/PID/stat after the command's closing bracket, see proc(5).
_PARENT, _USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM = 1, 11, 12, 13, 14


def process_seconds(pid: int) -> float:
    """What one process has used; zero once it is gone."""
    fields = _stat(pid)
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _ticks() if fields else 0.0


def families_seconds(parents: Iterable[int]) -> float:
    """What these processes and their children have used: servers with all their backends, ended ones too."""
    wanted = set(parents)
    used = 0
    for pid, fields in _processes():
        if pid in wanted or int(fields[_PARENT]) in wanted:
            used += int(fields[_USER]) + int(fields[_SYSTEM])
        if pid in wanted:
            used += int(fields[_REAPED_USER]) + int(fields[_REAPED_SYSTEM])
    return used / _ticks()


def _processes() -> Iterator[tuple[int, list[str]]]:
    for folder in _PROC.glob("[0-9]*") if _PROC.is_dir() else ():
        fields = _stat(int(folder.name))
        if fields:
            yield int(folder.name), fields


def _stat(pid: int) -> list[str]:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK")
