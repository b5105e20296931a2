"""Dunning cases: one per unpaid renewal, on one timeline of retries, suspension and giving up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain import due
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, DunningCaseId, InvoiceId, SubscriptionId
from domain.machine import Machine, State
from domain.payments.installments import active_plan, end_plan

DUNNING = Machine(
    "dunning",
    {
        ("new", "open"): "retrying",
        ("retrying", "exhaust"): "grace",
        ("retrying", "suspend"): "suspended",
        ("grace", "suspend"): "suspended",
        ("retrying", "recover"): "recovered",
        ("grace", "recover"): "recovered",
        ("suspended", "recover"): "recovered",
        ("suspended", "give_up"): "given_up",
        ("retrying", "stop"): "stopped",
        ("grace", "stop"): "stopped",
        ("suspended", "stop"): "stopped",
        # A payment that had ended it, or a part beside the note that did, was taken back by the bank.
        ("recovered", "reopen"): "retrying",
        ("stopped", "reopen"): "retrying",
    },
)

RETRY, SUSPEND, GIVE_UP, NOTICE = "dunning_retry", "dunning_suspend", "dunning_write_off", "dunning_notice"
PART = "dunning_part"  # the next part of an invoice that is paid in parts
LIVING = ("retrying", "grace", "suspended")
NET = timedelta(days=1)  # the end of an attempt wakes what waits for it; this is the net under an event that is stuck


class Ended(StrEnum):
    """What ended a case. Only money that pays the invoice recovers it; whatever else closes the invoice stops it."""

    PAID = "paid"
    VOIDED = "voided"
    CREDITED = "credited"  # a credit note left nothing due
    WRITTEN_OFF = "written_off"  # staff gave the invoice up
    SUBSCRIPTION_ENDED = "subscription_ended"
    TIMELINE = "timeline"  # its last day came


class Step(StrEnum):
    """What a customer is told of a case, in the order in which it may happen."""

    PAYMENT_FAILED = "payment_failed"
    REMINDER = "reminder"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    GIVEN_UP = "given_up"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Case:
    """A case with the timeline it was opened under; a later change of policy does not move it.

    The case of an invoice that bills no subscription suspends nothing. ``ended_by`` is why one is over that ended since
    this is kept. From ``restrict_at`` on only ``kept_features`` are left; ``grace_source`` names the law that
    lengthened it; ``payday_at`` is when the customer asked to be charged next.

    ``retry_at`` is when the next retry is instead of on its day, ``step_from`` the number of the first attempt of a
    step whose backups are still to be tried. Since ``waiting_since`` the invoice is paid in parts and the case waits;
    ``waited`` is how long it did before, which is not counted as days of its timeline.
    """

    id: DunningCaseId
    customer: CustomerId
    invoice: InvoiceId
    subscription: SubscriptionId | None
    opened_at: datetime
    retry_days: tuple[int, ...]
    retries_done: int
    suspend_at: datetime
    give_up_at: datetime
    state: State
    ended_by: Ended | None = None
    notice_days: tuple[int, ...] = ()
    notices_told: int = 0
    restrict_at: datetime | None = None
    kept_features: tuple[str, ...] = ()
    grace_source: str | None = None
    payday_at: datetime | None = None
    retry_at: datetime | None = None
    step_from: int | None = None
    paydays_chosen: int = 0
    waiting_since: datetime | None = None
    waited: timedelta = timedelta(0)

    @property
    def notices(self) -> list[tuple[datetime, Step]]:
        """What the customer is told of on days of the timeline, in their order; the first ``notices_told`` were."""
        reminders = [(self._day(day), Step.REMINDER) for day in self.notice_days]
        restriction = [(self.restrict_at, Step.RESTRICTED)] if self.restrict_at else []
        return sorted(reminders + restriction)

    def _day(self, day: int) -> datetime:
        return self.opened_at + self.waited + timedelta(days=day)

    @property
    def retries(self) -> list[datetime]:
        """The days of the timeline on which it is tried again, done or not."""
        return [self._day(day) for day in self.retry_days]

    @property
    def retries_left(self) -> int:
        """How many retries remain."""
        return len(self.retry_days) - self.retries_done if self.state.name == "retrying" else 0

    @property
    def next_retry_at(self) -> datetime | None:
        """When the next retry is due; None where none remains, and while the case waits."""
        if not self.retries_left or self.waiting_since:
            return None
        return self.retry_at or self.retries[self.retries_done]

    @property
    def is_living(self) -> bool:
        """Whether it may still change."""
        return self.state.name in LIVING


def _case(row: Row) -> Case:
    shard, subscribed = row["shard_key"], row["subscription_id"]
    return Case(
        id=DunningCaseId(shard, row["id"]),
        customer=CustomerId(shard, row["customer_id"]),
        invoice=InvoiceId(shard, row["invoice_id"]),
        subscription=SubscriptionId(shard, subscribed) if subscribed else None,
        opened_at=row["opened_at"],
        retry_days=tuple(row["retry_days"]),
        retries_done=row["retries_done"],
        suspend_at=row["suspend_at"],
        give_up_at=row["give_up_at"],
        state=State(row["state"], row["seq"]),
        ended_by=Ended(row["ended_by"]) if row["ended_by"] else None,
        notice_days=tuple(row["notice_days"]),
        notices_told=row["notices_told"],
        restrict_at=row["restrict_at"],
        kept_features=tuple(row["kept_features"] or ()),
        grace_source=row["grace_source"],
        payday_at=row["payday_at"],
        retry_at=row["retry_at"],
        step_from=row["step_from"],
        paydays_chosen=row["paydays_chosen"],
        waiting_since=row["waiting_since"],
        waited=row["waited"],
    )


async def cases(db: Primary, customer: CustomerId) -> list[Case]:
    """The customer's cases, newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days, retries_done,
                  suspend_at, give_up_at, state, seq, ended_by, notice_days, notices_told, restrict_at, kept_features,
                  grace_source, payday_at, retry_at, step_from, paydays_chosen, waiting_since, waited
             FROM dunning_case WHERE shard_key = $1 AND customer_id = $2 ORDER BY id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [_case(row) for row in rows]


