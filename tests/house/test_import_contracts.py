"""The contracts in .importlinter hold, and each of them breaks when it is broken."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.conftest import Plant
from tests.house.tree import PACKAGES, ROOT

KERNEL_FILES = ("db", "perform", "money")
AREAS = ("ledger", "customers", "tenants", "catalog", "invoices", "payments", "subscriptions", "dunning")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on the packages below this root; 0 means that all contracts are kept."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    # The packages of the root itself must be the ones that are read, whatever is installed.
    settings = {"PYTHONPATH": str(root), "PATH": "", "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [*command, "--no-cache", "--no-logo"], cwd=root, env=settings, capture_output=True, text=True, check=False
    )


@pytest.fixture
def house(plant: Plant) -> Plant:
    """A house of empty rooms under the real contracts."""
    plant(".importlinter", (ROOT / ".importlinter").read_text())
    for package in PACKAGES:
        plant(f"{package}/__init__.py", "")
    for area in (*AREAS, "reconciliation", "fanout"):
        plant(f"domain/{area}/__init__.py", "")
    for name in KERNEL_FILES:
        plant(f"domain/{name}.py", "")
    plant("dev/seed.py", "")
    plant("runtime/pools.py", "import domain.db")
    plant("api/app.py", "import runtime.pools, domain.subscriptions, domain.perform")
    return plant


def test_the_house_keeps_its_import_contracts() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_house_without_faults_is_kept(house: Plant) -> None:
    result = lint(house("cli/main.py", "import dev.seed, api.app"))
    assert result.returncode == 0, result.stdout + result.stderr


FAULTS = {
    "domain/ledger/post.py": "domain.invoices",
    "domain/money.py": "domain.ledger",
    "domain/invoices/line.py": "domain.payments",
    "domain/payments/settle.py": "domain.subscriptions",
    "domain/subscriptions/renew.py": "domain.dunning",
    "domain/dunning/case.py": "domain.reconciliation",
    "domain/catalog/plan.py": "domain.customers",
    "domain/customers/user.py": "domain.invoices",
    "domain/tenants/staff.py": "domain.customers",
    "domain/invoices/history.py": "domain.fanout",
    "domain/db.py": "runtime.settings",
    "domain/perform.py": "starlette",
    "domain/customers/customer.py": "strawberry",
    "domain/payments/attempt.py": "arq",
    "domain/invoices/number.py": "redis",
    "domain/tenants/tenant.py": "authlib",
    "domain/catalog/price.py": "uvicorn",
    "domain/reconciliation/match.py": "api.app",
    "runtime/settings.py": "dev.seed",
    "jobs/sweep.py": "api.app",
    "api/live.py": "dev.seed",
    "migrations/runner.py": "dev.seed",
    "jobs/worker.py": "cli",
    "runtime/clock.py": "api.app",
}


def test_each_broken_contract_is_reported(house: Plant) -> None:
    for path, target in FAULTS.items():
        root = house(path, f"import {target}\n")
    result = lint(root)
    assert result.returncode == 1
    missed = [f"{path} -> {target}" for path, target in FAULTS.items() if not _reported(result.stdout, path, target)]
    assert missed == [], result.stdout


def _reported(output: str, path: str, target: str) -> bool:
    importer = path.removesuffix(".py").replace("/", ".")
    return f"{importer} -> {target} " in " ".join(output.split()) + " "


def test_a_file_of_domain_without_a_place_in_the_layers_is_refused(house: Plant) -> None:
    result = lint(house("domain/odds_and_ends.py", ""))
    assert result.returncode == 1
    assert "domain.odds_and_ends" in result.stdout
