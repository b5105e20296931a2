"""Payments: one row an attempt to collect an invoice, and everything that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.correlation import is_request_id
from domain.db import Primary, Row
from domain.ids import CustomerId, InvoiceId, PaymentId, PaymentMethodId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.refusals import RefusalCode, Refused

PAYMENT = Machine(
    "payment",
    {
        ("new", "begin"): "processing",
        ("new", "record"): "succeeded",  # by staff: the money is there
        ("processing", "capture"): "captured",
        ("processing", "require_action"): "requires_action",
        ("processing", "fail"): "failed",
        ("processing", "lose"): "unknown",
        ("processing", "void"): "voided",
        ("requires_action", "capture"): "captured",
        ("requires_action", "fail"): "failed",
        ("requires_action", "process"): "processing",
        ("requires_action", "void"): "voided",
        ("unknown", "capture"): "captured",
        ("unknown", "require_action"): "requires_action",
        ("unknown", "fail"): "failed",
        ("unknown", "process"): "processing",
        ("unknown", "void"): "voided",
        # Held, not taken: it can be taken until the hold runs out. What was asked of it may go unanswered.
        ("processing", "authorize"): "authorized",
        ("requires_action", "authorize"): "authorized",
        ("unknown", "authorize"): "authorized",
        ("authorized", "capture"): "captured",
        ("authorized", "void"): "voided",
        ("authorized", "fail"): "failed",
        ("authorized", "lose"): "unknown",
        ("authorized", "expire"): "expired",
        ("processing", "expire"): "expired",
        ("requires_action", "expire"): "expired",
        ("unknown", "expire"): "expired",
        ("captured", "confirm"): "succeeded",
        # Taken and confirmed, and the customer's bank may still take it back without a dispute.
        ("captured", "settle"): "settling",
        ("settling", "confirm"): "succeeded",
        ("captured", "return"): "failed",
        ("settling", "return"): "failed",
        ("succeeded", "return"): "failed",
        # A success that arrives after we gave up is recorded all the same: the money was taken.
        ("failed", "capture_late"): "captured",
        ("voided", "capture_late"): "captured",
        ("expired", "capture_late"): "captured",
    },
)

OPEN = frozenset({"processing", "requires_action", "unknown", "authorized"})  # may still succeed
IN_FLIGHT = frozenset({"processing", "unknown"})  # goes on without anybody's doing
TAKEN = frozenset({"captured", "settling", "succeeded"})  # the provider has the money

PROVIDER, OFFLINE = "provider", "offline"  # who was part of it


class CaptureMode(StrEnum):
    """Whether a payment is taken as soon as it can be, or held until somebody takes it."""

    NOW = "now"
    LATER = "later"


class Ask(StrEnum):
    """What may be asked of a hold."""

    CAPTURE = "capture"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a hold and not answered yet: to take it up to a total, or to let it go.

    ``code`` is why the payment will have failed once the hold is let go; None: it will be voided.
    """

    what: Ask
    total: Money | None
    final: bool
    code: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt; ``provider_key`` makes it once at the provider, ``sent_at`` says that it may have left the house.

    ``authorized`` = captured + capturable + released, of what was held; None where nothing was held or taken. A payment
    of kind ``offline`` was recorded by staff: it came by its ``means`` under a ``reference`` and has no method.
    """

    id: PaymentId
    customer: CustomerId
    invoice: InvoiceId
    attempt_number: int
    amount: Money
    method: PaymentMethodId | None
    provider_account: str
    provider_key: str
    provider_ref: str | None
    action_url: str | None
    failure_code: str | None
    failure_hard: bool
    sent_at: datetime | None
    queries: int
    captured: Money
    refunds_reserved: Money
    disputes_reserved: Money
    posted_number: int | None
    state: State
    happened_at: datetime
    kind: str
    means: str | None
    reference: str | None
    capture_mode: CaptureMode
    authorized: Money | None
    capturable: Money
    released: Money
    returned: Money
    expires_at: datetime | None
    expected_at: datetime | None
    returnable_until: datetime | None
    asked: Asked | None
    asks: int

    @property
    def refundable(self) -> Money:
        """What a provider captured and can give back: not refunded, nor about to be, nor disputed, nor taken back."""
        if self.kind == OFFLINE or self.returned.minor:
            return Money.zero(self.amount.currency)
        return self.captured - self.refunds_reserved - self.disputes_reserved

    @property
    def left(self) -> Money:
        """What of it can be given back, also by hand: of what staff recorded too."""
        if self.kind == OFFLINE and not self.returned.minor:
            return self.captured - self.refunds_reserved
        return self.refundable

    @property
    def is_open(self) -> bool:
        """Whether it may still succeed, so that no second charge may start."""
        return self.state.name in OPEN

    @property
    def awaits_customer(self) -> bool:
        """Whether its customer is to approve it: what is let go already needs nobody's approval any more."""
        return self.state.name == "requires_action" and self.asked is None

    @property
    def is_settled(self) -> bool:
        """Whether the provider has been heard to the end: it is not asked about this payment any more."""
        return self.state.name == "succeeded" or self.state.name not in OPEN | TAKEN


