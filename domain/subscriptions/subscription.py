"""Subscriptions: what a customer bought, on which terms, which period is running, and what is planned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.db import Primary, Row
from domain.ids import CustomerId, InvoiceId, PlanId, PlanVersionId, PriceId, SubscriptionId, TenantId
from domain.machine import State
from domain.money import Currency, Money
from domain.period import Anchor, Cadence, Period, Unit
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.lifecycle import ENTITLED, NO_PRICE, SPREAD_SECONDS
from domain.subscriptions.plans import Pending, Planned


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription and its terms; the price is a snapshot and stays until the customer or the term changes it.

    ``version`` grows with every change of the row, so that a caller can say which one it has seen.
    """

    id: SubscriptionId
    tenant: TenantId
    customer: CustomerId
    plan: PlanId
    plan_version: PlanVersionId
    family: str
    price: PriceId
    quantity: int
    unit_amount: Money
    cadence: Cadence
    anchor_at: datetime
    time_zone: str
    period_index: int
    period: Period
    planned: Planned
    pending: Pending | None
    state: State
    version: int
    terms_seq: int
    trial_end: datetime | None
    cancel_at: datetime | None
    paused_at: datetime | None
    resumes_at: datetime | None
    pause_access: str | None
    pause_cause: str | None
    resumed_at: datetime | None
    ended_at: datetime | None

    @property
    def anchor(self) -> Anchor:
        """From which every period is derived."""
        return Anchor.at(self.anchor_at, self.time_zone, self.cadence)

    @property
    def is_without_price(self) -> bool:
        """Whether it pauses because there was no price to renew at."""
        return self.state.name == "paused" and self.pause_cause == NO_PRICE

    @property
    def next_price(self) -> PriceId | None:
        """The price of the next period, where another one is planned."""
        return self.planned.price

    @property
    def pending_invoice(self) -> InvoiceId | None:
        """The invoice that a change waits for."""
        return self.pending.invoice if self.pending else None

    def is_entitled_at(self, at: datetime) -> bool:
        """Whether the customer has access then, if nothing else happens: a pause by its policy, an end on its day."""
        return gives_access(self.state.name, at, Paused(self.pause_access, self.period.end), self.cancel_at)

    def renew_at(self, end: datetime) -> datetime:
        """When the renewal after a period's end is due: at a second of the hour that is this subscription's own."""
        return renewal_second(self.id, end)


@dataclass(frozen=True, slots=True)
class Paused:
    """What a pause leaves: its access by the policy it began under, and until when the time was paid for."""

    access: str | None
    paid_until: datetime


def gives_access(state: str, at: datetime, pause: Paused | None, cancel_at: datetime | None) -> bool:
    """Whether a subscription in that state lets its customer in at the instant: the one rule, for now and for then."""
    if state == "paused":
        return pause is not None and (pause.access == "full" or (pause.access == "paid" and at < pause.paid_until))
    if state == "pending_cancellation" and cancel_at is not None:
        return at < cancel_at
    return state in ENTITLED


def renewal_second(id: SubscriptionId, end: datetime) -> datetime:
    """The second of the hour after a period's end at which the subscription of that id renews."""
    return end + timedelta(seconds=int.from_bytes(id.uuid.bytes[-4:], "big") % SPREAD_SECONDS)


@dataclass(frozen=True, slots=True)
class SubscriptionStands:
    """Where a subscription stands now."""

    subscription: SubscriptionId
    state: str


def _subscription(row: Row) -> Subscription:
    shard = row["shard_key"]
    return Subscription(
        id=SubscriptionId(shard, row["id"]),
        tenant=TenantId(row["tenant_id"]),
        customer=CustomerId(shard, row["customer_id"]),
        plan=PlanId(row["plan_id"]),
        # A row that an older release wrote meanwhile names no version: its plan's first has the plan's id.
        plan_version=PlanVersionId(row["plan_version_id"] or row["plan_id"]),
        family=row["family"],
        price=PriceId(row["price_id"]),
        quantity=row["quantity"],
        unit_amount=Money(row["unit_amount"], Currency(row["currency"])),
        cadence=Cadence(Unit(row["cadence_unit"]), row["cadence_count"]),
        anchor_at=row["anchor_at"],
        time_zone=row["time_zone"],
        period_index=row["period_index"],
        period=Period(row["period_start"], row["period_end"]),
        planned=Planned.of(row),
        pending=Pending.of(row),
        state=State(row["state"], row["seq"]),
        version=row["version"],
        terms_seq=row["terms_seq"],
        trial_end=row["trial_end"],
        cancel_at=row["cancel_at"],
        paused_at=row["paused_at"],
        resumes_at=row["resumes_at"],
        pause_access=row["pause_access"],
        pause_cause=row["pause_cause"],
        resumed_at=row["resumed_at"],
        ended_at=row["ended_at"],
    )


async def subscriptions(
    db: Primary, customer: CustomerId, id: SubscriptionId | None = None, limit: int = 100
) -> list[Subscription]:
    """The customer's subscriptions, newest first, or only the one of the id."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, plan_id, plan_version_id, family, price_id, quantity, currency,
                  unit_amount, cadence_unit, cadence_count, anchor_at, time_zone, period_index, period_start,
                  period_end, next_price_id, next_quantity, next_family, pending_price_id, pending_quantity,
                  pending_family, pending_invoice_id, pending_from, pending_until, pending_anchor_at, state, seq,
                  version, terms_seq, trial_end, cancel_at, paused_at, resumes_at, pause_access, pause_cause,
                  resumed_at, ended_at
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


async def has_ended(db: Primary, customer: CustomerId, id: SubscriptionId | None) -> bool:
    """Whether the customer's subscription is over; False without one."""
    return id is not None and (await subscription(db, customer, id)).ended_at is not None
