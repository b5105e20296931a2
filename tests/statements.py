"""The SQL statements of this process while something is done, for tests of how many there are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from domain import db


@contextmanager
def statements_seen() -> Iterator[list[str]]:
    """Collects the texts, in their order."""
    seen: list[str] = []

    def watch(sql: str, _args: Sequence[object], _tx: object | None) -> None:
        seen.append(sql)

    db.observers.append(watch)
    try:
        yield seen
    finally:
        db.observers.remove(watch)
