"""A disk of a few hundred megabytes in memory that a drill fills to its last byte, and empties again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# Large ones first, since a disk has many of them; the last is a page of memory, which is what such a disk counts in.
BLOCKS = (1 << 20, 1 << 12)


@dataclass(frozen=True)
class Disk:
    """A mounted disk; ``fill`` takes what is free, ``empty`` gives it back."""

    path: Path

    @property
    def free(self) -> int:
        """Bytes that can be written."""
        return shutil.disk_usage(self.path).free

    def fill(self) -> None:
        """Takes all that is free, to the last page."""
        for size in BLOCKS:
            with suppress(OSError), open(self._ballast, "ab", buffering=0) as ballast:
                while ballast.write(bytes(size)) == size:
                    pass

    def empty(self) -> None:
        """Gives the space back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.path / "ballast"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """A disk of that size; only root may mount one. It is gone after the block, and everything on it."""
    assert os.geteuid() == 0, "a drill that fills a disk mounts one of its own, which takes root"
    path = Path(tempfile.mkdtemp(prefix="quittance-disk-", dir="/var/tmp"))
    try:
        options = f"size={megabytes}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "quittance-drill", str(path)], check=True)
        try:
            yield Disk(path)
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
    finally:
        path.rmdir()
