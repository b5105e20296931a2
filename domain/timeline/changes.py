"""What happened to a customer, for the customer to read: from histories alone, without personal data, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.db import Replica, Row
from domain.ids import CreditNoteId, CustomerId, InvoiceId, PaymentId, PlanId, RefundId, SubscriptionId
from domain.ledger.statement import EVER, Span
from domain.money import Currency, Money


class What(StrEnum):
    """Kinds of changes."""

    SUBSCRIPTION_STARTED = "subscription_started"
    SUBSCRIPTION_ACTIVATED = "subscription_activated"
    SUBSCRIPTION_EXPIRED = "subscription_expired"
    TRIAL_STARTED = "trial_started"
    TRIAL_CONVERTED = "trial_converted"
    PLAN_CHANGED = "plan_changed"
    PRICE_CHANGED = "price_changed"
    QUANTITY_CHANGED = "quantity_changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLATION_SCHEDULED = "cancellation_scheduled"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    SUBSCRIPTION_ENDED = "subscription_ended"
    PAYMENT_OVERDUE = "payment_overdue"
    GRACE_STARTED = "grace_started"
    ACCESS_SUSPENDED = "access_suspended"
    RECOVERED = "recovered"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_PAID = "invoice_paid"
    INVOICE_VOIDED = "invoice_voided"
    INVOICE_WRITTEN_OFF = "invoice_written_off"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_NEEDS_ACTION = "payment_needs_action"
    REFUND_REQUESTED = "refund_requested"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    CREDIT_NOTE_ISSUED = "credit_note_issued"
    CREDIT_NOTE_VOIDED = "credit_note_voided"
    CONTRACT_SIGNED = "contract_signed"
    CONTRACT_ENDING = "contract_ending"
    CONTRACT_ENDED = "contract_ended"
    CONTRACT_CANCELED = "contract_canceled"


# Which moves of which machine a customer is told of, and as what; all others are inner steps.
TOLD: dict[tuple[str, str], What] = {
    ("subscription", "start"): What.SUBSCRIPTION_STARTED,
    ("subscription", "activate"): What.SUBSCRIPTION_ACTIVATED,
    ("subscription", "expire"): What.SUBSCRIPTION_EXPIRED,
    ("subscription", "start_trial"): What.TRIAL_STARTED,
    ("subscription", "convert"): What.TRIAL_CONVERTED,
    ("subscription", "pause"): What.PAUSED,
    ("subscription", "resume"): What.RESUMED,
    ("subscription", "schedule_cancel"): What.CANCELLATION_SCHEDULED,
    ("subscription", "reactivate"): What.CANCELLATION_WITHDRAWN,
    ("subscription", "reactivate_trial"): What.CANCELLATION_WITHDRAWN,
    ("subscription", "cancel"): What.SUBSCRIPTION_ENDED,
    ("subscription", "give_up"): What.SUBSCRIPTION_ENDED,
    ("subscription", "payment_failed"): What.PAYMENT_OVERDUE,
    ("subscription", "retries_exhausted"): What.GRACE_STARTED,
    ("subscription", "suspend"): What.ACCESS_SUSPENDED,
    ("subscription", "recover"): What.RECOVERED,
    ("invoice", "finalize"): What.INVOICE_ISSUED,
    ("invoice", "pay"): What.INVOICE_PAID,
    ("invoice", "void"): What.INVOICE_VOIDED,
    ("invoice", "write_off"): What.INVOICE_WRITTEN_OFF,
    ("payment", "capture"): What.PAYMENT_SUCCEEDED,
    ("payment", "capture_late"): What.PAYMENT_SUCCEEDED,
    ("payment", "fail"): What.PAYMENT_FAILED,
    ("payment", "require_action"): What.PAYMENT_NEEDS_ACTION,
    ("refund", "request"): What.REFUND_REQUESTED,
    ("refund", "succeed"): What.REFUND_SUCCEEDED,
    ("refund", "fail"): What.REFUND_FAILED,
    ("refund", "revoke"): What.REFUND_FAILED,
    ("refund", "succeed_late"): What.REFUND_SUCCEEDED,
    ("credit_note", "issue"): What.CREDIT_NOTE_ISSUED,
    ("credit_note", "void"): What.CREDIT_NOTE_VOIDED,
    ("contract", "sign"): What.CONTRACT_SIGNED,
    ("contract", "announce"): What.CONTRACT_ENDING,
    ("contract", "end"): What.CONTRACT_ENDED,
    ("contract", "cancel"): What.CONTRACT_CANCELED,
}

TERMS_TURN = 50  # new terms come after the payment that they waited for
# Which comes first of what one operation did: the cause, the document, the money, what that settles, and the rest.
_TURNS = {
    What.SUBSCRIPTION_STARTED: 0, What.TRIAL_STARTED: 0, What.TRIAL_CONVERTED: 0, What.RESUMED: 0,
    What.INVOICE_ISSUED: 10, What.CREDIT_NOTE_ISSUED: 10, What.PAYMENT_SUCCEEDED: 20, What.PAYMENT_FAILED: 20,
    What.INVOICE_PAID: 30, What.INVOICE_VOIDED: 30, What.INVOICE_WRITTEN_OFF: 30,
}  # fmt: skip
OTHER_TURN = 60  # what follows from the others

Place = tuple[datetime, datetime, int, UUID, int]


@dataclass(frozen=True, slots=True)
class Side:
    """Terms before or after a change."""

    plan: PlanId
    unit_amount: Money
    quantity: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``amount`` and ``number`` are those of the document or payment, before and after those of terms."""

    what: What
    happened_at: datetime
    place: Place
    subscription: SubscriptionId | None
    invoice: InvoiceId | None
    payment: PaymentId | None
    refund: RefundId | None
    credit_note: CreditNoteId | None
    number: str | None
    amount: Money | None
    before: Side | None
    after: Side | None


