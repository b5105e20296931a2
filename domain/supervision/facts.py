"""Where a saga stands by the facts: subscription, invoice, payments and refunds as they are, whatever was told."""

from dataclasses import dataclass
from datetime import datetime

from domain import due as due_work
from domain.db import Tx
from domain.dunning.case import case_of
from domain.ids import InvoiceId, PaymentId, RefundId
from domain.invoices.billing_terms import AUTOMATIC
from domain.invoices.credit_note import credit_notes_of
from domain.invoices.credit_whole import TOO_LATE
from domain.invoices.invoice import Invoice, invoice
from domain.payments.doubt import is_in_doubt
from domain.payments.outlook import resolves_by
from domain.payments.payment import Payment, payments_of
from domain.payments.refund import FINAL
from domain.payments.still_open import SEND, is_to_be_barred
from domain.payments.under_way import with_adjustments
from domain.sagas.definition import SagaKind
from domain.sagas.saga import Saga
from domain.subscriptions.subscription import Subscription, subscription

COMPLETE, UNDO = "complete", "undo"
FAILED = "The refund failed: decide on its exception."
UNKNOWN = "Nobody knows what became of the refund: decide on its exception."
IN_DOUBT = "Nobody knows what became of the payment: decide on its exception."
DOUBTS = frozenset({FAILED, UNKNOWN, IN_DOUBT})
"""What people decide elsewhere: it goes on when they have."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The ``step`` that is to be done now, or how it is ``over``: COMPLETE, or UNDO where nothing is left to take back.

    While an outcome is open, ``until`` is when it will be known at the latest: nothing is done before. ``doubt`` is
    what people decide already. ``invoice`` may be a draft yet.
    """

    step: str
    over: str | None = None
    until: datetime | None = None
    doubt: str | None = None
    invoice: InvoiceId | None = None
    payment: PaymentId | None = None
    refund: RefundId | None = None


async def facts_of(tx: Tx, of: Saga) -> Facts:
    """What holds now."""
    if of.kind is SagaKind.REFUND_AND_CANCEL:
        return await _of_refunds(tx, of)
    subscribed = await subscription(tx, tx.customer, of.subscription)
    if of.kind is SagaKind.TRIAL:
        return await _of_trial(tx, of, subscribed)
    assert of.invoice is not None, "what is paid for has an invoice"
    due = await invoice(tx, tx.customer, of.invoice)
    if of.kind is SagaKind.PURCHASE:
        return await _of_purchase(tx, of, subscribed, due)
    return await _of_change(tx, of, subscribed, due)


async def _of_purchase(tx: Tx, of: Saga, subscribed: Subscription, first: Invoice) -> Facts:
    if subscribed.state.name == "incomplete":
        return await _of_invoice(tx, first, "activate", "charge")
    ended = subscribed.state.name == "incomplete_expired" or (subscribed.ended_at and first.state.name == "void")
    return Facts(of.step, UNDO if ended else COMPLETE)


async def _of_change(tx: Tx, of: Saga, subscribed: Subscription, charged: Invoice) -> Facts:
    if subscribed.pending_invoice == charged.id:
        if charged.state.name == "void":  # with the subscription, which ended
            return Facts(of.step, UNDO)
        return await _of_invoice(tx, charged, "apply", "charge")
    notes = (await credit_notes_of(tx, tx.customer, [charged.id])).get(charged.id, [])
    late = any(each.kind == TOO_LATE for each in notes)
    return Facts(of.step, UNDO if late or charged.state.name == "void" else COMPLETE)


