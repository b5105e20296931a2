"""The terms a subscription is on: stored beside it, and as a history that is only ever added to."""

from dataclasses import dataclass
from datetime import datetime

from domain.catalog.plan import PlanVersion, Price
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, PlanId, PlanVersionId, PriceId, SubscriptionId
from domain.money import Currency, Money
from domain.period import Cadence, Period, Unit
from domain.subscriptions.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Terms:
    """What is billed: a price of a plan version, for a quantity, in periods that are derived from an anchor."""

    plan_version: PlanVersionId
    plan: PlanId
    family: str
    price: PriceId
    unit_amount: Money
    quantity: int
    cadence: Cadence
    anchor_at: datetime

    @classmethod
    def on(cls, version: PlanVersion, price: Price, quantity: int, anchor_at: datetime) -> "Terms":
        """The terms of a plan version at one of its prices."""
        return cls(
            version.id, version.plan, version.family, price.id, price.unit_amount, quantity, price.cadence, anchor_at
        )

    @classmethod
    def standing(cls, of: Subscription) -> "Terms":
        """Those that a subscription is on."""
        return cls(of.plan_version, of.plan, of.family, of.price, of.unit_amount, of.quantity, of.cadence, of.anchor_at)


@dataclass(frozen=True, slots=True)
class TermsSince:
    """Terms, and from when on they held; ``cause``: start, trial, change, renewal, conversion, resume or migration.

    ``applied_at`` is when they were taken on: a change holds from the second it was priced for, once it is paid.
    """

    seq: int
    effective_at: datetime
    applied_at: datetime
    cause: str
    terms: Terms


async def store_terms(
    tx: Tx, of: Subscription, terms: Terms, effective_at: datetime, cause: str, *, index: int, running: Period
) -> None:
    """Puts the subscription on terms and into a period; where they are other terms, its history says so too."""
    changed = terms != Terms.standing(of)
    seq = of.terms_seq + 1 if changed else of.terms_seq
    await tx.execute(
        """UPDATE subscription SET plan_version_id = $4, plan_id = $5, family = $6, price_id = $7, unit_amount = $8,
                  quantity = $9, cadence_unit = $10, cadence_count = $11, anchor_at = $12, period_index = $13,
                  period_start = $14, period_end = $15, terms_seq = $16, version = version + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, terms.plan_version.uuid, terms.plan.uuid, terms.family,
        terms.price.uuid, terms.unit_amount.minor, terms.quantity, terms.cadence.unit.value, terms.cadence.count,
        terms.anchor_at, index, running.start, running.end, seq,
    )  # fmt: skip
    if changed:
        await add_terms(tx, of.id, seq, terms, effective_at, cause)


async def add_terms(
    tx: Tx, of: SubscriptionId, seq: int, terms: Terms, effective_at: datetime, cause: str
) -> None:  # fmt: skip
    """Adds a row to the history of a subscription; its first has the number 1."""
    await tx.execute(
        """INSERT INTO subscription_terms (shard_key, customer_id, subscription_id, seq, previous_seq, effective_at,
               cause, plan_version_id, price_id, family, quantity, currency, unit_amount, cadence_unit, cadence_count,
               anchor_at, operation_id, recorded_at, applied_at)
           VALUES ($1, $2, $3, $4, nullif($4 - 1, 0), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
               $18)""",
        tx.customer.shard, tx.customer.uuid, of.uuid, seq, effective_at, cause, terms.plan_version.uuid,
        terms.price.uuid, terms.family, terms.quantity, str(terms.unit_amount.currency), terms.unit_amount.minor,
        terms.cadence.unit.value, terms.cadence.count, terms.anchor_at, tx.operation.uuid, tx.recorded_at, tx.now,
    )  # fmt: skip


async def terms_history(db: Primary, customer: CustomerId, of: SubscriptionId) -> list[TermsSince]:
    """All terms of the customer's subscription, oldest first; the last are those it is on."""
    rows = await db.fetch(
        """SELECT t.seq, t.effective_at, coalesce(t.applied_at, t.effective_at) AS applied_at, t.cause,
                  t.plan_version_id, r.plan_id, t.family, t.price_id, t.currency, t.unit_amount, t.quantity,
                  t.cadence_unit, t.cadence_count, t.anchor_at
             FROM subscription_terms t JOIN price r ON r.id = t.price_id
            WHERE t.shard_key = $1 AND t.customer_id = $2 AND t.subscription_id = $3 ORDER BY t.seq""",
        customer.shard,
        customer.uuid,
        of.uuid,
    )
    return [TermsSince(row["seq"], row["effective_at"], row["applied_at"], row["cause"], _terms(row)) for row in rows]


def seen_at(history: list[TermsSince], at: datetime) -> Terms:
    """The terms that the subscription was on at the instant, as anybody saw them then; before them all, the first."""
    return ([each for each in history if each.applied_at <= at] or history[:1])[-1].terms


def _terms(row: Row) -> Terms:
    return Terms(
        PlanVersionId(row["plan_version_id"]),
        PlanId(row["plan_id"]),
        row["family"],
        PriceId(row["price_id"]),
        Money(row["unit_amount"], Currency(row["currency"])),
        row["quantity"],
        Cadence(Unit(row["cadence_unit"]), row["cadence_count"]),
        row["anchor_at"],
    )
