"""What a provider settles with us, in our words: one line for each movement of money."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.money import Money


class LineKind(StrEnum):
    """What moved money between the provider and us."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_REVERSED = "refund_reversed"
    RETURN = "return"
    """A debit that the bank took back."""
    DISPUTE = "dispute"
    DISPUTE_REVERSED = "dispute_reversed"
    OTHER = "other"
    """A movement this adapter has no word for."""


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One movement of money, as the provider settles it: we are paid gross - fee. Lines never change but for payout."""

    line_ref: str
    kind: LineKind
    object_ref: str
    """The provider's id of the charge, refund or dispute that moved it."""
    charge_ref: str | None
    reference: str | None
    """Our reference of the charge concerned."""
    gross: Money
    """Above zero for what comes in, below zero for what goes out."""
    fee: Money
    occurred_at: datetime
    payout_ref: str | None
    """The payout that contained it; None while it waits for one."""


@dataclass(frozen=True, slots=True)
class SettlementLines:
    """A page of lines, oldest first; `more` says that others come after the last."""

    lines: tuple[SettlementLine, ...]
    more: bool
