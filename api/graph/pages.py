"""History pages: read from the replica, or from the primary where a consistency token asks for more."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, Generic, TypeVar, cast
from uuid import UUID

import strawberry

from api.connection import HistoryConnection, Keyset, Source
from api.errors import Code, Fault
from api.graph.context import Info
from api.graph.credit_notes import CreditNote
from api.graph.invoices import Invoice
from api.graph.money import Money
from api.graph.payments import Payment
from api.measures import HISTORY
from api.scalars import ConsistencyToken, Int64
from domain.customers.customer import Customer
from domain.database import History, HistoryUnavailable, Token
from domain.db import Replica
from domain.ids import CustomerId
from domain.invoices import credit_note as domain_note
from domain.invoices import invoice as domain_invoice
from domain.invoices.history import InvoiceFilter, count_invoices, invoice_history
from domain.ledger import statement as statements
from domain.ledger.statement import Below, Span
from domain.notices import notice as domain_notice
from domain.payments import payment as domain_payment
from domain.payments.history import count_payments, payment_history

Place = tuple[datetime, str]
# A posting's number, with what was owed and in credit before it; an older release remembered the number alone.
StatementPlace = int | tuple[int, int, int]
R = TypeVar("R")
N = TypeVar("N")


@strawberry.type(description="One posting as the customer sees it.")
class StatementEntry:
    """A line of a statement."""

    number: Int64 = strawberry.field(description="Counts the customer's postings without gaps.")
    cause: str = strawberry.field(description="What was posted, for example invoice.finalized.")
    happened_at: datetime = strawberry.field(description="When it happened, in business time.")
    receivable_change: Money = strawberry.field(description="How much more (or less) is due.")
    receivable: Money = strawberry.field(description="What was due after it.")
    credit_change: Money = strawberry.field(description="How much more (or less) credit there is.")
    credit: Money = strawberry.field(description="The credit after it.")

    @classmethod
    def of(cls, entry: statements.StatementEntry) -> "StatementEntry":
        """The domain's entry."""
        return cls(
            number=Int64(entry.number),
            cause=entry.cause,
            happened_at=entry.happened_at,
            receivable_change=Money.of(entry.receivable_change),
            receivable=Money.of(entry.receivable),
            credit_change=Money.of(entry.credit_change),
            credit=Money.of(entry.credit),
        )


@asynccontextmanager
async def history_of(info: Info, at_least: ConsistencyToken | None) -> AsyncIterator[History]:
    """A handle for one history read; HISTORY_UNAVAILABLE where the replica does not answer for it."""
    wanted = at_least if at_least is not None else info.context.at_least
    token = Token.parse(wanted) if wanted is not None else None
    try:
        async with info.context.db.history(token) as history:
            HISTORY.labels(history.source.value).inc()
            yield history
    except HistoryUnavailable as error:
        HISTORY.labels("UNAVAILABLE").inc()
        raise Fault(Code.HISTORY_UNAVAILABLE, "History is not available at the moment; balances are.") from error


def _place(after: Place | None) -> tuple[datetime, UUID] | None:
    return (after[0], UUID(after[1])) if after else None


@dataclass(frozen=True)
class _Listed(Generic[R]):
    """A list of a customer's rows, newest first: how it is read and counted, and where in it a row stands."""

    name: str
    read: Callable[[Replica, CustomerId, int, tuple[datetime, UUID] | None], Awaitable[Sequence[R]]]
    count: Callable[[Replica, CustomerId, int], Awaitable[int]]
    place: Callable[[R], Place]


_INVOICES: Final = _Listed[domain_invoice.Invoice](
    "invoices", invoice_history, count_invoices, lambda row: (row.issued_at, str(row.id.uuid))
)
_CREDIT_NOTES: Final = _Listed[domain_note.CreditNote](
    "creditNotes",
    domain_note.credit_note_history,
    domain_note.count_credit_notes,
    lambda row: (row.issued_at, str(row.id.uuid)),
)
_PAYMENTS: Final = _Listed[domain_payment.Payment](
    "payments", payment_history, count_payments, lambda row: (row.happened_at, str(row.id.uuid))
)
_NOTICES: Final = _Listed[domain_notice.Notice](
    "notices",
    domain_notice.notice_history,
    domain_notice.count_notices,
    lambda row: (row.recorded_at, str(row.id.uuid)),
)


async def _page(
    info: Info, of: _Listed[R], customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None,
    node: Callable[[R], N],
) -> HistoryConnection[N]:  # fmt: skip
    keys = Keyset(of.name, cast(type[Place], Place), info.context.rooms.cursors)
    wanted = keys.slice(str(customer), first, after)
    async with history_of(info, at_least) as history:
        rows = await of.read(history.replica, customer, wanted.fetch, _place(wanted.after))
    page = keys.page(wanted, rows, of.place, node)
    return HistoryConnection(
        edges=page.edges,
        page_info=page.page_info,
        count=lambda cap: of.count(history.replica, customer, cap),
        as_of=history.as_of,
        source=Source(history.source.value),
    )


async def invoice_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None,
    wanted: InvoiceFilter,
) -> HistoryConnection[Invoice]:  # fmt: skip
    """The customer's invoices that are wanted, newest first."""
    of = replace(
        _INVOICES, read=partial(invoice_history, wanted=wanted), count=partial(count_invoices, wanted=wanted)
    )  # fmt: skip
    return await _page(info, of, customer, first, after, at_least, Invoice.of)


async def credit_note_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None
) -> HistoryConnection[CreditNote]:
    """The customer's credit notes, newest first."""
    return await _page(info, _CREDIT_NOTES, customer, first, after, at_least, CreditNote.of)


async def payment_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None
) -> HistoryConnection[Payment]:
    """The customer's payments, newest first."""
    return await _page(info, _PAYMENTS, customer, first, after, at_least, Payment.of)


async def notice_page(
    info: Info, customer: CustomerId, first: int, after: str | None, at_least: ConsistencyToken | None,
    node: Callable[[domain_notice.Notice], N],
) -> HistoryConnection[N]:  # fmt: skip
    """What the customer was told, newest first, each as the caller shows it."""
    return await _page(info, _NOTICES, customer, first, after, at_least, node)


async def statement_page(
    info: Info, of: Customer, span: Span, first: int, after: str | None, at_least: ConsistencyToken | None
) -> HistoryConnection[StatementEntry]:
    """The customer's postings of the span, newest first."""
    if span.since and span.until and span.since >= span.until:
        raise Fault(Code.BAD_INPUT, "from must lie before to.")
    keys = Keyset("statement", cast(type[StatementPlace], StatementPlace), info.context.rooms.cursors)
    wanted = keys.slice(str(of.id), first, after)
    place = wanted.after
    below = Below(*place) if isinstance(place, tuple) else Below(place) if place is not None else None
    async with history_of(info, at_least) as history:
        rows = await statements.statement(history.replica, of.id, of.currency, wanted.fetch, below, span)
    page = keys.page(wanted, rows, lambda row: astuple(row.below), StatementEntry.of)
    return HistoryConnection(
        edges=page.edges,
        page_info=page.page_info,
        count=lambda cap: statements.count_entries(history.replica, of.id, cap, span),
        as_of=history.as_of,
        source=Source(history.source.value),
    )
