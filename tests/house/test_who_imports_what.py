"""One module talks to PostgreSQL and one over HTTP; what serves customers leans on nothing that only a laptop needs."""

import ast
from pathlib import Path

from tests.house.conftest import Plant
from tests.house.tree import ROOT, sources


def importers(root: Path, target: str, *folders: str) -> list[str]:
    """Files of these folders that import the package, one finding for each import."""
    return [
        file.at(node, f"imports {name}")
        for file in sources(root, *folders)
        for node, name in file.import_targets()
        if name.split(".")[0] == target
    ]


def strangers_to_the_driver(root: Path) -> list[str]:
    """Who imports asyncpg beside domain/db.py and its pool; migrations, dev and tests may, being no part of answers."""
    found = importers(root, "asyncpg", "api", "cli", "domain", "jobs", "runtime")
    return [finding for finding in found if not finding.startswith(("domain/db.py:", "domain/pool.py:"))]


def users_of_dev(root: Path) -> list[str]:
    """Who imports dev beside cli, dev itself and tests."""
    return importers(root, "dev", "api", "domain", "jobs", "migrations", "runtime")


def users_of_tracing(root: Path) -> list[str]:
    """Who imports the SDK of tracing beside runtime/tracing.py, and who imports that when it is imported itself."""
    found = importers(root, "opentelemetry", "api", "cli", "dev", "domain", "jobs", "migrations", "runtime")
    eager = [
        file.at(node, "imports runtime.tracing")
        for file in sources(root, "api", "cli", "dev", "domain", "jobs", "migrations", "runtime")
        for node, name in file.import_targets()
        if name.startswith("runtime.tracing") and node in file.module.body
    ]
    return [*(finding for finding in found if not finding.startswith("runtime/tracing.py:")), *eager]


def clients_of_their_own(root: Path) -> list[str]:
    """Who makes httpx2's own client of requests in the place of ours, whose errors are all of one kind."""
    return [
        file.at(node, f"makes {made}")
        for file in sources(root, "api", "cli", "dev", "domain", "jobs", "runtime")
        for node in file.nodes
        if isinstance(node, ast.Call) and (made := ast.unparse(node.func)).endswith("AsyncClient")
    ]


def test_every_request_is_made_by_the_one_kind_of_client() -> None:
    assert clients_of_their_own(ROOT) == []


def test_a_client_of_another_kind_is_found(plant: Plant) -> None:
    plant("domain/http_client.py", "import httpx2\nclass HttpClient(httpx2.AsyncClient): ...")
    plant("api/app.py", "import httpx2\nhttp: httpx2.AsyncClient = httpx2.AsyncClient()")
    root = plant("jobs/worker.py", "from httpx2 import AsyncClient\nhttp = AsyncClient()")
    assert clients_of_their_own(root) == [
        "api/app.py:2: makes httpx2.AsyncClient",
        "jobs/worker.py:2: makes AsyncClient",
    ]


def test_who_does_not_trace_loads_nothing_of_it() -> None:
    assert users_of_tracing(ROOT) == []


def test_tracing_that_everybody_would_load_is_found(plant: Plant) -> None:
    plant("runtime/tracing.py", "import opentelemetry.trace")
    plant("runtime/house.py", "def f():\n    from runtime.tracing import trace_to\n")
    plant("api/app.py", "from runtime.tracing import trace_to")
    root = plant("jobs/worker.py", "from opentelemetry import trace")
    assert sorted(finding.split(":")[0] for finding in users_of_tracing(root)) == ["api/app.py", "jobs/worker.py"]


def test_only_the_database_module_knows_the_driver() -> None:
    assert strangers_to_the_driver(ROOT) == []


def test_nothing_that_runs_in_production_imports_the_laptop() -> None:
    assert users_of_dev(ROOT) == []


def test_every_way_to_import_the_driver_is_found(plant: Plant) -> None:
    plant("domain/db.py", "import asyncpg")
    plant("migrations/runner.py", "import asyncpg")
    plant("api/app.py", "from asyncpg import Record")
    plant("cli/main.py", "def f():\n    import asyncpg.exceptions as e")
    plant("jobs/sweep.py", "from importlib import import_module\nimport_module('asyncpg')")
    plant("runtime/pools.py", "if TYPE_CHECKING:\n    import asyncpg")
    root = plant("domain/ledger/db.py", "from asyncpg.pool import Pool")
    assert strangers_to_the_driver(root) == [
        "api/app.py:1: imports asyncpg.Record",
        "cli/main.py:2: imports asyncpg.exceptions",
        "domain/ledger/db.py:1: imports asyncpg.pool.Pool",
        "jobs/sweep.py:2: imports asyncpg",
        "runtime/pools.py:2: imports asyncpg",
    ]


def test_an_import_of_dev_is_found_where_it_is_forbidden(plant: Plant) -> None:
    plant("cli/main.py", "from dev.supervisor import run")
    plant("dev/stack.py", "import dev.supervisor")
    plant("api/developer.py", "import developer")
    plant("runtime/settings.py", "from dev import sandbox")
    root = plant("migrations/runner.py", "import dev.seed")
    assert users_of_dev(root) == [
        "migrations/runner.py:1: imports dev.seed",
        "runtime/settings.py:1: imports dev.sandbox",
    ]
