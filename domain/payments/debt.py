"""Debt that blocks: derived from invoices, attempts and policy at an instant, so nothing is written when a day passes.

What is asked of the past is answered by what was so then: paying, a credit note or another policy changes it from then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.customers.family import ancestors, by_shard, family_of
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, InvoiceId
from domain.money import Currency, Money
from domain.payments.debt_policy import DebtRules, DebtScope, debt_rules
from domain.payments.grace_rule import rule_for, whereabouts
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Overdue:
    """What was due on an invoice, since when it was to be paid (or was owed again), and since when that blocks."""

    customer: CustomerId
    invoice: InvoiceId
    number: str
    due: Money
    owed_since: datetime
    blocks_since: datetime


@dataclass(frozen=True, slots=True)
class DebtBlock:
    """Why a customer may not use what it has: ``owed`` of its own, on ``invoices``, oldest first.

    ``by_family``: others of its family owe too, of whom it is told no more than that.
    """

    since: datetime
    owed: Money
    invoices: tuple[Overdue, ...]
    by_family: bool


async def debt_block(db: Primary, customer: CustomerId, at: datetime) -> DebtBlock | None:
    """Whether debt blocks the customer at an instant of its own time; for one to come, as if nothing happened.

    Whatever the tenant's rules say, access does not end sooner than the law of the customer's country lets it.
    """
    rules = await debt_rules(db, customer, at)
    if rules is None or rules.policy.days is None:
        return None
    whose = await _whose(db, customer, rules.policy.scope, at)
    grace = await _grace(db, customer, rules)
    wait = max(timedelta(days=rules.policy.days), grace)
    found = [
        each
        for shard, uuids in by_shard(whose).items()
        for each in await overdue(db, shard, uuids, rules.currency, at, wait, grace)
        if each.blocks_since <= at
    ]
    return _block(customer, rules, found)


async def _grace(db: Primary, customer: CustomerId, rules: DebtRules) -> timedelta:
    rule = await rule_for(db, rules.tenant, *await whereabouts(db, customer), rules.known_at)
    return timedelta(days=rule.least_days if rule else 0)


async def _whose(db: Primary, customer: CustomerId, scope: DebtScope, at: datetime) -> list[CustomerId]:
    if scope is DebtScope.OWN:
        return [customer]
    if isinstance(db, Tx):
        db.many_keys_reason = "the debt of a family is looked at under each member's key; nothing is written there"
    if scope is DebtScope.PARENTS:
        return [customer, *await ancestors(db, customer, at)]
    return await family_of(db, customer, at)


def _block(customer: CustomerId, rules: DebtRules, found: Sequence[Overdue]) -> DebtBlock | None:
    """It blocks from when on the oldest debts together were more than is tolerated."""
    together, since = Money.zero(rules.currency), None
    for each in sorted(found, key=lambda each: (each.blocks_since, each.invoice)):
        together += each.due
        if since is None and together > rules.policy.tolerates(rules.currency):
            since = each.blocks_since
    if since is None:
        return None
    own = sorted((each for each in found if each.customer == customer), key=lambda each: (each.owed_since, each.number))
    owed = sum((each.due for each in own), Money.zero(rules.currency))
    return DebtBlock(max(since, rules.since or since), owed, tuple(own), len(own) < len(found))


async def overdue(
    db: Primary, shard: int, customers: Sequence[UUID], currency: Currency, at: datetime, wait: timedelta,
    grace: timedelta,
) -> list[Overdue]:  # fmt: skip
    """What these customers of one shard key owed for longer than ``wait``, but for what an attempt might still bring.

    What is paid in parts does not block while its plan is kept. An attempt that only the customer can bring on brings
    nothing by itself; one that was under way when the time was over puts the block off until it failed. Of what we
    collect ourselves ``grace`` runs from the first failure: before that the customer had nothing to pay.
    """
    rows = await db.fetch(
        """WITH owed AS (
               SELECT i.shard_key, i.customer_id, i.id, i.number_text, i.collection,
                      greatest(i.due_at, s.happened_at) AS owed_since
                 FROM invoice i
                 JOIN LATERAL (SELECT h.to_state, h.happened_at FROM transition h
                                WHERE h.shard_key = i.shard_key AND h.entity_id = i.id AND h.happened_at <= $4
                                ORDER BY h.seq DESC LIMIT 1) s ON s.to_state = 'open'
                WHERE i.shard_key = $1 AND i.customer_id = ANY ($2::uuid[]) AND i.currency = $3
                  AND greatest(i.due_at, s.happened_at) <= $5
                  AND NOT EXISTS (SELECT FROM installment_plan q
                                   WHERE q.shard_key = i.shard_key AND q.customer_id = i.customer_id
                                     AND q.invoice_id = i.id AND q.made_at <= $4
                                     AND (q.ended_at IS NULL OR q.ended_at > $4)))
           SELECT o.customer_id, o.id, o.number_text, o.owed_since, tried.failed_at,
                  CASE WHEN o.collection = 'charge' THEN tried.first_failed_at END AS first_failed_at
             FROM owed o
             JOIN LATERAL (SELECT count(*) FILTER (WHERE l.to_state IN ('processing', 'unknown', 'authorized'))
                                      AS hopes,
                                  max(l.happened_at) FILTER (WHERE p.happened_at < o.owed_since + $6 AND l.to_state IN
                                      ('failed', 'voided', 'expired', 'requires_action')) AS failed_at,
                                  min(l.happened_at) FILTER (WHERE p.happened_at < o.owed_since + $6 AND l.to_state IN
                                      ('failed', 'voided', 'expired', 'requires_action')) AS first_failed_at
                             FROM payment p
                             JOIN LATERAL (SELECT h.to_state, h.happened_at FROM transition h
                                            WHERE h.shard_key = p.shard_key AND h.entity_id = p.id
                                              AND h.happened_at <= $4 ORDER BY h.seq DESC LIMIT 1) l ON true
                            WHERE p.shard_key = o.shard_key AND p.customer_id = o.customer_id AND p.invoice_id = o.id
                          ) tried ON tried.hopes = 0""",
        shard, list(customers), str(currency), at, at - wait, wait,
    )  # fmt: skip
    due = await _due(db, shard, [row["id"] for row in rows], currency, at) if rows else {}
    return [
        Overdue(
            CustomerId(shard, row["customer_id"]), InvoiceId(shard, row["id"]), row["number_text"], due[row["id"]],
            row["owed_since"], _blocks_since(row, wait, grace),
        )
        for row in rows
        if due[row["id"]].minor > 0
    ]  # fmt: skip


def _blocks_since(row: Row, wait: timedelta, grace: timedelta) -> datetime:
    owed: datetime = row["owed_since"]
    return max(owed + wait, row["failed_at"] or owed, (row["first_failed_at"] or owed) + grace)


async def _due(
    db: Primary, shard: int, invoices: Sequence[UUID], currency: Currency, at: datetime
) -> dict[UUID, Money]:
    """What was due then on invoices that were open, from documents and ledger: without credit, notes and money."""
    rows = await db.fetch(
        """SELECT i.id,
                  i.total
                  - (SELECT coalesce(sum(f.amount), 0) FROM ledger_transfer f
                      WHERE f.shard_key = i.shard_key AND f.customer_id = i.customer_id AND f.number = i.posted_number
                        AND f.debit_kind = 'customer_credit' AND f.credit_kind = 'receivable')
                  - (SELECT coalesce(sum(n.reduced), 0) FROM credit_note n
                       LEFT JOIN ledger_transaction v ON v.shard_key = n.shard_key AND v.customer_id = n.customer_id
                                                     AND v.number = n.voided_number
                      WHERE n.shard_key = i.shard_key AND n.customer_id = i.customer_id AND n.invoice_id = i.id
                        AND n.issued_at <= $3 AND (v.happened_at IS NULL OR v.happened_at > $3))
                  - (SELECT coalesce(sum(CASE WHEN f.credit_kind = 'receivable' THEN f.amount
                                              WHEN f.debit_kind = 'receivable' THEN -f.amount END), 0)
                       FROM payment p
                       JOIN ledger_transaction t ON t.shard_key = p.shard_key AND t.customer_id = p.customer_id
                                                AND t.cause_id = p.id AND t.happened_at <= $3
                                                AND t.cause IN ('payment.captured', 'payment.returned',
                                                                'payment.withdrawn')
                       JOIN ledger_transfer f ON f.shard_key = t.shard_key AND f.customer_id = t.customer_id
                                             AND f.number = t.number
                      WHERE p.shard_key = i.shard_key AND p.customer_id = i.customer_id AND p.invoice_id = i.id)
                  AS due
             FROM invoice i WHERE i.shard_key = $1 AND i.id = ANY ($2::uuid[])""",
        shard,
        list(invoices),
        at,
    )
    return {row["id"]: Money(int(row["due"]), currency) for row in rows}


async def require_no_debt(tx: Tx) -> None:
    """BLOCKED_BY_DEBT for a customer that may not use more before it has paid."""
    block = await debt_block(tx, tx.customer, tx.now)
    if block is not None:
        message = "Overdue debt blocks this; it can be done as soon as that is paid."
        raise Refused(RefusalCode.BLOCKED_BY_DEBT, message)
