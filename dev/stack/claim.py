"""One launcher per state directory."""

import fcntl
import os
from pathlib import Path
from typing import IO

from dev.stack.layout import INSIDE, Layout
from dev.stack.trouble import StackError


def claim(root: Path) -> IO[str]:
    """Make the state directory if need be and lock it until the returned file is closed or the process is gone."""
    _make_root(root)
    lock = Layout(root, root / INSIDE).lock
    if not lock.exists() and any(root.iterdir()):
        raise StackError(f"{root} is not empty and holds no state of Quittance: set QUITTANCE_STATE to another.")
    file = open(lock, "a+")  # noqa: SIM115 - closed by whoever holds the claim
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StackError(f"{root} is in use by process {holder}: stop that one or set QUITTANCE_STATE.") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def is_claimed(root: Path) -> bool:
    """Whether a launcher holds this state directory now."""
    path = Layout(root, root / INSIDE).lock
    if not path.exists():
        return False
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _make_root(root: Path) -> None:
    try:
        if not root.is_dir():
            root.mkdir(parents=True)
            # Root's servers run as another account, which has to pass through; every secret below has its own mode.
            root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        owner = root.stat().st_uid
    except OSError as error:
        raise StackError(f"The state directory {root} cannot be made or read: {error.strerror}.") from error
    if owner != os.geteuid():
        raise StackError(f"{root} belongs to user id {owner}, not to you: run as that user or set QUITTANCE_STATE.")
