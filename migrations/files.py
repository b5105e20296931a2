"""The numbered SQL files: what they are called, what their first lines say, and which of them a run may apply."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Literal

Phase = Literal["pre", "post", "all"]
Applied = tuple[int, str, str]  # number, name and checksum of a file as the database remembers it

FOLDER = Path(__file__).parent / "sql"
NAME = re.compile(r"(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*")
HEADERS = ("-- pre", "-- post", "-- no-transaction")


class MigrationRefused(Exception):
    """A run that stopped before it did harm; its text is one sentence for the person who started it."""


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One file: ``pre`` runs before the code that needs it is started, ``post`` once no older code runs."""

    number: int
    name: str
    sql: str
    phase: Literal["pre", "post"]
    transactional: bool

    @property
    def checksum(self) -> str:
        """SHA-256 of the text with ``\\n`` line ends, in hex."""
        return sha256(self.sql.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The statements of a file without a transaction: each ends with a semicolon at the end of a line."""
        return [part.strip() for part in re.split(r";[ \t]*$", self.sql, flags=re.MULTILINE) if _says_something(part)]


def _says_something(part: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in part.splitlines())


def _read(path: Path) -> MigrationFile:
    found = NAME.fullmatch(path.stem)
    if not found:
        raise MigrationRefused(f"{path.name} is not named like 0001_what_it_does.sql")
    sql = path.read_text(encoding="utf-8")
    headers = [line.strip() for line in sql.splitlines()[:2] if line.strip() in HEADERS]
    phases = [header for header in headers if header != "-- no-transaction"]
    if len(phases) != 1:
        raise MigrationRefused(f"{path.name} must say -- pre or -- post in its first two lines")
    return MigrationFile(
        number=int(found[1]),
        name=path.stem,
        sql=sql,
        phase="pre" if phases[0] == "-- pre" else "post",
        transactional="-- no-transaction" not in headers,
    )


def read_files(folder: Path = FOLDER) -> list[MigrationFile]:
    """All files in order; refuses a doubled number, a bad name or a missing phase.

    Numbers may be missing: branches that are worked on at once take theirs beforehand and land in any order.
    """
    files = sorted((_read(path) for path in folder.glob("*.sql")), key=lambda file: file.name)
    for file, after in pairwise(files):
        if file.number == after.number:
            raise MigrationRefused(f"{file.name} and {after.name} have the same number")
    return files


def pending(files: Sequence[MigrationFile], applied: Sequence[Applied]) -> list[MigrationFile]:
    """The files that the database has not seen, in order; refuses a database that saw others than these.

    One that landed below a number the database has seen is applied all the same, so it must not need to come first.
    """
    known = {file.number: file for file in files}
    end = max(known, default=0)
    for number, name, checksum in applied:
        file = known.get(number)
        if file is None and number > end:
            raise MigrationRefused(
                f"the database is newer than this code: it has {name}, this code ends at number {end:04}"
            )
        if file is None or file.name != name:
            here = f"has {file.name}" if file is not None else f"has no number {number:04}"
            raise MigrationRefused(f"the database applied {name} where this code {here}")
        if file.checksum != checksum:
            raise MigrationRefused(f"{name} was edited after it was applied: restore it and write a new file")
    seen = {number for number, _, _ in applied}
    return [file for file in files if file.number not in seen]


def choose(waiting: Sequence[MigrationFile], phase: Phase) -> list[MigrationFile]:
    """What a run of the phase applies: the leading files of that phase, never one behind a file of the other phase."""
    if phase == "all":
        return list(waiting)
    other = next((place for place, file in enumerate(waiting) if file.phase != phase), len(waiting))
    left = [file for file in waiting[other:] if file.phase == phase]
    if left and (phase == "pre" or other == 0):
        raise MigrationRefused(
            f"{left[0].name} ({phase}) comes after {waiting[other].name} ({waiting[other].phase}), which was never "
            f"applied: finish that phase first, or stop the application and run --phase all"
        )
    return list(waiting[:other])
