"""A request to erase a customer: who asked, when it is carried out, and until when issued documents are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import Grant
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, ErasureId, TenantId
from domain.machine import Machine, State
from domain.refusals import RefusalCode, Refused

ERASURE = Machine(
    "erasure",
    {
        ("new", "ask"): "asked",
        ("asked", "reject"): "rejected",
        ("asked", "withdraw"): "withdrawn",
        ("asked", "erase"): "erased",
        ("erased", "destroy_key"): "key_destroyed",
    },
)
ERASE, DESTROY_KEY, FORGET_AROUND = "erase_customer", "destroy_key", "forget_around"  # the due work about one

STAFF_WHO_ERASE = frozenset({Grant.LEAD, Grant.ADMIN})
WAITING = timedelta(days=30)  # whoever took over an account cannot destroy it at once; the law gives us a month
AGAIN = timedelta(days=1)  # something stopped it: its end is looked for once a day
REASON_LENGTH = 500  # a sentence or two
BY_CUSTOMER = "The customer asked."


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request. ``erase_at`` None: it waits for another person; ``keep_until`` is when its sealing key may go."""

    id: ErasureId
    tenant: TenantId
    customer: CustomerId
    asked_by: str
    reason: str
    erase_at: datetime | None
    decided_by: str | None
    decided_why: str | None
    decided_at: datetime | None
    keep_until: datetime | None
    state: State
    recorded_at: datetime


def erasure_from(row: Row) -> Erasure:
    """The request of a row that selects all its columns."""
    return Erasure(
        ErasureId(row["shard_key"], row["id"]), TenantId(row["tenant_id"]),
        CustomerId(row["shard_key"], row["customer_id"]), row["asked_by"], row["reason"], row["erase_at"],
        row["decided_by"], row["decided_why"], row["decided_at"], row["keep_until"], State(row["state"], row["seq"]),
        row["recorded_at"],
    )  # fmt: skip


async def erasure_of(db: Primary, customer: CustomerId) -> Erasure | None:
    """The customer's newest request, whatever became of it."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, asked_by, reason, erase_at, decided_by, decided_why,
                  decided_at, keep_until, state, seq, recorded_at
             FROM erasure WHERE shard_key = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
    )
    return erasure_from(row) if row else None


async def asked_erasure(tx: Tx, path: str = "customerId") -> Erasure:
    """The customer's request that waits, else NOT_FOUND under that name."""
    of = await erasure_of(tx, tx.customer)
    if of is None or of.state.name != "asked":
        raise Refused(RefusalCode.NOT_FOUND, "No erasure of this customer waits.", (path,))
    return of


async def decide(tx: Tx, of: Erasure, event: str, why: str, keep_until: datetime | None = None) -> State:
    """Moves the request to its next state, and says who did it and why."""
    state = await ERASURE.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        """UPDATE erasure SET state = $3, seq = $4, decided_by = $5, decided_why = $6, decided_at = $7, keep_until = $8
            WHERE shard_key = $1 AND id = $2""",
        of.id.shard, of.id.uuid, state.name, state.seq, tx.actor.scope, why, tx.recorded_at, keep_until,
    )  # fmt: skip
    return state


def require_reason(reason: str) -> None:
    """INVALID_INPUT for a reason that says nothing or too much."""
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise Refused(RefusalCode.INVALID_INPUT, f"A reason has 1 to {REASON_LENGTH} characters.", ("reason",))
