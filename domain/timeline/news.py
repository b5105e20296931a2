"""What is new about a customer: its operations in the order of its audit chain, and what each of them concerns.

The chain is written in the transaction of the operation itself, has no gaps and is kept, so that whoever knows the
number of the last entry it has seen can be told of everything after it, in order and once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from domain.db import Primary
from domain.ids import (
    CreditNoteId,
    CustomerId,
    DisputeId,
    DunningCaseId,
    InstallmentPlanId,
    InvoiceId,
    PaymentId,
    RefundId,
    SubscriptionId,
)

# Of these, a row says which invoice (and subscription) it is about, and says so for ever.
_ABOUT = (PaymentId, RefundId, DisputeId, CreditNoteId, DunningCaseId, InstallmentPlanId)
_KINDS: dict[str, type["_Named"]] = {kind.prefix: kind for kind in (InvoiceId, SubscriptionId, *_ABOUT)}
_NAMED = re.compile(rf'"((?:{"|".join(_KINDS)})_[0-9a-z]{{32}})"')
_MACHINES: dict[str, type["_Named"]] = {
    "invoice": InvoiceId,
    "subscription": SubscriptionId,
    "payment": PaymentId,
    "refund": RefundId,
    "dispute": DisputeId,
    "credit_note": CreditNoteId,
    "dunning": DunningCaseId,
    "installment_plan": InstallmentPlanId,
}


@dataclass(frozen=True, slots=True)
class News:
    """One operation on the customer and what it concerns; ``whole`` is False where its audit body was archived."""

    number: int
    at: datetime
    invoices: tuple[InvoiceId, ...]
    subscriptions: tuple[SubscriptionId, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Posting:
    """One posting: its number in the customer's ledger, and when it was recorded."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a customer has come: its last operation, its last posting, and whether events wait for their effects."""

    operations: int
    postings: int
    waiting: bool


async def standings(db: Primary, shard: int, customers: Sequence[CustomerId]) -> dict[CustomerId, Standing]:
    """How far each of these customers of one shard key has come."""
    rows = await db.fetch(
        """SELECT h.customer_id, h.audit_number, h.ledger_number,
                  EXISTS (SELECT FROM outbox_event e
                           WHERE e.shard_key = h.shard_key AND e.customer_id = h.customer_id) AS waiting
             FROM customer_head h WHERE h.shard_key = $1 AND h.customer_id = ANY ($2::uuid[])""",
        shard,
        [customer.uuid for customer in customers],
    )
    return {
        CustomerId(shard, row["customer_id"]): Standing(row["audit_number"], row["ledger_number"], row["waiting"])
        for row in rows
    }


async def standing(db: Primary, customer: CustomerId) -> Standing:
    """How far the customer has come."""
    return (await standings(db, customer.shard, [customer]))[customer]


async def postings(db: Primary, customer: CustomerId, after: int, limit: int) -> list[Posting]:
    """At most ``limit`` postings after that number, in order."""
    rows = await db.fetch(
        """SELECT number, recorded_at FROM ledger_transaction
            WHERE shard_key = $1 AND customer_id = $2 AND number > $3 ORDER BY number LIMIT $4""",
        customer.shard,
        customer.uuid,
        after,
        limit,
    )
    return [Posting(row["number"], row["recorded_at"]) for row in rows]


