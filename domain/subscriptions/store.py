"""What verbs write into a subscription beside its terms: its state, what is planned, and which families it takes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain import due
from domain.db import Tx
from domain.ids import SubscriptionId
from domain.machine import State
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.lifecycle import END, ENDED, EXPIRE, REMIND, RENEW, RESUME, SUBSCRIPTION
from domain.subscriptions.plans import NOTHING, Pending, Planned
from domain.subscriptions.subscription import Subscription, subscription


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when a subscription pauses (None: until somebody resumes it), and what access it gives meanwhile.

    ``cause`` is why, where nobody asked for it: NO_PRICE.
    """

    resumes_at: datetime | None
    access: str
    cause: str | None = None


async def move(
    tx: Tx, of: Subscription, event: str, ended_at: datetime | None = None, pause: Pause | None = None
) -> State:
    """Moves the subscription and stores its new state; coming back from a suspension is remembered.

    One that has ended leaves its plan families to others, and nothing falls due for it any more.
    """
    state = await SUBSCRIPTION.move(tx, tx.customer, of.id.uuid, of.state, event)
    resumed_at = tx.now if (of.state.name, event) == ("suspended", "recover") else of.resumed_at
    await tx.execute(
        """UPDATE subscription SET state = $4, seq = $5, ended_at = $6, resumed_at = $7, paused_at = $8,
                  resumes_at = $9, pause_access = $10, pause_cause = $11, version = version + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, state.name, state.seq, ended_at, resumed_at,
        tx.now if pause else None, pause.resumes_at if pause else None, pause.access if pause else None,
        pause.cause if pause else None,
    )  # fmt: skip
    if pause:
        await _remember_pause(tx, of, state, pause)
    if state.name in ENDED:
        await claim_families(tx, of.id, ())
        for kind in (RENEW, EXPIRE, END, RESUME, REMIND):
            await due.finish(tx, kind, of.id.uuid)
    tx.emit(f"subscription.{state.name}", subscription=of.id)
    return state


async def _remember_pause(tx: Tx, of: Subscription, state: State, pause: Pause) -> None:
    """What the pause leaves of access can be asked for when it is long over, and it can be gone on with."""
    await tx.execute(
        """INSERT INTO subscription_pause (shard_key, customer_id, subscription_id, seq, access, paid_until,
               resumes_at, cause, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        state.seq,
        pause.access,
        of.period.end,
        pause.resumes_at,
        pause.cause,
        tx.recorded_at,
    )


async def pause_left(tx: Tx, of: Subscription) -> Pause | None:
    """The pause that it has not come back from, whatever was cancelled, suspended or paid since; None where there is
    none. What was renewed since, or taken back by a release that forgot the pause, has come back."""
    row = await tx.fetchrow(
        """SELECT resumes_at, access, cause FROM subscription_pause p
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND paid_until = $4
              AND NOT EXISTS (SELECT 1 FROM transition t
                               WHERE t.shard_key = p.shard_key AND t.entity_id = p.subscription_id AND t.seq > p.seq
                                 AND t.event IN ('resume', 'reactivate'))
            ORDER BY seq DESC LIMIT 1""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        of.period.end,
    )
    return Pause(row["resumes_at"], row["access"], row["cause"]) if row else None


async def move_if_allowed(tx: Tx, id: SubscriptionId | None, event: str) -> None:
    """Moves the subscription where its state allows the event; nothing happens otherwise, or without one."""
    if id is not None:
        of = await subscription(tx, tx.customer, id)
        if SUBSCRIPTION.allows(of.state.name, event):
            await move(tx, of, event)


async def store_plans(tx: Tx, of: Subscription, planned: Planned, pending: Pending | None) -> None:
    """Stores what is planned for the next period, and the change that waits for its invoice to be paid."""
    await tx.execute(
        """UPDATE subscription SET next_price_id = $4, next_quantity = $5, next_family = $6, pending_price_id = $7,
                  pending_quantity = $8, pending_family = $9, pending_invoice_id = $10, pending_from = $11,
                  pending_until = $12, pending_anchor_at = $13, version = version + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard, tx.customer.uuid, of.id.uuid, planned.price.uuid if planned.price else None,
        planned.quantity, planned.family, pending.price.uuid if pending else None,
        pending.quantity if pending else None, pending.family if pending else None,
        pending.invoice.uuid if pending else None, pending.since if pending else None,
        pending.until if pending else None, pending.anchor_at if pending else None,
    )  # fmt: skip


async def forget_planned(tx: Tx, of: Subscription) -> None:
    """What was planned for the next period is planned no more; a change that waits for its payment stays."""
    if not of.planned.is_nothing:
        await store_plans(tx, of, NOTHING, of.pending)
        await claim_families(tx, of.id, [of.family, of.pending.family if of.pending else None])


async def store_end(tx: Tx, of: Subscription, cancel_at: datetime | None) -> None:
    """Stores when the subscription ends, or that it does not; what is due at the end follows."""
    await tx.execute(
        """UPDATE subscription SET cancel_at = $4, version = version + 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        tx.customer.shard,
        tx.customer.uuid,
        of.id.uuid,
        cancel_at,
    )
    if cancel_at is None:
        await due.finish(tx, END, of.id.uuid)
    else:
        await due.schedule(tx, END, of.id.uuid, cancel_at)


async def schedule_renewal(tx: Tx, of: Subscription, end: datetime) -> None:
    """Makes the renewal due after the end of a period."""
    await due.schedule(tx, RENEW, of.id.uuid, max(of.renew_at(end), tx.now))


async def claim_families(tx: Tx, of: SubscriptionId, families: Collection[str | None]) -> None:
    """Takes these plan families for the subscription and leaves all others; ALREADY_EXISTS for one that is taken."""
    wanted = sorted({family for family in families if family})
    await tx.execute(
        """DELETE FROM family_claim
            WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3 AND NOT family = ANY ($4::text[])""",
        tx.customer.shard,
        tx.customer.uuid,
        of.uuid,
        wanted,
    )
    if not wanted:
        return
    await tx.execute(
        """INSERT INTO family_claim (shard_key, customer_id, family, subscription_id)
           SELECT $1, $2, f.family, $3 FROM unnest($4::text[]) AS f (family) ON CONFLICT DO NOTHING""",
        tx.customer.shard,
        tx.customer.uuid,
        of.uuid,
        wanted,
    )
    mine = await tx.fetchval(
        "SELECT count(*) FROM family_claim WHERE shard_key = $1 AND customer_id = $2 AND subscription_id = $3",
        tx.customer.shard,
        tx.customer.uuid,
        of.uuid,
    )
    if mine < len(wanted):
        message = "Another subscription is on this plan or one of its family already, or will be."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, ("priceId",))
