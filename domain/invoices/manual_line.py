"""Lines that staff write: a number of units at a price, for a span of time or for an instant."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.db import Tx
from domain.invoices.line import STANDARD, Derivation, Line, charge_line
from domain.money import AmountOutOfRange, Currency, Money
from domain.period import pin
from domain.refusals import RefusalCode, Refused

MAX_QUANTITY = 1_000_000  # units on one line; far above what is sold by hand
TEXT_LENGTH = 200  # what fits on two lines of a document
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,199}")  # as rates name them; by another name it would be standard
AN_INSTANT = timedelta(seconds=1)  # the shortest span there is; it lies in one billing day of any zone


@dataclass(frozen=True, slots=True)
class ManualLine:
    """``category`` is a tax category; the span is both or neither (then the instant at which it is written)."""

    description: str
    quantity: int
    unit_amount: Money
    category: str = STANDARD
    tax_inclusive: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def written(tx: Tx, asked: ManualLine, currency: Currency, part: str) -> Line:
    """The line; INVALID_INPUT, INVALID_AMOUNT or CURRENCY_MISMATCH, under the part of the input it stands in, where it
    cannot be meant."""
    _check(asked, currency, part)
    start, end = _span(tx, asked)
    amount = _amount(asked, part)
    seconds = int((end - start).total_seconds())
    return charge_line(
        description=asked.description, price=None, plan=None, quantity=asked.quantity, unit_amount=asked.unit_amount,
        starts_at=start, ends_at=end, amount=amount, derivation=Derivation("rest", amount, seconds, seconds),
        tax_inclusive=asked.tax_inclusive, category=asked.category,
    )  # fmt: skip


def rewritten(line: Line, asked: ManualLine, part: str) -> Line:
    """A charge of a draft with other words, units or price; its span, its price version and its tax stay its own.

    Refused as ``written`` is.
    """
    _check(asked, line.amount.currency, part)
    amount = _amount(asked, part)
    whole = line.derivation.denominator
    return replace(
        line, description=asked.description, quantity=asked.quantity, unit_amount=asked.unit_amount,
        list_amount=amount, derivation=Derivation("rest", amount, whole, whole),
    )  # fmt: skip


def _amount(asked: ManualLine, part: str) -> Money:
    try:
        return asked.unit_amount * asked.quantity
    except AmountOutOfRange as error:
        message = "That is beyond what can be billed."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, (part, "unitAmount")) from error


def _check(asked: ManualLine, currency: Currency, part: str) -> None:
    if not asked.description.strip() or len(asked.description) > TEXT_LENGTH:
        message = f"A line says something in at most {TEXT_LENGTH} characters."
        raise Refused(RefusalCode.INVALID_INPUT, message, (part, "description"))
    if not 1 <= asked.quantity <= MAX_QUANTITY:
        raise Refused(RefusalCode.INVALID_INPUT, f"A quantity is 1 to {MAX_QUANTITY}.", (part, "quantity"))
    if not _CATEGORY.fullmatch(asked.category):
        raise Refused(RefusalCode.INVALID_INPUT, "There can be no such tax category.", (part, "taxCategory"))
    if asked.unit_amount.currency != currency:
        raise Refused(RefusalCode.CURRENCY_MISMATCH, f"The invoice is in {currency}.", (part, "unitAmount"))
    if asked.unit_amount.minor < 0:
        message = "What is charged is not negative; a credit note gives back."
        raise Refused(RefusalCode.INVALID_AMOUNT, message, (part, "unitAmount"))


def _span(tx: Tx, asked: ManualLine) -> tuple[datetime, datetime]:
    if (asked.starts_at is None) != (asked.ends_at is None):
        raise Refused(RefusalCode.INVALID_INPUT, "A span has a start and an end.", ("endsAt",))
    if asked.starts_at is not None and asked.ends_at is not None:
        start, end = pin(asked.starts_at), pin(asked.ends_at)
        if start >= end:
            raise Refused(RefusalCode.INVALID_INPUT, "A span ends after it has started.", ("endsAt",))
        return start, end
    now = pin(tx.now)
    return now, now + AN_INSTANT
