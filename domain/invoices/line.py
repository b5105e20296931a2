"""Invoice lines: what was charged or credited for which span, and the derivation that gives the amount again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.db import Primary, Replica, Row
from domain.ids import CustomerId, InvoiceId, PriceId, SubscriptionId
from domain.money import Currency, Money
from domain.wire import canonical, from_json, to_json


@dataclass(frozen=True, slots=True)
class Derivation:
    """How an amount follows: formula, price of the whole span, seconds counted and seconds the price is for."""

    formula: str
    price: Money
    numerator: int
    denominator: int

    def text(self) -> str:
        """The stored form."""
        return canonical(to_json(self)).decode()

    @classmethod
    def read(cls, text: str) -> "Derivation":
        """The derivation of a stored form."""
        return from_json(cls, msgspec.json.decode(text))


@dataclass(frozen=True, slots=True)
class LineRef:
    """A line of an issued invoice: the invoice and the position on it, from 1."""

    invoice: InvoiceId
    position: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line. A credit has a negative amount and names the charge that it gives back a part of."""

    kind: str
    description: str
    price: PriceId
    quantity: int
    unit_amount: Money
    starts_at: datetime
    ends_at: datetime
    amount: Money
    credits: LineRef | None
    derivation: Derivation


def from_row(row: Row) -> Line:
    """The line of a row that selects all its columns."""
    currency = Currency(row["currency"])
    credited = row["credits_invoice_id"]
    return Line(
        kind=row["kind"],
        description=row["description"],
        price=PriceId(row["price_id"]),
        quantity=row["quantity"],
        unit_amount=Money(row["unit_amount"], currency),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        amount=Money(row["amount"], currency),
        credits=LineRef(InvoiceId(row["shard_key"], credited), row["credits_position"]) if credited else None,
        derivation=Derivation.read(row["derivation"]),
    )


async def lines_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, tuple[Line, ...]]:
    """The lines of the customer's invoices, by position; lines never change, so either server tells them right."""
    rows = await db.fetch(
        """SELECT shard_key, invoice_id, position, kind, description, price_id, quantity, unit_amount, starts_at,
                  ends_at, currency, amount, credits_invoice_id, credits_position, derivation
             FROM invoice_line
            WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, position""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    found: dict[InvoiceId, tuple[Line, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        id = InvoiceId(row["shard_key"], row["invoice_id"])
        found[id] = (*found[id], from_row(row))
    return found


@dataclass(frozen=True, slots=True)
class LiveCharge:
    """The charge that covers a subscription's time from an instant on, and where it stands."""

    ref: LineRef
    line: Line


async def live_charge(
    db: Primary, customer: CustomerId, subscription: SubscriptionId, at: datetime
) -> LiveCharge | None:
    """The newest charge of a subscription that is neither void nor credited and covers the instant."""
    row = await db.fetchrow(
        """SELECT l.shard_key, l.invoice_id, l.position, l.kind, l.description, l.price_id, l.quantity, l.unit_amount,
                  l.starts_at, l.ends_at, l.currency, l.amount, l.credits_invoice_id, l.credits_position, l.derivation
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.subscription_id = $3 AND l.kind = 'charge'
              AND l.starts_at <= $4 AND l.ends_at > $4 AND i.state <> 'void'
            ORDER BY l.starts_at DESC, i.number DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
        subscription.uuid,
        at,
    )
    if row is None:
        return None
    return LiveCharge(LineRef(InvoiceId(row["shard_key"], row["invoice_id"]), row["position"]), from_row(row))
