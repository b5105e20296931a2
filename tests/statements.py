"""The SQL statements that something done here sends, for tests of how many there are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from domain import db

_watched: ContextVar[object] = ContextVar("what is being watched", default=None)


@contextmanager
def statements_seen() -> Iterator[list[str]]:
    """Collects the texts, in their order; what other tasks of the process send meanwhile, such as the log of requests
    every second, is not among them."""
    seen: list[str] = []

    def watch(sql: str, _args: Sequence[object], _tx: object | None) -> None:
        if _watched.get() is seen:
            seen.append(sql)

    db.observers.append(watch)
    before = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(before)
        db.observers.remove(watch)
