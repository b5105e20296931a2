"""Money and time spans as every type of the schema shows them."""

from datetime import datetime
from operator import attrgetter
from typing import ClassVar

import strawberry

from api.lazily import Lazily, made_of
from api.scalars import CurrencyCode, Int64
from domain import money, period
from domain.refusals import RefusalCode, Refused


@strawberry.type(description="An exact amount of one currency.")
class Money(Lazily):
    """An amount; clients embed it, it has no id."""

    later: ClassVar = {
        "minor_units": lambda amount: Int64(amount.minor),
        "currency": attrgetter("currency.code"),
        "decimal": attrgetter("decimal"),
    }

    minor_units: Int64 = strawberry.field(description="The amount in the currency's smallest unit, as a string.")
    currency: CurrencyCode = strawberry.field(description="The ISO 4217 code.")
    decimal: str = strawberry.field(description="The amount in major units, with all digits of the currency.")

    @classmethod
    def of(cls, amount: money.Money) -> "Money":
        """The domain's amount."""
        return made_of(cls, amount)


@strawberry.input(description="An exact amount of one currency.")
class MoneyInput:
    """An amount that a caller names."""

    minor_units: Int64 = strawberry.field(description="The amount in the currency's smallest unit.")
    currency: CurrencyCode = strawberry.field(description="The ISO 4217 code.")


def amount_of(given: MoneyInput, *path: str) -> money.Money:
    """The domain's amount; INVALID_AMOUNT beyond what an amount can be."""
    try:
        return money.Money(given.minor_units, money.Currency(given.currency))
    except money.AmountOutOfRange as error:
        raise Refused(RefusalCode.INVALID_AMOUNT, "That amount is beyond what can be billed.", path) from error


@strawberry.type(description="A span of time: start is part of it, end is not.")
class Period:
    """A half-open span."""

    start: datetime = strawberry.field(description="The first instant.")
    end: datetime = strawberry.field(description="The first instant after it.")

    @classmethod
    def of(cls, span: period.Period) -> "Period":
        """The domain's period."""
        return cls(start=span.start, end=span.end)
