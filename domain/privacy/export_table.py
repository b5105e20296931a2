"""A table of an export is read by pages: however long it is, no statement and no memory has to hold it whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from domain.db import Replica, Row
from domain.ids import CustomerId

ROWS: Final = 1_000  # of a page: some hundred kilobytes, read in milliseconds
Place = tuple[object, ...]
"""The key of a row, as far as it tells rows of one customer apart."""
Table = Callable[[Replica, CustomerId, int], AsyncIterator[Sequence[Row]]]
"""The rows of a customer by pages of so many, in the order of their keys."""


def paged(
    read: Callable[[Replica, CustomerId, Place, int], Awaitable[Sequence[Row]]], first: Place, *key: str
) -> Table:
    """What ``read`` gives after ``first``, page by page; ``key`` are the columns of a place."""

    async def pages(db: Replica, of: CustomerId, limit: int) -> AsyncIterator[Sequence[Row]]:
        after = first
        while page := await read(db, of, after, limit):
            yield page
            if len(page) < limit:
                return
            after = tuple(page[-1][column] for column in key)

    return pages


def by_id(read: Callable[[Replica, CustomerId, Place, int], Awaitable[Sequence[Row]]], column: str = "id") -> Table:
    """The same of a table whose rows are in the order of an id."""
    return paged(read, (UUID(int=0),), column)


def whole(read: Callable[[Replica, CustomerId], Awaitable[Sequence[Row]]]) -> Table:
    """What has few rows is one page."""

    async def pages(db: Replica, of: CustomerId, _: int) -> AsyncIterator[Sequence[Row]]:
        yield await read(db, of)

    return pages
