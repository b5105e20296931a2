"""`python -m tests.bench.peers.typical PORT`: a service as tutorials build it, Strawberry and SQLAlchemy as shipped.

Types with resolvers, an asynchronous session for each request, related rows by a loader of the library's own.
"""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

POOL = 8  # connections, as many as the API's default


class Tables(DeclarativeBase):
    """All tables."""

    metadata = MetaData(schema="peer")


class CustomerRow(Tables):
    """A customer and its balance."""

    __tablename__ = "customer"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str]
    receivable: Mapped[int]
    credit: Mapped[int]


class InvoiceRow(Tables):
    """An invoice."""

    __tablename__ = "invoice"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("peer.customer.id"))
    number: Mapped[str]
    state: Mapped[str]
    issued_at: Mapped[datetime]
    total: Mapped[int]
    due: Mapped[int]
    currency: Mapped[str]
    lines: Mapped[list["LineRow"]] = relationship(order_by="LineRow.position")


class LineRow(Tables):
    """A line of an invoice."""

    __tablename__ = "invoice_line"
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("peer.invoice.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]


@strawberry.type
class Line:
    """A line."""

    description: str
    amount: int
    currency: str


@strawberry.type
class Invoice:
    """An invoice."""

    id: strawberry.ID
    number: str
    state: str
    issued_at: datetime
    total: int
    due: int
    currency: str

    @strawberry.field
    async def lines(self, info: strawberry.Info) -> list[Line]:
        """Its lines, loaded for all invoices of the request together."""
        found: list[Line] = await info.context["lines"].load(UUID(self.id))
        return found


@strawberry.type
class Customer:
    """A customer."""

    id: strawberry.ID
    currency: str
    receivable: int
    credit: int

    @strawberry.field
    async def invoices(self, info: strawberry.Info, first: int) -> list[Invoice]:
        """The newest."""
        wanted = select(InvoiceRow).where(InvoiceRow.customer_id == UUID(self.id))
        async with info.context["sessions"]() as session:
            rows = await session.scalars(wanted.order_by(InvoiceRow.issued_at.desc()).limit(first))
            return [
                Invoice(
                    id=strawberry.ID(str(row.id)), number=row.number, state=row.state, issued_at=row.issued_at,
                    total=row.total, due=row.due, currency=row.currency,
                )
                for row in rows
            ]  # fmt: skip


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def customer(self, info: strawberry.Info, id: strawberry.ID) -> Customer | None:
        """One of them."""
        async with info.context["sessions"]() as session:
            row = await session.get(CustomerRow, UUID(id))
        if row is None:
            return None
        return Customer(
            id=strawberry.ID(str(row.id)), currency=row.currency, receivable=row.receivable, credit=row.credit
        )


class Served(GraphQL[Any, Any]):
    """The library's own door, with a session maker and a loader for each request."""

    sessions: async_sessionmaker[AsyncSession]

    async def get_context(self, request: Any, response: Any) -> Any:
        """What resolvers find."""
        return {"sessions": self.sessions, "lines": DataLoader(load_fn=self._lines)}

    async def _lines(self, ids: Sequence[UUID]) -> list[list[Line]]:
        of: dict[UUID, list[Line]] = {id: [] for id in ids}
        wanted = select(LineRow).where(LineRow.invoice_id.in_(ids)).order_by(LineRow.invoice_id, LineRow.position)
        async with self.sessions() as session:
            for row in await session.scalars(wanted):
                of[row.invoice_id].append(Line(description=row.description, amount=row.amount, currency=row.currency))
        return [of[id] for id in ids]


def main(port: int) -> None:
    """Serves until it is told to stop."""
    served = Served(strawberry.Schema(Query))

    @asynccontextmanager
    async def connected(app: Starlette) -> AsyncIterator[None]:
        url = f"postgresql+asyncpg://{os.environ['PGUSER']}:{os.environ['PGPASSWORD']}@/{os.environ['PGDATABASE']}"
        at = f"?host={os.environ['PGHOST']}&port={os.environ['PGPORT']}"
        engine = create_async_engine(url + at, pool_size=POOL, max_overflow=0)
        served.sessions = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    async def alive(_: object) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[Route("/healthz", alive), Route("/graphql", served)], lifespan=connected)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