async def living_cases(db: Primary, customer: CustomerId) -> list[Case]:
    """The customer's cases that may still change, newest first: few, where of those that are over there may be many."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days, retries_done,
                  suspend_at, give_up_at, state, seq, ended_by, notice_days, notices_told, restrict_at, kept_features,
                  grace_source, payday_at, retry_at, step_from, paydays_chosen, waiting_since, waited
             FROM dunning_case WHERE shard_key = $1 AND customer_id = $2 AND state = ANY ($3::text[])
            ORDER BY id DESC""",
        customer.shard,
        customer.uuid,
        LIVING,
    )
    return [_case(row) for row in rows]


async def case_of(db: Primary, customer: CustomerId, invoice: InvoiceId) -> Case | None:
    """The case of an invoice, or None."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days, retries_done,
                  suspend_at, give_up_at, state, seq, ended_by, notice_days, notices_told, restrict_at, kept_features,
                  grace_source, payday_at, retry_at, step_from, paydays_chosen, waiting_since, waited
             FROM dunning_case WHERE shard_key = $1 AND customer_id = $2 AND invoice_id = $3""",
        customer.shard,
        customer.uuid,
        invoice.uuid,
    )
    return _case(row) if row else None


async def case(db: Primary, customer: CustomerId, id: DunningCaseId) -> Case:
    """The customer's case of that id, which the caller knows to exist."""
    row = await db.fetchrow(
        """SELECT shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days, retries_done,
                  suspend_at, give_up_at, state, seq, ended_by, notice_days, notices_told, restrict_at, kept_features,
                  grace_source, payday_at, retry_at, step_from, paydays_chosen, waiting_since, waited
             FROM dunning_case WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    assert row is not None
    return _case(row)


async def move(tx: Tx, of: Case, event: str, ended_by: Ended | None = None) -> State:
    """Moves the case, stores its new state and what ended it, and drops its due work where it is over."""
    state = await DUNNING.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        """UPDATE dunning_case SET state = $4, seq = $5, ended_by = $6, ended_at = $7,
                  waiting_since = CASE WHEN $7::timestamptz IS NULL THEN waiting_since END
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        state.name,
        state.seq,
        ended_by,
        None if state.name in LIVING else tx.now,
    )
    if state.name not in LIVING:
        for kind in (RETRY, SUSPEND, GIVE_UP, NOTICE, PART):
            await due.finish(tx, kind, of.id.uuid)
        await _end_plan(tx, of, ended_by)
    return state


async def _end_plan(tx: Tx, of: Case, ended_by: Ended | None) -> None:
    """A plan of parts ends with the case that waited for it: kept where nothing is owed any more."""
    plan = await active_plan(tx, tx.customer, of.invoice)
    if plan is not None:
        await end_plan(tx, plan, "complete" if ended_by in (Ended.PAID, Ended.CREDITED) else "cancel")


async def store_next_retry(tx: Tx, of: Case, at: datetime, done: int) -> None:
    """Makes the next retry due at that instant, so many days of the timeline being done with."""
    await tx.execute(
        """UPDATE dunning_case SET retry_at = $4, retries_done = $5
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        at,
        done,
    )
    await due.schedule(tx, RETRY, of.id.uuid, at)


async def store_step(tx: Tx, of: Case, first: int | None) -> None:
    """Keeps with which attempt the step began whose backups are still to be tried; None: none is."""
    if of.step_from != first:
        await tx.execute(
            "UPDATE dunning_case SET step_from = $4 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard,
            tx.customer.uuid,
            of.id.uuid,
            first,
        )
