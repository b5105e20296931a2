"""Dunning cases: one per unpaid renewal, on one timeline of retries, suspension and giving up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain import due
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, DunningCaseId, InvoiceId, SubscriptionId, TenantId
from domain.machine import Machine, State

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
        # The payment that had ended it was taken back by the bank.
        ("recovered", "reopen"): "retrying",
        ("retrying", "stop"): "stopped",
        ("grace", "stop"): "stopped",
        ("suspended", "stop"): "stopped",
    },
)

RETRY, SUSPEND, GIVE_UP = "dunning_retry", "dunning_suspend", "dunning_write_off"
LIVING = ("retrying", "grace", "suspended")


class Ended(StrEnum):
    """What ended a case. Only money that pays the invoice recovers it; whatever else closes the invoice stops it."""

    PAID = "paid"
    VOIDED = "voided"
    CREDITED = "credited"  # a credit note left nothing due
    WRITTEN_OFF = "written_off"  # staff gave the invoice up
    SUBSCRIPTION_ENDED = "subscription_ended"
    TIMELINE = "timeline"  # its last day came


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's timeline, in days after the first failure; suspension never stands before the last retry."""

    retry_days: tuple[int, ...]
    suspend_day: int
    give_up_day: int


@dataclass(frozen=True, slots=True)
class Case:
    """A case with the timeline it was opened under; a later change of policy does not move it.

    The case of an invoice that bills no subscription suspends nothing. ``ended_by`` is why one is over that ended since
    this is kept.
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

    @property
    def next_retry_at(self) -> datetime | None:
        """When the next retry is due, or None where none remains."""
        if self.state.name != "retrying" or self.retries_done >= len(self.retry_days):
            return None
        return self.opened_at + timedelta(days=self.retry_days[self.retries_done])

    @property
    def is_living(self) -> bool:
        """Whether it may still change."""
        return self.state.name in LIVING


async def policy(db: Primary, tenant: TenantId) -> Policy:
    """The tenant's timeline."""
    row = await db.fetchrow(
        "SELECT retry_days, suspend_day, give_up_day FROM dunning_policy WHERE tenant_id = $1", tenant.uuid
    )
    assert row is not None, "a tenant is created with a policy"
    return Policy(tuple(row["retry_days"]), row["suspend_day"], row["give_up_day"])


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
    )


async def cases(db: Primary, customer: CustomerId) -> list[Case]:
    """The customer's cases, newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, customer_id, invoice_id, subscription_id, opened_at, retry_days, retries_done,
                  suspend_at, give_up_at, state, seq, ended_by
             FROM dunning_case WHERE shard_key = $1 AND customer_id = $2 ORDER BY id DESC""",
        customer.shard,
        customer.uuid,
    )
    return [_case(row) for row in rows]


async def case_of(db: Primary, customer: CustomerId, invoice: InvoiceId) -> Case | None:
    """The case of an invoice, or None."""
    return next((each for each in await cases(db, customer) if each.invoice == invoice), None)


async def case(db: Primary, customer: CustomerId, id: DunningCaseId) -> Case:
    """The customer's case of that id, which the caller knows to exist."""
    return next(each for each in await cases(db, customer) if each.id == id)


async def move(tx: Tx, of: Case, event: str, ended_by: Ended | None = None) -> State:
    """Moves the case, stores its new state and what ended it, and drops its due work where it is over."""
    state = await DUNNING.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        """UPDATE dunning_case SET state = $4, seq = $5, ended_by = $6
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        state.name,
        state.seq,
        ended_by,
    )
    if state.name not in LIVING:
        for kind in (RETRY, SUSPEND, GIVE_UP):
            await due.finish(tx, kind, of.id.uuid)
    return state
