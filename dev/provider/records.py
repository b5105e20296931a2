"""The provider's objects and how they are kept: one row each, with the whole object as JSON."""

import sqlite3
from datetime import datetime
from typing import Final, Literal, TypeVar
from uuid import uuid4

import msgspec

from dev.provider.refusals import Refusal, Why

PaymentStatus = Literal[
    "requires_action", "processing", "authorized", "succeeded", "failed", "canceled", "expired", "returned"
]


class Method(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    token: str
    kind: str
    brand: str
    last4: str
    detached: bool
    created_at: datetime
    api: Literal["own", "stripe"] = "own"
    """In whose shape its clients speak, and are told of events."""
    customer: str | None = None
    """Who it belongs to, where the API knows customers."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_minor` is what was asked, `held_minor` what a manual capture may take in all, `authorized_minor` what is
    left of that; refunded and disputed are what may not be taken from captured again. `until` is when a hold runs out,
    when a bank decides, or until when it may take a debit back."""

    id: str
    key: str
    reference: str
    method: str
    amount_minor: int
    currency: str
    capture: Literal["automatic", "manual"]
    metadata: dict[str, str]
    status: PaymentStatus
    failure: str | None = None
    held_minor: int = 0
    authorized_minor: int = 0
    until: datetime | None = None
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed_minor: int = 0
    created_at: datetime


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A payment of the Stripe-shaped API before and beside the payment of the books, which begins when it is confirmed.

    `declined` is why the last try failed before there was a payment; with `redirects` it is not confirmed without
    an address to come back to."""

    id: str
    amount_minor: int
    currency: str
    method: str | None
    customer: str | None
    capture: Literal["automatic", "manual"]
    metadata: dict[str, str]
    reference: str
    canceled: bool = False
    declined: str | None = None
    redirects: bool = True
    created_at: datetime

    @property
    def payment(self) -> str:
        """The id of its payment in the books."""
        return self.id.replace(kind_of(Intent), kind_of(Payment))


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    key: str
    reference: str
    payment: str
    method: str
    amount_minor: int
    currency: str
    metadata: dict[str, str]
    status: Literal["pending", "succeeded", "failed"]
    failure: str | None = None
    created_at: datetime


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of what the merchant says: a text, or a file by its hash."""

    kind: str
    text: str | None = None
    media_type: str | None = None
    sha256: str | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """`fee_minor` is what it has cost so far; `due_at` is until when it can be answered."""

    id: str
    payment: str
    reference: str = ""
    method: str
    amount_minor: int
    fee_minor: int = 0
    currency: str
    reason: str
    metadata: dict[str, str]
    status: Literal["open", "evidence_submitted", "won", "lost"]
    evidence: tuple[Evidence, ...] = ()
    due_at: datetime | None = None
    created_at: datetime


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount_minor: int
    currency: str
    line_count: int
    created_at: datetime


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """Who methods of the Stripe-shaped API belong to; nothing else is known of them here."""

    id: str
    metadata: dict[str, str]
    deleted: bool = False


Record = Method | Payment | Refund | Dispute | Payout
Kept = Record | Intent | Customer
R = TypeVar("R", Method, Customer, Intent, Payment, Refund, Dispute, Payout)

_KINDS: Final[dict[type, str]] = {
    Method: "method",
    Customer: "customer",
    Intent: "intent",
    Payment: "payment",
    Refund: "refund",
    Dispute: "dispute",
    Payout: "payout",
}


def kind_of(shape: type) -> str:
    """The word for a kind of object, as in events and keys."""
    return _KINDS[shape]


def new_id(shape: type) -> str:
    """An id nobody can guess, such as payment_1f…"""
    return f"{kind_of(shape)}_{uuid4().hex}"


def save(db: sqlite3.Connection, record: R) -> R:
    """Insert the object or replace it by its newer state."""
    reference, owner, status = _columns(record)
    db.execute(
        "INSERT INTO records (id, kind, reference, owner, status, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body",
        (record.id, kind_of(type(record)), reference, owner, status, msgspec.json.encode(record)),
    )
    return record


def find(db: sqlite3.Connection, shape: type[R], record_id: str) -> R | None:
    """The object in its present state, or None."""
    row = db.execute("SELECT body FROM records WHERE id = ? AND kind = ?", (record_id, kind_of(shape))).fetchone()
    return msgspec.json.decode(row["body"], type=shape) if row else None


def get(db: sqlite3.Connection, shape: type[R], record_id: str) -> R:
    """The object in its present state; refused as NOT_FOUND when there is none."""
    record = find(db, shape, record_id)
    if record is None:
        raise Refusal(Why.NOT_FOUND, f"no such {kind_of(shape)}")
    return record


def by_reference(db: sqlite3.Connection, shape: type[R], reference: str) -> list[R]:
    """All objects that were created under the client's reference, oldest first."""
    rows = db.execute(
        "SELECT body FROM records WHERE kind = ? AND reference = ? ORDER BY number", (kind_of(shape), reference)
    )
    return [msgspec.json.decode(row["body"], type=shape) for row in rows]


def every(db: sqlite3.Connection, shape: type[R]) -> list[R]:
    """All objects of a kind, oldest first."""
    rows = db.execute("SELECT body FROM records WHERE kind = ? ORDER BY number", (kind_of(shape),))
    return [msgspec.json.decode(row["body"], type=shape) for row in rows]


def count_payments(db: sqlite3.Connection, method: str, status: PaymentStatus) -> int:
    """How many of the method's payments are in that state now."""
    row = db.execute(
        "SELECT count(*) AS found FROM records WHERE kind = 'payment' AND owner = ? AND status = ?", (method, status)
    ).fetchone()
    return int(row["found"])


def _columns(record: Kept) -> tuple[str | None, str | None, str]:
    match record:
        case Method():
            return None, record.token, "detached" if record.detached else "active"
        case Customer():
            return None, None, "deleted" if record.deleted else "active"
        case Intent():
            return record.reference, record.method, "canceled" if record.canceled else "open"
        case Payment():
            return record.reference, record.method, record.status
        case Refund():
            return record.reference, record.payment, record.status
        case Dispute():
            return record.reference, record.payment, record.status
        case Payout():
            return None, None, "paid"
