"""Whether a refund needs another person, by the tenant's policy: amount, the payment's age, what came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.actor import Grant
from domain.db import Tx
from domain.money import Money
from domain.payments.payment import Payment
from domain.payments.refund_policy import RefundPolicy, refund_policy
from domain.tenants.tenant import legal_entities


class Approver(StrEnum):
    """Who decides, beside that it is not who asked."""

    LEAD = "lead"
    FINANCE = "finance"


class Because(StrEnum):
    """Which rule wants another person; the first that does is named."""

    AGE = "age"
    AMOUNT = "amount"
    CUSTOMER = "customer"
    STAFF = "staff"


DECIDERS = {
    Approver.LEAD: frozenset({Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    Approver.FINANCE: frozenset({Grant.FINANCE, Grant.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Approval:
    """Who has to approve, why, and until when."""

    by: Approver
    because: Because
    expires_at: datetime


async def approval_for(tx: Tx, of: Payment, amount: Money) -> Approval | None:
    """What the asker needs before the amount is given back; None where he may alone. Counts the request as his.

    It takes the asker's row under the tenant's home key: an operation calls it before it takes a number.
    """
    rules = await refund_policy(tx, tx.head.tenant)
    because = _alone(tx, rules, of, amount)
    if await _staff_beyond(tx, rules, amount):
        because = because or Because.STAFF
    if because is None and await _customer_beyond(tx, rules, amount):
        because = Because.CUSTOMER
    if because is None:
        return None
    by = Approver.FINANCE if because is Because.AGE else Approver.LEAD
    return Approval(by, because, tx.now + timedelta(days=rules.expire_after_days))


def _alone(tx: Tx, rules: RefundPolicy, of: Payment, amount: Money) -> Because | None:
    old = tx.now - of.happened_at > timedelta(days=rules.old_after_days)
    if old and not tx.actor.grants & DECIDERS[Approver.FINANCE]:
        return Because.AGE
    return Because.AMOUNT if amount > rules.alone(tx.actor.grants, amount.currency) else None


async def needs_another(tx: Tx, paid: Sequence[Payment], amount: Money) -> bool:
    """Whether the caller may not give that much of the payments back alone; counted as his, like a request."""
    rules = await refund_policy(tx, tx.head.tenant)
    beyond = await _staff_beyond(tx, rules, amount) or await _customer_beyond(tx, rules, amount)
    return beyond or any(_alone(tx, rules, each, amount) for each in paid)


async def _customer_beyond(tx: Tx, rules: RefundPolicy, amount: Money) -> bool:
    row = await tx.fetchrow(
        """SELECT count(*) AS asked, coalesce(sum(amount), 0)::bigint AS amount FROM refund
            WHERE shard_key = $1 AND customer_id = $2 AND currency = $3 AND happened_at > $4
              AND state NOT IN ('failed', 'rejected', 'canceled')""",
        tx.customer.shard,
        tx.customer.uuid,
        str(amount.currency),
        tx.now - timedelta(days=rules.window_days),
    )
    assert row is not None
    return bool(row["asked"] + 1 > rules.customer_count or row["amount"] + amount.minor > rules.customer_sum)


async def _staff_beyond(tx: Tx, rules: RefundPolicy, amount: Money) -> bool:
    """The row is one for all customers; the asker's other requests wait for this commit and look again."""
    entities = await legal_entities(tx, tx.head.tenant)
    home = next(entity.house.shard for entity in entities if not entity.sandbox)
    sandbox = next(entity.sandbox for entity in entities if entity.id == tx.head.legal_entity)
    if home != tx.customer.shard:
        tx.many_keys_reason = "what a member of staff gives back is counted under the tenant's home key"
    today = tx.recorded_at.astimezone(UTC).date()
    await tx.execute(
        """INSERT INTO staff_refunds (shard_key, tenant_id, sandbox, asked_by, currency, day, asked, amount)
           VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
           ON CONFLICT (shard_key, tenant_id, sandbox, asked_by, currency, day) DO UPDATE
              SET asked = staff_refunds.asked + 1, amount = staff_refunds.amount + EXCLUDED.amount""",
        home, tx.head.tenant.uuid, sandbox, tx.actor.scope, str(amount.currency), today, amount.minor,
    )  # fmt: skip
    row = await tx.fetchrow(
        """SELECT sum(asked) AS asked, sum(amount)::bigint AS amount FROM staff_refunds
            WHERE shard_key = $1 AND tenant_id = $2 AND sandbox = $3 AND asked_by = $4 AND currency = $5
              AND day > $6""",
        home, tx.head.tenant.uuid, sandbox, tx.actor.scope, str(amount.currency),
        today - timedelta(days=rules.window_days),
    )  # fmt: skip
    assert row is not None
    return bool(row["asked"] > rules.staff_count or row["amount"] > rules.staff_sum)
