"""What the provider owes its merchant: a line per movement of money, paid out in batches."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dev.provider.events import emit
from dev.provider.records import Payment, Payout, new_id, save
from dev.provider.refusals import Refusal, Why
from dev.provider.store import moment

_FEE_PER_MILLE: Final = 14  # 1.4 % and a fixed part: the shape of a European card price, so that fees are never zero
_FEE_FIXED_MINOR: Final = 25
DISPUTE_FEE_MINOR: Final = 1500  # a dispute costs its flat fee whoever wins
RETURN_FEE_MINOR: Final = 350  # what banks charge for a debit that comes back, passed on as it is


@dataclass(frozen=True, slots=True)
class Line:
    """One movement: gross as seen by the merchant (a refund is negative), the fee it cost, net = gross - fee."""

    number: int
    kind: str
    object: str
    payment: str
    reference: str
    currency: str
    gross_minor: int
    fee_minor: int
    created_at: datetime
    payout: str | None

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.fee_minor


def charge_fee(gross_minor: int) -> int:
    """What a captured amount costs, in its own minor units, half to even."""
    quotient, rest = divmod(gross_minor * _FEE_PER_MILLE, 1000)
    return quotient + (rest > 500 or (rest == 500 and quotient % 2 == 1)) + _FEE_FIXED_MINOR


def add_line(
    db: sqlite3.Connection, kind: str, subject: str, payment: Payment, gross_minor: int, fee_minor: int
) -> None:
    """Record a movement that the next payout will contain."""
    db.execute(
        "INSERT INTO lines (kind, object, payment, reference, currency, gross_minor, fee_minor, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (kind, subject, payment.id, payment.reference, payment.currency, gross_minor, fee_minor, moment().timestamp()),
    )


def list_lines(
    db: sqlite3.Connection, payout: str | None, payment: str | None, currency: str | None,
    after: int = 0, limit: int | None = None,
) -> list[Line]:  # fmt: skip
    """The settlement report, oldest first, narrowed where asked; `after` is the number of a line."""
    rows = db.execute(
        "SELECT * FROM lines WHERE (?1 IS NULL OR payout = ?1) AND (?2 IS NULL OR payment = ?2)"
        " AND (?3 IS NULL OR currency = ?3) AND number > ?4 ORDER BY number LIMIT ?5",
        (payout, payment, currency, after, -1 if limit is None else limit),
    )
    return [
        Line(
            number=row["number"],
            kind=row["kind"],
            object=row["object"],
            payment=row["payment"],
            reference=row["reference"],
            currency=row["currency"],
            gross_minor=row["gross_minor"],
            fee_minor=row["fee_minor"],
            created_at=datetime.fromtimestamp(row["created_at"], UTC),
            payout=row["payout"],
        )
        for row in rows
    ]


def pay_out(db: sqlite3.Connection, currency: str, payments: Sequence[str] | None) -> Payout:
    """Pay what is owed in a currency, for all or for some payments; NOTHING_TO_PAY_OUT when it is not above zero."""
    owed = [
        row
        for row in db.execute(
            "SELECT number, payment, gross_minor - fee_minor AS net_minor FROM lines"
            " WHERE payout IS NULL AND currency = ?",
            (currency,),
        )
        if payments is None or row["payment"] in payments
    ]
    amount_minor = sum(row["net_minor"] for row in owed)
    if amount_minor <= 0:
        raise Refusal(Why.NOTHING_TO_PAY_OUT, f"nothing is owed in {currency}")
    payout = Payout(
        id=new_id(Payout), amount_minor=amount_minor, currency=currency, line_count=len(owed), created_at=moment()
    )
    db.executemany("UPDATE lines SET payout = ? WHERE number = ?", [(payout.id, row["number"]) for row in owed])
    emit(db, "payout.paid", save(db, payout))
    return payout
