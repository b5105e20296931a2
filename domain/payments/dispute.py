"""Disputes: what a cardholder takes back through the bank, how it stands, and what was asked of the provider for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.db import Primary, Row
from domain.ids import CustomerId, DisputeId, PaymentId, PaymentMethodId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.payments.dispute_policy import OnLost, OnOpen
from domain.refusals import RefusalCode, Refused

DISPUTE = Machine(
    "dispute",
    {
        ("new", "open"): "open",
        ("open", "submit"): "evidence_submitted",
        ("open", "win"): "won",
        ("open", "lose"): "lost",
        ("evidence_submitted", "win"): "won",
        ("evidence_submitted", "lose"): "lost",
        # The cardholder's bank may think again: the money is there, so it is recorded all the same.
        ("lost", "win_late"): "won",
    },
)

ASK_DISPUTE = "ask_dispute"  # answering it, and asking the provider how it stands


class AnswerKind(StrEnum):
    """What may be asked of the provider for a dispute."""

    EVIDENCE = "evidence"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute of one payment. ``covered`` of its amount is reserved on the payment while it is open or lost; the
    excess was more than what was left of the payment, and counts as lost until the dispute is won.

    ``asked`` is an answer that the provider has not confirmed; ``asks`` counts the answers. ``refused_code`` is why the
    provider did not take the last one.
    """

    id: DisputeId
    customer: CustomerId
    payment: PaymentId
    provider_account: str
    provider_ref: str
    amount: Money
    covered: Money
    fee: Money
    reason: str
    due_at: datetime
    on_open: OnOpen
    on_lost: OnLost | None
    asked: AnswerKind | None
    asked_sent_at: datetime | None
    asks: int
    refused_code: str | None
    queries: int
    state: State
    happened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet."""
        return self.closed_at is None

    @property
    def excess(self) -> Money:
        """What of it exceeds what was left of the payment; nothing of one that was won."""
        return self.amount - self.covered if self.state.name != "won" else Money.zero(self.amount.currency)


def dispute_from(row: Row) -> Dispute:
    """The dispute of a row that selects all its columns."""
    shard, currency = row["shard_key"], Currency(row["currency"])
    return Dispute(
        id=DisputeId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        payment=PaymentId(shard, row["payment_id"]),
        provider_account=row["provider_account"],
        provider_ref=row["provider_ref"],
        amount=Money(row["amount"], currency),
        covered=Money(row["covered"], currency),
        fee=Money(row["fee"], currency),
        reason=row["reason"],
        due_at=row["due_at"],
        on_open=OnOpen(row["on_open"]),
        on_lost=OnLost(row["on_lost"]) if row["on_lost"] else None,
        asked=AnswerKind(row["asked"]) if row["asked"] else None,
        asked_sent_at=row["asked_sent_at"],
        asks=row["asks"],
        refused_code=row["refused_code"],
        queries=row["queries"],
        state=State(row["state"], row["seq"]),
        happened_at=row["happened_at"],
        closed_at=row["closed_at"],
    )


async def dispute(db: Primary, customer: CustomerId, id: DisputeId) -> Dispute:
    """The customer's dispute of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, payment_id, provider_account, provider_ref, currency, amount, covered,
                  fee, reason, due_at, on_open, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq,
                  happened_at, closed_at
             FROM dispute WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None or id.shard != customer.shard:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such dispute.", ("disputeId",))
    return dispute_from(row)


async def dispute_of(db: Primary, customer: CustomerId, account: str, provider_ref: str) -> Dispute | None:
    """The customer's dispute that the provider account knows under its own id, or None."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, payment_id, provider_account, provider_ref, currency, amount, covered,
                  fee, reason, due_at, on_open, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq,
                  happened_at, closed_at
             FROM dispute
            WHERE shard_key = $1 AND customer_id = $2 AND provider_account = $3 AND provider_ref = $4""",
        customer.shard,
        customer.uuid,
        account,
        provider_ref,
    )
    return dispute_from(row) if row else None


async def disputes_of_payments(
    db: Primary, customer: CustomerId, payments: Sequence[PaymentId]
) -> dict[PaymentId, list[Dispute]]:
    """The disputes of each of the customer's payments that has any, oldest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, payment_id, provider_account, provider_ref, currency, amount, covered,
                  fee, reason, due_at, on_open, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq,
                  happened_at, closed_at
             FROM dispute WHERE shard_key = $1 AND customer_id = $2 AND payment_id = ANY ($3::uuid[]) ORDER BY id""",
        customer.shard,
        customer.uuid,
        [payment.uuid for payment in payments],
    )
    found: dict[PaymentId, list[Dispute]] = {}
    for row in rows:
        each = dispute_from(row)
        found.setdefault(each.payment, []).append(each)
    return found


async def disputed_methods(db: Primary, customer: CustomerId) -> set[PaymentMethodId]:
    """The customer's payment methods with a payment that is in dispute now, undecided."""
    rows = await db.fetch(
        """SELECT DISTINCT p.method_id
             FROM dispute d
             JOIN payment p ON p.shard_key = d.shard_key AND p.id = d.payment_id
            WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.closed_at IS NULL AND p.method_id IS NOT NULL""",
        customer.shard,
        customer.uuid,
    )
    return {PaymentMethodId(customer.shard, row["method_id"]) for row in rows}