async def news(db: Primary, customer: CustomerId, after: int, limit: int) -> list[News]:
    """At most ``limit`` operations after that number, in order."""
    rows = await db.fetch(
        """SELECT e.number, e.recorded_at, b.body
             FROM audit_entry e
             LEFT JOIN LATERAL (  -- one by one: where few are expected, all bodies were read for each entry
                   SELECT body FROM audit_body
                    WHERE shard_key = e.shard_key AND customer_id = e.customer_id
                      AND number = e.number AND recorded_at = e.recorded_at
                   OFFSET 0) b ON true
            WHERE e.shard_key = $1 AND e.customer_id = $2 AND e.number > $3 ORDER BY e.number LIMIT $4""",
        customer.shard,
        customer.uuid,
        after,
        limit,
    )
    named = [_named(customer, row["body"]) for row in rows]
    about = await _about(db, customer, {id for ids in named for id in ids if isinstance(id, _ABOUT)})
    found = []
    for row, ids in zip(rows, named, strict=True):
        concerned = ids.union(*(about.get(id.uuid, frozenset()) for id in ids))
        invoices = sorted(id for id in concerned if isinstance(id, InvoiceId))
        subscriptions = sorted(id for id in concerned if isinstance(id, SubscriptionId))
        whole = row["body"] is not None
        found.append(News(row["number"], row["recorded_at"], tuple(invoices), tuple(subscriptions), whole))
    return found


_Named = (
    InvoiceId | SubscriptionId | PaymentId | RefundId | DisputeId | CreditNoteId | DunningCaseId | InstallmentPlanId
)


def _named(customer: CustomerId, body: str | None) -> frozenset[_Named]:
    """What an entry names: in its command, in its outcome, and among the states that it changed."""
    if body is None:
        return frozenset()
    named: set[_Named] = {_KINDS[text.partition("_")[0]].parse(text) for text in _NAMED.findall(body)}
    for change in msgspec.json.decode(body)["changes"]:
        if kind := _MACHINES.get(change["machine"]):
            named.add(kind(customer.shard, UUID(change["entity"])))
    return frozenset(id for id in named if id.shard == customer.shard)


async def _about(
    db: Primary, customer: CustomerId, ids: set[_Named]
) -> dict[UUID, frozenset[InvoiceId | SubscriptionId]]:
    """The invoice, and the subscription where it says one, that each payment, refund, note or case is about."""
    if not ids:
        return {}
    rows = await db.fetch(
        """SELECT p.id, p.invoice_id, NULL::uuid AS subscription_id FROM payment p
            WHERE p.shard_key = $1 AND p.customer_id = $2 AND p.id = ANY ($3::uuid[])
           UNION ALL
           SELECT r.id, p.invoice_id, NULL FROM refund r
             JOIN payment p ON p.shard_key = r.shard_key AND p.id = r.payment_id
            WHERE r.shard_key = $1 AND r.customer_id = $2 AND r.id = ANY ($3::uuid[])
           UNION ALL
           SELECT o.id, o.of_invoice_id, NULL FROM refund o
            WHERE o.shard_key = $1 AND o.customer_id = $2 AND o.id = ANY ($3::uuid[])
           UNION ALL
           SELECT d.id, p.invoice_id, NULL FROM dispute d
             JOIN payment p ON p.shard_key = d.shard_key AND p.id = d.payment_id
            WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.id = ANY ($3::uuid[])
           UNION ALL
           SELECT n.id, n.invoice_id, NULL FROM credit_note n
            WHERE n.shard_key = $1 AND n.customer_id = $2 AND n.id = ANY ($3::uuid[])
           UNION ALL
           SELECT c.id, c.invoice_id, c.subscription_id FROM dunning_case c
            WHERE c.shard_key = $1 AND c.customer_id = $2 AND c.id = ANY ($3::uuid[])
           UNION ALL
           SELECT i.id, i.invoice_id, NULL FROM installment_plan i
            WHERE i.shard_key = $1 AND i.customer_id = $2 AND i.id = ANY ($3::uuid[])""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    about: dict[UUID, frozenset[InvoiceId | SubscriptionId]] = {}
    for row in rows:
        concerned: set[InvoiceId | SubscriptionId] = set()
        if row["invoice_id"] is not None:
            concerned.add(InvoiceId(customer.shard, row["invoice_id"]))
        if row["subscription_id"] is not None:
            concerned.add(SubscriptionId(customer.shard, row["subscription_id"]))
        about[row["id"]] = about.get(row["id"], frozenset()) | concerned
    return about
