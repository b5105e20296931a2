"""What is planned for a subscription: other terms from the next period on, or a change that waits for its payment."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Row
from domain.ids import InvoiceId, PriceId


@dataclass(frozen=True, slots=True)
class Planned:
    """What another price or quantity the next period begins with; None: what is not planned stays as it is."""

    price: PriceId | None = None
    quantity: int | None = None
    family: str | None = None

    @classmethod
    def of(cls, row: Row) -> "Planned":
        """What a subscription's row plans."""
        price = PriceId(row["next_price_id"]) if row["next_price_id"] else None
        return cls(price, row["next_quantity"], row["next_family"])

    @property
    def is_nothing(self) -> bool:
        """Whether the next period begins as this one ends."""
        return self.price is None and self.quantity is None


NOTHING = Planned()


@dataclass(frozen=True, slots=True)
class Pending:
    """A change whose invoice is unpaid. Paid at or after ``until``, the end of the period it was priced in, it is void.

    It is billed from ``since`` on; ``anchor_at`` is where a new cycle begins, for a change that begins one.
    """

    price: PriceId
    quantity: int
    family: str
    invoice: InvoiceId
    since: datetime | None
    until: datetime
    anchor_at: datetime | None

    @classmethod
    def of(cls, row: Row) -> "Pending | None":
        """What a subscription's row waits for."""
        if row["pending_price_id"] is None:
            return None
        return cls(
            price=PriceId(row["pending_price_id"]),
            # A change that an older release asked for names the price alone: the other parts stay as they are.
            quantity=row["pending_quantity"] or row["quantity"],
            family=row["pending_family"] or row["family"],
            invoice=InvoiceId(row["shard_key"], row["pending_invoice_id"]),
            since=row["pending_from"],
            until=row["pending_until"] or row["period_end"],
            anchor_at=row["pending_anchor_at"],
        )
