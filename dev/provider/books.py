"""The provider's own books: the witness that tests compare ours with."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import to_builtins

from dev.provider import records
from dev.provider.records import Dispute, Payment, Refund

_Kept = TypeVar("_Kept", Payment, Refund, Dispute)


def read_books(db: sqlite3.Connection, customer: str | None) -> Mapping[str, object]:
    """Payments, refunds and disputes, oldest first, and per currency what was captured, returned and so on."""
    payments = _of(customer, records.every(db, Payment))
    refunds = _of(customer, records.every(db, Refund))
    disputes = _of(customer, records.every(db, Dispute))
    return {
        "payments": [to_builtins(payment) for payment in payments],
        "refunds": [to_builtins(refund) for refund in refunds],
        "disputes": [to_builtins(dispute) for dispute in disputes],
        "captured_minor": _sum((payment.currency, payment.captured_minor) for payment in payments),
        "returned_minor": _sum(
            (payment.currency, payment.captured_minor) for payment in payments if payment.status == "returned"
        ),
        "refunded_minor": _sum(
            (refund.currency, refund.amount_minor) for refund in refunds if refund.status == "succeeded"
        ),
        "disputed_minor": _sum(
            (dispute.currency, dispute.amount_minor) for dispute in disputes if dispute.status != "won"
        ),
    }


def _of(customer: str | None, found: list[_Kept]) -> list[_Kept]:
    return [one for one in found if customer is None or one.metadata.get("customer") == customer]


def _sum(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, minor in amounts:
        sums[currency] += minor
    return dict(sums)
