"""Document numbers: gapless per legal entity and series, taken under the series row, which is locked last.

Receipts take theirs in the very statement that writes them down (``domain/payments/receipt.py``), in the same form.
"""

from dataclasses import dataclass

from domain.db import Tx

DIGITS = 6  # a million documents of one series sort as text; longer numbers simply grow


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its predecessor, as the keys want them, and the text that people see."""

    value: int
    previous: int | None
    text: str


async def take_number(tx: Tx, series: str) -> Number:
    """The next number of the customer's legal entity; it exists only if this transaction commits."""
    row = await tx.fetchrow(
        """UPDATE number_series SET last_number = last_number + 1
            WHERE shard_key = $1 AND legal_entity_id = $2 AND series = $3 RETURNING last_number, prefix""",
        tx.customer.shard,
        tx.head.legal_entity.uuid,
        series,
    )
    assert row is not None, f"no {series} series for this legal entity and shard key"
    value: int = row["last_number"]
    return Number(value, value - 1 or None, f"{row['prefix']}-{value:0{DIGITS}d}")