async def changes(
    db: Replica, customer: CustomerId, limit: int, after: Place | None = None, span: Span = EVER
) -> Sequence[Change]:
    """At most ``limit`` changes of the span that come behind the place: by business time, newest first."""
    rows = await db.fetch(
        """WITH moved AS (  -- in the order of an index, and no further than the page
               SELECT t.happened_at, t.recorded_at, ($4::int[])[k.place] AS turn, t.entity_id, t.seq, t.machine, t.event
                 FROM transition t
                CROSS JOIN LATERAL (SELECT array_position($3::text[], t.machine || ' ' || t.event) AS place) k
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.happened_at < coalesce($7, 'infinity'::timestamptz)
                  AND k.place IS NOT NULL AND t.happened_at >= coalesce($6, '-infinity'::timestamptz)
                  AND t.happened_at <= coalesce($8, 'infinity'::timestamptz)
                  AND ($8 IS NULL OR (t.happened_at, t.recorded_at, ($4::int[])[k.place], t.entity_id, t.seq)
                                     < ($8, $9::timestamptz, $10::int, $11::uuid, $12::int))
                ORDER BY 1 DESC, 2 DESC, 3 DESC, 4 DESC, 5 DESC LIMIT $13),
           page AS (
               SELECT happened_at, recorded_at, turn, entity_id, seq, machine, event FROM moved
               UNION ALL
               SELECT s.effective_at, s.recorded_at, $5::int, s.subscription_id, s.seq, 'terms', s.cause
                 FROM subscription_terms s
                WHERE s.shard_key = $1 AND s.customer_id = $2 AND s.effective_at < coalesce($7, 'infinity'::timestamptz)
                  AND s.seq > 1 AND s.effective_at >= coalesce($6, '-infinity'::timestamptz)
                  AND ($8 IS NULL OR (s.effective_at, s.recorded_at, $5::int, s.subscription_id, s.seq)
                                     < ($8, $9::timestamptz, $10::int, $11::uuid, $12::int))
                ORDER BY 1 DESC, 2 DESC, 3 DESC, 4 DESC, 5 DESC LIMIT $13)
           SELECT g.happened_at, g.recorded_at, g.turn, g.entity_id, g.seq, g.machine, g.event,
                  coalesce(i.subscription_id, p.subscription_id, s.subscription_id) AS subscription_id,
                  coalesce(i.id, p.id) AS invoice_id, coalesce(x.id, r.payment_id) AS payment_id, r.id AS refund_id,
                  n.id AS credit_note_id, coalesce(n.number_text, i.number_text, p.number_text) AS number,
                  coalesce(n.currency, i.currency, x.currency, r.currency, s.currency) AS currency,
                  coalesce(n.total, i.total, x.amount, r.amount) AS amount, s.quantity, s.unit_amount,
                  a.plan_id, o.quantity AS old_quantity, o.unit_amount AS old_amount, b.plan_id AS old_plan_id
             FROM page g
             LEFT JOIN credit_note n ON g.machine = 'credit_note' AND n.shard_key = $1 AND n.id = g.entity_id
             LEFT JOIN refund r ON g.machine = 'refund' AND r.shard_key = $1 AND r.id = g.entity_id
             LEFT JOIN payment x ON g.machine = 'payment' AND x.shard_key = $1 AND x.id = g.entity_id
             LEFT JOIN invoice i ON g.machine = 'invoice' AND i.shard_key = $1 AND i.id = g.entity_id
             LEFT JOIN invoice p ON p.shard_key = $1 AND p.id = coalesce(n.invoice_id, x.invoice_id)
             LEFT JOIN subscription_terms s ON g.machine = 'terms' AND s.shard_key = $1
                                           AND s.subscription_id = g.entity_id AND s.seq = g.seq
             LEFT JOIN subscription_terms o ON g.machine = 'terms' AND o.shard_key = $1
                                           AND o.subscription_id = g.entity_id AND o.seq = s.previous_seq
             LEFT JOIN price a ON a.id = s.price_id
             LEFT JOIN price b ON b.id = o.price_id
            ORDER BY g.happened_at DESC, g.recorded_at DESC, g.turn DESC, g.entity_id DESC, g.seq DESC""",
        customer.shard, customer.uuid, [f"{machine} {event}" for machine, event in TOLD],
        [_TURNS.get(what, OTHER_TURN) for what in TOLD.values()], TERMS_TURN,
        span.since, span.until, *(after or (None, None, None, None, None)), limit,
    )  # fmt: skip
    return [_change(customer.shard, row) for row in rows]


