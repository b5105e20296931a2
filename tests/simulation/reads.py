"""What somebody read while others wrote, with what was there before and after."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class BalanceRead:
    """A balance that was read after the posting of one number was there, and before that of another came."""

    customer: UUID
    currency: str
    before: int
    after: int
    receivable: int
    credit: int
    through: int


@dataclass(frozen=True)
class PagesRead:
    """The invoices on all pages of a history, and those that were there before the first page and after the last."""

    customer: UUID
    before: frozenset[UUID]
    after: frozenset[UUID]
    shown: tuple[tuple[datetime, UUID], ...]


@dataclass
class Reads:
    """What was read in a step."""

    balances: list[BalanceRead] = field(default_factory=list)
    pages: list[PagesRead] = field(default_factory=list)
