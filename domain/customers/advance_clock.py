"""A sandbox customer's test clock: it only moves forward, and all that falls due on the way is done at its own time."""

from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.actor import Grant
from domain.customers.place_and_time import clock_instant
from domain.db import Primary, Tx
from domain.due import ADVANCE
from domain.ids import CustomerId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """The instant the customer's business time is to reach."""

    to: datetime


@dataclass(frozen=True, slots=True)
class ClockAdvancing:
    """Where the clock stands and where it goes; jobs take it there."""

    at: datetime
    to: datetime


@operation("customers.advance_clock", allowed=frozenset({Grant.PORTAL, Grant.SUPPORT, Grant.LEAD, Grant.ADMIN}))
async def advance_clock(tx: Tx, command: AdvanceClock) -> ClockAdvancing:
    """NO_TEST_CLOCK for a customer that lives in real time; CLOCK_NOT_FORWARD for an instant that is not ahead."""
    at = tx.head.clock_at
    if at is None:
        raise Refused(RefusalCode.NO_TEST_CLOCK, "This customer lives in real time.")
    to = clock_instant(command.to, "to")
    if to <= at:
        raise Refused(RefusalCode.CLOCK_NOT_FORWARD, f"The clock stands at {at.isoformat()} already.", ("to",))
    await tx.execute(
        "UPDATE customer_head SET clock_target = $3 WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard,
        tx.customer.uuid,
        to,
    )
    await due.schedule(tx, ADVANCE, tx.customer.uuid, tx.recorded_at, follows="wall")
    return ClockAdvancing(at, to)


@dataclass(frozen=True, slots=True)
class TestClock:
    """Where a test clock stands and where it is going."""

    at: datetime
    target: datetime | None


async def clock_of(db: Primary, customer: CustomerId) -> TestClock | None:
    """The customer's test clock, or None where it lives in real time."""
    row = await db.fetchrow(
        "SELECT clock_at, clock_target FROM customer_head WHERE shard_key = $1 AND customer_id = $2",
        customer.shard,
        customer.uuid,
    )
    return TestClock(row["clock_at"], row["clock_target"]) if row and row["clock_at"] else None


@dataclass(frozen=True, slots=True)
class SetClock:
    """One step of an advance: to the next due instant, or to the target."""

    to: datetime


@operation("customers.set_clock", allowed=frozenset({Grant.SYSTEM}))
async def set_clock(tx: Tx, command: SetClock) -> ClockAdvancing:
    """Moves the clock; an instant behind it changes nothing, so a repeated step is harmless."""
    at = tx.head.clock_at
    if at is None:
        raise Refused(RefusalCode.NO_TEST_CLOCK, "This customer lives in real time.")
    reached = max(at, command.to)
    target = await tx.fetchval(
        """UPDATE customer_head SET clock_at = $3, clock_target = greatest(clock_target, $3)
            WHERE shard_key = $1 AND customer_id = $2 RETURNING clock_target""",
        tx.customer.shard,
        tx.customer.uuid,
        reached,
    )
    return ClockAdvancing(reached, target)