async def _of_invoice(tx: Tx, due: Invoice, paid: str, unpaid: str) -> Facts:
    """Whether it is paid; if not, until when a payment of it may still succeed, or of an adjustment of its tax."""
    attempts = await payments_of(tx, tx.customer, due.id)
    last = attempts[-1].id if attempts else None
    if due.state.name == "paid":
        return Facts(paid, invoice=due.id, payment=last)
    _, *adjustments = await with_adjustments(tx, due)
    for id in adjustments:
        attempts += await payments_of(tx, tx.customer, id)
    doubt = IN_DOUBT if await is_in_doubt(tx, [each.id for each in attempts]) else None
    return Facts(unpaid, until=await _known_by(tx, attempts), doubt=doubt, invoice=due.id, payment=last)


async def _known_by(tx: Tx, attempts: list[Payment]) -> datetime | None:
    """When what may still be taken is known; of what staff took for not charged, when the provider is asked again."""
    known = [resolves_by(each, tx.recorded_at) for each in attempts]
    for each in attempts:
        if is_to_be_barred(each) and (asked := await due_work.find(tx, tx.customer, SEND, each.id.uuid)) is not None:
            known.append(asked.due_at)
    return max((each for each in known if each), default=None)


async def _of_trial(tx: Tx, of: Saga, subscribed: Subscription) -> Facts:
    if subscribed.period.start < (subscribed.trial_end or subscribed.period.start) and subscribed.ended_at is None:
        return Facts("convert", UNDO if subscribed.state.name == "paused" else None)
    row = await tx.fetchrow(
        """SELECT id, true AS issued FROM invoice
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'renewal'
              AND period_start = $4
           UNION ALL
           SELECT id, false FROM invoice_draft
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND reason = 'renewal'
              AND period_start = $4 LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        subscribed.id.uuid,
        subscribed.trial_end,
    )
    if row is None:  # it ended with the trial, or its draft was taken back with it
        return Facts(of.step, UNDO if subscribed.ended_at else COMPLETE)
    first = InvoiceId(tx.customer.shard, row["id"])
    if not row["issued"]:
        return Facts("bill", invoice=first)
    billed = await _of_invoice(tx, await invoice(tx, tx.customer, first), "paid", "collect")
    if billed.step == "collect" and billed.until is None and billed.doubt is None and not subscribed.ended_at:
        unpaid = await invoice(tx, tx.customer, first)
        owed = unpaid.state.name == "open" and unpaid.collection == AUTOMATIC  # on account, its day is waited for
        return billed if owed and await case_of(tx, tx.customer, first) is None else Facts("collect", COMPLETE)
    return billed if billed.until or billed.doubt else Facts("collect", UNDO if subscribed.ended_at else COMPLETE)


async def _of_refunds(tx: Tx, of: Saga) -> Facts:
    assert of.credit_note is not None, "what is given back has a credit note"
    rows = await tx.fetch(
        """SELECT r.id, r.payment_id, r.state, d.due_at, e.kind
             FROM refund r
             LEFT JOIN due_work d ON d.shard_key = r.shard_key AND d.customer_id = r.customer_id
                                 AND d.kind = 'send_refund' AND d.subject = r.id
             LEFT JOIN exception_case e ON e.shard_key = r.shard_key AND e.subject = r.id AND e.state <> 'resolved'
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.credit_note_id = $3 ORDER BY r.id""",
        tx.customer.shard,
        tx.customer.uuid,
        of.credit_note.uuid,
    )
    open_ones = [row for row in rows if row["state"] not in FINAL]
    doubted = next((row for row in rows if row["kind"] is not None), None)
    if doubted is not None:
        doubt = FAILED if doubted["kind"] == "refund_failed" else UNKNOWN
        return Facts(of.step, doubt=doubt, payment=PaymentId(of.id.shard, doubted["payment_id"]))
    if not open_ones:
        failed = any(row["state"] != "succeeded" for row in rows)
        return Facts(of.step, UNDO if failed else COMPLETE)
    first = open_ones[0]
    asked = [row["due_at"] for row in open_ones if row["due_at"]]
    return Facts(
        of.step,
        until=max(asked, default=None),
        payment=PaymentId(of.id.shard, first["payment_id"]),
        refund=RefundId(of.id.shard, first["id"]),
    )
