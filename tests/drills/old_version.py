"""Another version of the product, taken out of the history into a folder of its own: its code, and who lives by it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.stack.processes import CHECKOUT
from domain.actor import portal
from domain.ids import CustomerId, TenantId
from tests.drills.ground import Ground

VILLAGE = Path(__file__).with_name("village.py")
STEP_SECONDS = 300.0


@dataclass(frozen=True)
class Version:
    """A checkout of the code as it stood at a commit."""

    commit: str
    path: Path

    @property
    def last_migration(self) -> str:
        """The newest migration that it has."""
        return max(path.stem for path in (self.path / "migrations" / "sql").glob("*.sql"))

    def migrate(self, on: Ground) -> None:
        """Brings the database to this version's schema."""
        self._run(on, [sys.executable, "-m", "migrations"])

    def village(self, on: Ground, count: int) -> Any:
        """A tenant and customers, made by this version's code."""
        told = self._run(on, [sys.executable, str(VILLAGE), str(count)])
        return json.loads(told.splitlines()[-1])

    def _run(self, on: Ground, command: list[str]) -> str:
        environment = {**on.stack.environment, "PYTHONPATH": str(self.path)}
        done = subprocess.run(
            command, cwd=self.path, env=environment, capture_output=True, text=True, timeout=STEP_SECONDS
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@contextmanager
def version_at(commit: str) -> Iterator[Version]:
    """The version of that commit; the history has to reach back to it."""
    with tempfile.TemporaryDirectory(prefix="quittance-version-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        packed = subprocess.run(["git", "archive", commit], cwd=CHECKOUT, capture_output=True)
        assert packed.returncode == 0, f"{commit} is not in the history here: {packed.stderr.decode()}"
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield Version(commit, Path(folder))


def someone(told: Any) -> Any:
    """A customer of a village, as the tests of this version know one."""
    from tests.world import Someone

    customer = CustomerId.parse(told["id"])
    actor = portal(TenantId(customer.uuid), customer, told["subject"], "drill")
    return Someone(customer, actor, "", told["subject"])
