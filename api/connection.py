"""Keyset connections in Relay's shape: ``first`` 1 to 100 and ``after``, an honest page end, a capped count.

A resolver asks its ``Keyset`` for a ``Slice``, reads ``slice.fetch`` rows after ``slice.after`` in SQL (one more than
the page, which is how the end is known), and turns them into a ``Connection`` or, for reads from the replica, a
``HistoryConnection``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar

import strawberry

from api.cursors import Cursors
from api.errors import Code, Fault
from api.lazily import Lazily, made_of
from api.weigh import PAGE_CAP

COUNT_CAP: Final = 1_001  # counting stops here: people read "more than 1,000", and a count of millions costs seconds

N = TypeVar("N")
K = TypeVar("K")
R = TypeVar("R")
Count = Callable[[int], Awaitable[int]]
"""Counts the rows of the list, but never further than the number it is given."""


@strawberry.enum(description="Which server a page was read from.")
class Source(Enum):
    """Where a history page comes from."""

    PRIMARY = strawberry.enum_value("PRIMARY", description="The server that takes every write.")
    REPLICA = strawberry.enum_value("REPLICA", description="A copy that may be a little behind.")


@strawberry.type(description="Where a page ends.")
class PageInfo(Lazily):
    """Relay's PageInfo; pages go forward only. It is made of the edges and of what lies around them."""

    later: ClassVar = {
        "has_next_page": lambda of: of.more,
        "has_previous_page": lambda of: of.later,
        "start_cursor": lambda of: of.edges[0].cursor if of.edges else None,
        "end_cursor": lambda of: of.edges[-1].cursor if of.edges else None,
    }

    has_next_page: bool = strawberry.field(description="Whether there are elements after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for after a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first element; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last element; null on an empty page.")


@dataclass(frozen=True, slots=True)
class Ends:
    """What a page's ends are: its edges, whether there are more after them, and whether it comes after others."""

    edges: "Sequence[Edge[Any]]"
    more: bool
    later: bool


@strawberry.type(description="One element of a page and its place in the list.")
class Edge(Lazily, Generic[N]):
    """A node and the cursor after which the next page begins; few clients ask each edge for its cursor."""

    later: ClassVar = {"cursor": lambda seal: seal()}

    cursor: str = strawberry.field(description="The next page begins after it.")
    node: N = strawberry.field(description="The element.")


async def _total_count(root: "strawberry.Parent[Connection[Any]]") -> int:
    return await root.count_once()


async def _is_capped(root: "strawberry.Parent[Connection[Any]]") -> bool:
    return await root.count_once() >= COUNT_CAP


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """A page read from the primary; it counts the list once, and only if a client asks."""

    edges: list[Edge[N]] = strawberry.field(description="The elements of this page, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")
    count: strawberry.Private[Count]
    counted: strawberry.Private["asyncio.Future[int] | None"] = None

    total_count: int = strawberry.field(
        resolver=_total_count, description="How many elements the list has; counting stops at 1,001."
    )
    total_count_is_capped: bool = strawberry.field(
        resolver=_is_capped, description="Whether totalCount stopped counting: there are that many elements or more."
    )

    async def count_once(self) -> int:
        """At most COUNT_CAP; the two fields that need it are resolved at the same time and share one query."""
        if self.counted is None:
            self.counted = asyncio.ensure_future(self._capped())
        return await self.counted

    async def _capped(self) -> int:
        return min(await self.count(COUNT_CAP), COUNT_CAP)


@strawberry.type(description="A page of a list that may be a little behind: asOf says how fresh it is.")
class HistoryConnection(Connection[N], Generic[N]):
    """A page of history, usually read from the replica."""

    as_of: datetime = strawberry.field(description="Everything up to this instant is in the list.")
    source: Source = strawberry.field(description="PRIMARY only if atLeast asked for more than the replica had.")


@dataclass(frozen=True, slots=True)
class Slice(Generic[K]):
    """What to read: ``fetch`` rows whose sort key lies after ``after`` (None: from the start)."""

    owner: str
    first: int
    after: K | None

    @property
    def fetch(self) -> int:
        """One row more than the page."""
        return self.first + 1


@dataclass(frozen=True, slots=True)
class Page(Generic[N]):
    """The fields that every kind of connection is made of."""

    edges: list[Edge[N]]
    page_info: PageInfo


@dataclass(frozen=True, slots=True)
class Keyset(Generic[K]):
    """One list of the schema: its name, which no other list shares, and the shape of its sort key."""

    name: str
    shape: type[K]
    cursors: Cursors

    def slice(self, owner: str, first: int, after: str | None) -> Slice[K]:
        """The slice a client asked for; ``owner`` is whose list it is. BAD_INPUT for a wrong ``first`` or ``after``."""
        if not 1 <= first <= PAGE_CAP:
            raise Fault(Code.BAD_INPUT, f"first must be between 1 and {PAGE_CAP}.")
        return Slice(owner, first, None if after is None else self.cursors.open(self.name, owner, after, self.shape))

    def page(self, slice_: Slice[K], rows: Sequence[R], key: Callable[[R], K], node: Callable[[R], N]) -> Page[N]:
        """The page of up to ``slice.fetch`` rows in list order."""
        shown = rows[: slice_.first]
        edges: list[Edge[Any]] = [
            made_of(Edge, partial(self._cursor, slice_.owner, key, row), node=node(row)) for row in shown
        ]
        ends = Ends(edges, len(rows) > slice_.first, slice_.after is not None)
        return Page(edges, made_of(PageInfo, ends))

    def _cursor(self, owner: str, key: Callable[[R], K], row: R) -> str:
        return self.cursors.seal(self.name, owner, key(row))

    def connection(
        self, slice_: Slice[K], rows: Sequence[R], key: Callable[[R], K], node: Callable[[R], N], count: Count
    ) -> Connection[N]:
        """A connection read from the primary."""
        page = self.page(slice_, rows, key, node)
        return Connection(edges=page.edges, page_info=page.page_info, count=count)
