"""In domain, time comes with the transaction and random bytes with the process, so that a run can be repeated."""

import ast
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import ROOT, Source, sources

WALL_CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "whenever.Instant.now",
        "whenever.ZonedDateTime.now",
        "whenever.ZonedDateTime.now_in_system_tz",
        "whenever.OffsetDateTime.now",
        "whenever.Date.today_in_system_tz",
    }
)
CHANCE = frozenset({"random", "secrets", "os.urandom", "uuid.uuid1", "uuid.uuid4"})


def _is_chance(name: str) -> bool:
    return name in CHANCE or name.split(".")[0] in CHANCE


def _uses(file: Source) -> list[str]:
    found = [file.at(node, name) for node, name in file.import_targets() if _is_chance(name) or name in WALL_CLOCKS]
    for node in file.nodes:
        name = file.dotted(node) if isinstance(node, ast.Attribute) else ""
        if name in WALL_CLOCKS or _is_chance(name) or name.endswith(".utcnow"):
            found.append(file.at(node, name))
    return found


def clocks_and_dice(root: Path) -> list[str]:
    """Reads of the wall clock and sources of chance in domain, imported or used, called or passed on."""
    return [finding for file in sources(root, "domain") for finding in _uses(file)]


def test_domain_reads_no_clock_and_throws_no_dice() -> None:
    assert clocks_and_dice(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.now(UTC)",
        "from datetime import datetime\n@dataclass\nclass A:\n    at: datetime = field(default_factory=datetime.now)",
        "from datetime import datetime as dt\nx = dt.utcnow()",
        "x = moment.utcnow()",
        "from datetime import date\nx = date.today()",
        "import time\nx = time.time()",
        "from time import time",
        "import time as t\nx = t.time_ns()",
        "from whenever import Instant\nx = Instant.now()",
        "import random",
        "from random import choice",
        "import random as r\nx = r.random()",
        "import os\nx = os.urandom(10)",
        "from uuid import uuid4",
        "import secrets",
    ],
)
def test_each_clock_and_each_die_is_found(plant: Plant, text: str) -> None:
    assert clocks_and_dice(plant("domain/ledger/post.py", text))


def test_the_time_of_the_transaction_and_a_clock_handed_in_are_fine(plant: Plant) -> None:
    root = plant("domain/a.py", "from datetime import datetime\ndef f(tx, clock):\n    return tx.now, clock.now()\n")
    assert clocks_and_dice(root) == []


def test_the_clock_may_be_read_outside_domain(plant: Plant) -> None:
    assert clocks_and_dice(plant("runtime/clock.py", "import time\nx = time.time()")) == []
