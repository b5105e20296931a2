"""Subscriptions: what a customer bought, on which terms, and which period is running."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import due
from domain.catalog.plan import Price
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, InvoiceId, PlanId, PriceId, SubscriptionId, TenantId
from domain.machine import Machine, State
from domain.money import Currency, Money
from domain.period import Anchor, Cadence, Period, Unit
from domain.refusals import RefusalCode, Refused

SUBSCRIPTION = Machine(
    "subscription",
    {
        ("new", "start"): "incomplete",
        ("incomplete", "activate"): "active",
        ("incomplete", "expire"): "incomplete_expired",
        ("active", "payment_failed"): "past_due",
        ("past_due", "retries_exhausted"): "grace",
        ("past_due", "recover"): "active",
        ("grace", "recover"): "active",
        ("suspended", "recover"): "active",
        ("past_due", "suspend"): "suspended",
        ("grace", "suspend"): "suspended",
        ("suspended", "give_up"): "canceled",
    },
)

ENTITLED = frozenset({"trialing", "active", "past_due", "grace", "pending_cancellation"})
RENEW, EXPIRE = "renew", "expire_subscription"
SPREAD_SECONDS = 3600  # renewals of one anchor are spread over the hour after it, never one batch at midnight


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription and its terms; the price is a snapshot and stays until the customer or the term changes it."""

    id: SubscriptionId
    tenant: TenantId
    customer: CustomerId
    plan: PlanId
    price: PriceId
    quantity: int
    unit_amount: Money
    cadence: Cadence
    anchor_at: datetime
    time_zone: str
    period_index: int
    period: Period
    next_price: PriceId | None
    pending_price: PriceId | None
    pending_invoice: InvoiceId | None
    state: State
    resumed_at: datetime | None
    ended_at: datetime | None

    @property
    def anchor(self) -> Anchor:
        """From which every period is derived."""
        return Anchor.at(self.anchor_at, self.time_zone, self.cadence)

    @property
    def is_entitled(self) -> bool:
        """Whether the customer has access now."""
        return self.state.name in ENTITLED

    def renew_at(self, end: datetime) -> datetime:
        """When the renewal after a period's end is due: at a second of the hour that is this subscription's own."""
        return end + timedelta(seconds=int.from_bytes(self.id.uuid.bytes[-4:], "big") % SPREAD_SECONDS)


def _subscription(row: Row) -> Subscription:
    shard = row["shard_key"]
    pending = row["pending_invoice_id"]
    return Subscription(
        id=SubscriptionId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        plan=PlanId(row["plan_id"]),
        price=PriceId(row["price_id"]),
        quantity=row["quantity"],
        unit_amount=Money(row["unit_amount"], Currency(row["currency"])),
        cadence=Cadence(Unit(row["cadence_unit"]), row["cadence_count"]),
        anchor_at=row["anchor_at"],
        time_zone=row["time_zone"],
        period_index=row["period_index"],
        period=Period(row["period_start"], row["period_end"]),
        next_price=PriceId(row["next_price_id"]) if row["next_price_id"] else None,
        pending_price=PriceId(row["pending_price_id"]) if row["pending_price_id"] else None,
        pending_invoice=InvoiceId(shard, pending) if pending else None,
        state=State(row["state"], row["seq"]),
        resumed_at=row["resumed_at"],
        ended_at=row["ended_at"],
    )


async def subscriptions(
    db: Primary, customer: CustomerId, id: SubscriptionId | None = None, limit: int = 100
) -> list[Subscription]:
    """The customer's subscriptions, newest first, or only the one of the id."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, plan_id, price_id, quantity, currency, unit_amount,
                  cadence_unit, cadence_count, anchor_at, time_zone, period_index, period_start, period_end,
                  next_price_id, pending_price_id, pending_invoice_id, state, seq, resumed_at, ended_at
             FROM subscription WHERE shard_key = $1 AND customer_id = $2 AND ($3::uuid IS NULL OR id = $3)
            ORDER BY id DESC LIMIT $4""",
        customer.shard,
        customer.uuid,
        id.uuid if id else None,
        limit,
    )
    return [_subscription(row) for row in rows]


async def subscription(db: Primary, customer: CustomerId, id: SubscriptionId) -> Subscription:
    """The customer's subscription of that id, else NOT_FOUND."""
    found = await subscriptions(db, customer, id) if id.shard == customer.shard else []
    if not found:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such subscription.", ("subscriptionId",))
    return found[0]


async def has_plan(db: Primary, customer: CustomerId, plan: PlanId, besides: SubscriptionId | None = None) -> bool:
    """Whether another living subscription of the customer is on the plan, or will be by a change that is under way."""
    found = await db.fetchval(
        """SELECT s.id FROM subscription s
             LEFT JOIN price n ON n.id = s.next_price_id
             LEFT JOIN price p ON p.id = s.pending_price_id
            WHERE s.shard_key = $1 AND s.customer_id = $2 AND s.ended_at IS NULL AND s.id IS DISTINCT FROM $4
              AND $3 IN (s.plan_id, n.plan_id, p.plan_id) LIMIT 1""",
        customer.shard,
        customer.uuid,
        plan.uuid,
        besides.uuid if besides else None,
    )
    return found is not None


async def move(tx: Tx, of: Subscription, event: str, ended_at: datetime | None = None) -> State:
    """Moves the subscription and stores its new state; coming back from a suspension is remembered."""
    state = await SUBSCRIPTION.move(tx, tx.customer, of.id.uuid, of.state, event)
    resumed_at = tx.now if (of.state.name, event) == ("suspended", "recover") else of.resumed_at
    await tx.execute(
        """UPDATE subscription SET state = $4, seq = $5, ended_at = $6, resumed_at = $7
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, ended_at, resumed_at,
    )  # fmt: skip
    tx.emit(f"subscription.{state.name}", subscription=of.id)
    return state


async def move_if_allowed(tx: Tx, id: SubscriptionId | None, event: str) -> None:
    """Moves the subscription where its state allows the event; nothing happens otherwise, or without one."""
    if id is not None:
        of = await subscription(tx, tx.customer, id)
        if SUBSCRIPTION.allows(of.state.name, event):
            await move(tx, of, event)


async def store_terms(tx: Tx, of: Subscription, price: Price) -> None:
    """Puts the subscription on another price of the same cadence and clears what was planned."""
    await tx.execute(
        """UPDATE subscription SET plan_id = $4, price_id = $5, unit_amount = $6, next_price_id = NULL,
                  pending_price_id = NULL, pending_invoice_id = NULL
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, price.plan.uuid, price.id.uuid, price.unit_amount.minor,
    )  # fmt: skip


async def store_plans(
    tx: Tx, of: Subscription, *, next_price: PriceId | None, pending: tuple[PriceId, InvoiceId] | None
) -> None:
    """Stores what is planned: a price for the next period, or a change that waits for its invoice to be paid."""
    await tx.execute(
        """UPDATE subscription SET next_price_id = $4, pending_price_id = $5, pending_invoice_id = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, next_price.uuid if next_price else None,
        pending[0].uuid if pending else None, pending[1].uuid if pending else None,
    )  # fmt: skip


async def schedule_renewal(tx: Tx, of: Subscription, end: datetime) -> None:
    """Makes the renewal due after the end of a period."""
    await due.schedule(tx, RENEW, of.id.uuid, max(of.renew_at(end), tx.now))