async def count_changes(db: Replica, customer: CustomerId, cap: int, span: Span = EVER) -> int:
    """How many changes there are in the span; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (
               SELECT 1 AS one FROM transition t
                 JOIN unnest($3::text[], $4::text[]) AS k (machine, event)
                   ON k.machine = t.machine AND k.event = t.event
                WHERE t.shard_key = $1 AND t.customer_id = $2 AND ($5::timestamptz IS NULL OR t.happened_at >= $5)
                  AND ($6::timestamptz IS NULL OR t.happened_at < $6)
               UNION ALL
               SELECT 1 FROM subscription_terms s
                WHERE s.shard_key = $1 AND s.customer_id = $2 AND s.seq > 1
                  AND ($5::timestamptz IS NULL OR s.effective_at >= $5)
                  AND ($6::timestamptz IS NULL OR s.effective_at < $6)
               LIMIT $7) AS c""",
        customer.shard,
        customer.uuid,
        *_told(),
        span.since,
        span.until,
        cap,
    )
    return count


def _told() -> tuple[list[str], list[str]]:
    return [machine for machine, _ in TOLD], [event for _, event in TOLD]


def _change(shard: int, row: Row) -> Change:
    before, after = _side(row, "old_plan_id", "old_amount", "old_quantity"), _side(row)
    subscription = row["entity_id"] if row["machine"] in ("subscription", "terms") else row["subscription_id"]
    return Change(
        what=_of_terms(before, after) if before and after else TOLD[row["machine"], row["event"]],
        happened_at=row["happened_at"],
        place=(row["happened_at"], row["recorded_at"], row["turn"], row["entity_id"], row["seq"]),
        subscription=SubscriptionId(shard, subscription) if subscription else None,
        invoice=InvoiceId(shard, row["invoice_id"]) if row["invoice_id"] else None,
        payment=PaymentId(shard, row["payment_id"]) if row["payment_id"] else None,
        refund=RefundId(shard, row["refund_id"]) if row["refund_id"] else None,
        credit_note=CreditNoteId(shard, row["credit_note_id"]) if row["credit_note_id"] else None,
        number=row["number"],
        amount=Money(row["amount"], Currency(row["currency"])) if row["amount"] is not None else None,
        before=before,
        after=after,
    )


def _side(row: Row, plan: str = "plan_id", amount: str = "unit_amount", quantity: str = "quantity") -> Side | None:
    if row[plan] is None:
        return None
    return Side(PlanId(row[plan]), Money(row[amount], Currency(row["currency"])), row[quantity])


def _of_terms(before: Side, after: Side) -> What:
    if before.plan != after.plan:
        return What.PLAN_CHANGED
    return What.QUANTITY_CHANGED if before.quantity != after.quantity else What.PRICE_CHANGED
