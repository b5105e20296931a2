"""The lines of documents that correct tax: what was charged before and what is right stand below each other.

So each rate stands beside the amount it is on, as EN 16931 wants it, and both amounts together are nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from domain.invoices.document_facts import BillingDays, DocumentLine, LineTax
from domain.invoices.line_tax import TaxPart
from domain.money import Money, total

_PER_PERCENT: Final = 10_000  # rates are parts per million


def corrected_lines(
    text: str, days: BillingDays | None, inclusive: bool, parts: Sequence[TaxPart]
) -> tuple[DocumentLine, ...]:
    """One line of the taxes that are taken back and one of those that stand instead, signed as the document counts.

    Where nothing was said of tax before, the first one has none.
    """
    back = tuple(part for part in parts if _is_taken_back(part, parts))
    added = tuple(part for part in parts if part not in back)
    whole = _amount(added, inclusive)
    old = DocumentLine(
        text=_named(text, back), amount=-whole, days=days, taxes=_taxes(back), tax_included=inclusive and bool(back)
    )
    new = DocumentLine(text=_named(text, added), amount=whole, days=days, taxes=_taxes(added), tax_included=inclusive)
    return old, new


def _is_taken_back(part: TaxPart, parts: Sequence[TaxPart]) -> bool:
    """The parts of a line are numbered in the order in which they came to it; the last ones stand."""
    sign = parts[-1].taxable.minor > 0
    return (part.taxable.minor > 0) != sign


def _amount(parts: Sequence[TaxPart], inclusive: bool) -> Money:
    nothing = Money.zero(parts[0].amount.currency)
    tax = total((part.amount for part in parts), nothing.currency) if inclusive else nothing
    return parts[0].taxable + tax


def _taxes(parts: Sequence[TaxPart]) -> tuple[LineTax, ...]:
    return tuple(LineTax(part.name, part.treatment, part.rate_ppm, part.amount) for part in parts)


def _named(text: str, parts: Sequence[TaxPart]) -> str:
    taxes = ", ".join(f"{part.name} {(Decimal(part.rate_ppm) / _PER_PERCENT).normalize():f}%" for part in parts)
    return f"{text} ({taxes})" if taxes else text