def from_row(row: Row) -> Payment:
    """The payment of a row that selects all its columns."""
    currency, shard = Currency(row["currency"]), row["shard_key"]
    return Payment(
        id=PaymentId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        invoice=InvoiceId(shard, row["invoice_id"]),
        attempt_number=row["attempt_number"],
        amount=Money(row["amount"], currency),
        method=PaymentMethodId(shard, row["method_id"]) if row["method_id"] else None,
        provider_account=row["provider_account"],
        provider_key=row["provider_key"],
        provider_ref=row["provider_ref"],
        action_url=row["action_url"],
        failure_code=row["failure_code"],
        failure_hard=bool(row["failure_hard"]),
        sent_at=row["sent_at"],
        queries=row["queries"],
        captured=Money(row["captured"], currency),
        refunds_reserved=Money(row["refunds_reserved"], currency),
        disputes_reserved=Money(row["disputes_reserved"], currency),
        posted_number=row["posted_number"],
        state=State(row["state"], row["seq"]),
        happened_at=row["happened_at"],
        kind=row["kind"],
        means=row["means"],
        reference=row["reference"],
        capture_mode=CaptureMode(row["capture_mode"]),
        authorized=None if row["authorized"] is None else Money(row["authorized"], currency),
        capturable=Money(row["capturable"], currency),
        released=Money(row["released"], currency),
        returned=Money(row["returned"], currency),
        expires_at=row["expires_at"],
        expected_at=row["expected_at"],
        returnable_until=row["returnable_until"],
        asked=_asked(row, currency),
        asks=row["asks"],
    )


def _asked(row: Row, currency: Currency) -> Asked | None:
    if row["asked"] is None:
        return None
    total = None if row["asked_total"] is None else Money(row["asked_total"], currency)
    return Asked(Ask(row["asked"]), total, bool(row["asked_final"]), row["asked_code"], row["asked_sent_at"])


async def payment(db: Primary, customer: CustomerId, id: PaymentId) -> Payment:
    """The customer's payment of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, invoice_id, attempt_number, currency, amount, method_id, provider_account,
                  provider_key, provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured,
                  refunds_reserved, disputes_reserved, posted_number, state, seq, happened_at, kind, means, reference,
                  capture_mode, authorized, capturable, released, returned, expires_at, expected_at, returnable_until,
                  asked, asked_total, asked_final, asked_code, asked_sent_at, asks
             FROM payment WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such payment.", ("paymentId",))
    return from_row(row)


async def payments_of(db: Primary, customer: CustomerId, invoice: InvoiceId) -> list[Payment]:
    """The attempts at an invoice, in their order."""
    return (await payments_of_invoices(db, customer, [invoice])).get(invoice, [])


async def payments_of_invoices(
    db: Primary, customer: CustomerId, invoices: Sequence[InvoiceId]
) -> dict[InvoiceId, list[Payment]]:
    """The attempts at each of the customer's invoices that has any, in their order."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, attempt_number, currency, amount, method_id, provider_account,
                  provider_key, provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured,
                  refunds_reserved, disputes_reserved, posted_number, state, seq, happened_at, kind, means, reference,
                  capture_mode, authorized, capturable, released, returned, expires_at, expected_at, returnable_until,
                  asked, asked_total, asked_final, asked_code, asked_sent_at, asks
             FROM payment WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = ANY ($3::uuid[])
            ORDER BY invoice_id, attempt_number""",
        customer.shard,
        customer.uuid,
        [invoice.uuid for invoice in invoices],
    )
    found: dict[InvoiceId, list[Payment]] = {}
    for row in rows:
        each = from_row(row)
        found.setdefault(each.invoice, []).append(each)
    return found


async def request_of(db: Primary, customer: CustomerId, id: PaymentId) -> str:
    """The id of the request that the payment follows from, where it is one that may be told to others; else empty."""
    found = await db.fetchval(
        "SELECT request_id FROM payment WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    return found if found and is_request_id(found) else ""
