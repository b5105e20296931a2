"""Which invoices of a list are looked for."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.errors import Code, Fault
from api.graph.invoices import InvoiceState
from api.scalars import CurrencyCode, Int64, Text
from domain.invoices.history import ALL
from domain.invoices.history import InvoiceFilter as Wanted
from domain.money import Currency

_WORDS: Final = Text(max_length=100)  # a number, an order or a part of a description


@strawberry.input(description="Which invoices are looked for; each part that is given leaves out the others.")
class InvoiceFilter:
    """The parts of a search."""

    states: list[InvoiceState] | None = strawberry.field(default=None, description="Those in one of these states.")
    since: datetime | None = strawberry.field(
        name="from", default=None, description="Issued then or later, in business time."
    )
    until: datetime | None = strawberry.field(name="to", default=None, description="Issued before then.")
    text: str | None = strawberry.field(
        default=None,
        description="Part of the number, the purchase order or a line's description; 1 to 100 characters, in capitals "
        "or not.",
    )
    currency: CurrencyCode | None = strawberry.field(default=None, description="Those in this currency.")
    least: Int64 | None = strawberry.field(default=None, description="The lowest total, in minor units.")
    most: Int64 | None = strawberry.field(default=None, description="The highest total, in minor units.")


Filter = Annotated[InvoiceFilter | None, strawberry.argument(description="Which of them; left out: all.")]


def wanted(filter: InvoiceFilter | None) -> Wanted:
    """The domain's filter; BAD_INPUT for a text that is none, and for ends in the wrong order."""
    if filter is None:
        return ALL
    if filter.since and filter.until and filter.since >= filter.until:
        raise Fault(Code.BAD_INPUT, "from must lie before to.")
    if filter.least is not None and filter.most is not None and filter.least > filter.most:
        raise Fault(Code.BAD_INPUT, "The lowest total must not be more than the highest.")
    return Wanted(
        tuple(each.name.lower() for each in filter.states) if filter.states is not None else None,
        filter.since,
        filter.until,
        _WORDS(filter.text, "text") if filter.text is not None else None,
        Currency(filter.currency) if filter.currency is not None else None,
        filter.least,
        filter.most,
    )
