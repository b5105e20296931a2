"""A run over many: started, paused, gone on with and stopped by who may do it to each; listed piece by piece."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from domain import due
from domain.actor import Grant
from domain.bulk.action import SUBJECTS, BulkAction, Settings, require_allowed, require_fitting
from domain.catalog.plan import plan
from domain.corrections.void_invoice import require_reason
from domain.db import Primary, Row, Tx
from domain.ids import BulkRunId, CustomerId, EntityId, PlanId, SubscriptionId, TenantId
from domain.machine import Machine, State
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.wire import added, canonical, from_json, to_json

BULK_RUN = Machine(
    "bulk_run",
    {
        ("new", "start"): "running",
        ("running", "pause"): "paused",
        ("paused", "resume"): "running",
        ("running", "stop"): "stopped",
        ("paused", "stop"): "stopped",
    },
)
LIST_BULK, DO_BULK = "list_bulk_run", "do_bulk_item"  # the kinds of due work of a run
MOST_NAMED = 1000  # things that are named one by one: what a page of a desk can hold
MOST_ITEMS = 10_000  # of a plan's; who wants more starts another run when it has seen this one
MOST_RUNS = 20  # of a tenant at a time: more would only take turns, and the desk lists as many
RUNNERS = frozenset({Grant.FINANCE, Grant.ADMIN})  # of these, who may do the same thing to one
SYSTEM = frozenset({Grant.SYSTEM})


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, to the subscriptions of a plan or to what is named, and why; the reason names nobody."""

    action: BulkAction
    settings: Settings
    plan: PlanId | None
    subjects: tuple[str, ...]
    reason: str

    def ids(self) -> tuple[EntityId, ...]:
        """What is named, as ids of the action's kind; NOT_FOUND for another text."""
        return tuple(SUBJECTS[self.action].parse(each) for each in self.subjects)


async def require_order(db: Primary, tenant: TenantId, order: Order) -> None:
    """INVALID_INPUT for an order that cannot be meant; NOT_FOUND for a plan that is not the tenant's."""
    require_reason(order.reason)
    require_fitting(order.action, order.settings)
    if (order.plan is None) == (not order.subjects):
        raise Refused(RefusalCode.INVALID_INPUT, "Name a plan, or else each thing.", ("planId",))
    if len(order.subjects) > MOST_NAMED or len(set(order.subjects)) < len(order.subjects):
        raise Refused(RefusalCode.INVALID_INPUT, f"Name at most {MOST_NAMED}, and each once.", ("subjectIds",))
    if order.plan is not None:
        if SUBJECTS[order.action] is not SubscriptionId:
            raise Refused(RefusalCode.INVALID_INPUT, "A plan has subscriptions alone.", ("planId",))
        await plan(db, tenant, order.plan)


@dataclass(frozen=True, slots=True)
class BulkRun:
    """A run, and how far its listing has come; ``after`` is the last thing that was listed."""

    id: BulkRunId
    tenant: TenantId
    house: CustomerId
    order: Order
    started_by: str
    listed: int
    listed_all: bool
    after: tuple[int, UUID] | None
    state: State
    recorded_at: datetime


def _run(row: Row) -> BulkRun:
    action, shard = BulkAction(row["action"]), row["shard_key"]
    ids = [SUBJECTS[action](of, id) for of, id in zip(row["subject_shards"], row["subjects"], strict=True)]
    order = Order(
        action, from_json(Settings, msgspec.json.decode(row["settings"])),
        PlanId(row["plan_id"]) if row["plan_id"] else None, tuple(map(str, ids)), row["reason"],
    )  # fmt: skip
    return BulkRun(
        BulkRunId(shard, row["id"]), TenantId(row["tenant_id"]), CustomerId(shard, row["customer_id"]), order,
        row["started_by"], row["listed"], row["listed_all"],
        (row["after_shard"], row["after_subject"]) if row["after_subject"] else None, State(row["state"], row["seq"]),
        row["recorded_at"],
    )  # fmt: skip


async def bulk_runs(db: Primary, house: CustomerId, id: BulkRunId | None = None, limit: int = 20) -> list[BulkRun]:
    """The runs of that house customer, newest first, or only the one of the id."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, action, settings, plan_id, subject_shards, subjects, reason,
                  started_by, listed, listed_all, after_shard, after_subject, state, seq, recorded_at
             FROM bulk_run WHERE shard_key = $1 AND customer_id = $2 AND ($3::uuid IS NULL OR id = $3)
            ORDER BY id DESC LIMIT $4""",
        house.shard,
        house.uuid,
        id.uuid if id else None,
        limit,
    )
    return [_run(row) for row in rows]


async def bulk_run(db: Primary, house: CustomerId, id: BulkRunId) -> BulkRun:
    """The run of that house customer, else NOT_FOUND."""
    found = await bulk_runs(db, house, id) if id.shard == house.shard else []
    if not found:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such run.", ("runId",))
    return found[0]


@dataclass(frozen=True, slots=True)
class StartBulkRun:
    """An order that was looked at."""

    order: Order


@dataclass(frozen=True, slots=True)
class BulkRunMoved:
    """The run, and the state it is in."""

    run: BulkRunId
    state: str


@operation("bulk.start", allowed=RUNNERS, moves_money=True)
async def start_bulk_run(tx: Tx, command: StartBulkRun) -> BulkRunMoved:
    """Under the house customer; its work is due now. Refused as ``require_order`` says; FORBIDDEN for who may not do it
    to one; ALREADY_EXISTS where as many run as may."""
    order = command.order
    await require_order(tx, tx.head.tenant, order)
    require_allowed(order.action, tx.actor)
    living = await tx.fetchval(
        """SELECT count(*) FROM bulk_run
            WHERE shard_key = $1 AND customer_id = $2 AND state <> 'stopped' AND NOT listed_all""",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    if living >= MOST_RUNS:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"{MOST_RUNS} runs are under way; let one of them end.")
    ids, id = order.ids(), tx.new_id(BulkRunId)
    state = await BULK_RUN.begin(tx, tx.customer, id.uuid, "start")
    await tx.execute(
        """INSERT INTO bulk_run (shard_key, id, tenant_id, customer_id, action, settings, plan_id, subject_shards,
               subjects, reason, started_by, listed, listed_all, state, seq, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, false, $12, $13, $14)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, order.action.value,
        canonical(to_json(order.settings)).decode(), order.plan.uuid if order.plan else None,
        [each.shard for each in ids], [each.uuid for each in ids], order.reason, tx.actor.scope, state.name, state.seq,
        tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, LIST_BULK, id.uuid, tx.recorded_at, follows="wall")
    return BulkRunMoved(id, state.name)


@dataclass(frozen=True, slots=True)
class SteerBulkRun:
    """``event`` is pause, resume or stop."""

    run: BulkRunId
    event: str


@operation("bulk.steer", allowed=RUNNERS)
async def steer_bulk_run(tx: Tx, command: SteerBulkRun) -> BulkRunMoved:
    """From then on no item is begun, until it is gone on with; what has been stopped stays so. NOT_FOUND;
    STATE_CONFLICT for a move that its state does not allow; FORBIDDEN to go on with what one may not begin."""
    of = await bulk_run(tx, tx.customer, command.run)
    if not BULK_RUN.allows(of.state.name, command.event):
        raise Refused(RefusalCode.STATE_CONFLICT, f"The run is {of.state.name}.", ("runId",))
    if command.event == "resume":
        require_allowed(of.order.action, tx.actor)
    state = await BULK_RUN.move(tx, tx.customer, of.id.uuid, of.state, command.event)
    await tx.execute(
        "UPDATE bulk_run SET state = $3, seq = $4 WHERE shard_key = $1 AND id = $2",
        of.id.shard, of.id.uuid, state.name, state.seq,
    )  # fmt: skip
    if command.event == "resume" and not of.listed_all:
        await due.schedule(tx, LIST_BULK, of.id.uuid, tx.recorded_at, follows="wall")
    elif command.event != "resume":
        await due.finish(tx, LIST_BULK, of.id.uuid)
    return BulkRunMoved(of.id, state.name)


@dataclass(frozen=True, slots=True)
class AdvanceBulkRun:
    """A piece of the run that began after ``since`` is enlisted; ``after`` is where the next one begins, None where the
    list came to its end."""

    run: BulkRunId
    listed: int
    after_shard: int | None
    after: UUID | None
    since: UUID | None = added(None)


@operation("bulk.advance", allowed=SYSTEM)
async def advance_bulk_run(tx: Tx, command: AdvanceBulkRun) -> BulkRunMoved:
    """Remembers how far the run has come, and makes its next piece due while it runs; a piece that another worker has
    listed meanwhile, as after a pause, counts once."""
    of = await bulk_run(tx, tx.customer, command.run)
    ended = command.after is None
    if command.since == (of.after[1] if of.after else None) and not of.listed_all:
        await tx.execute(
            """UPDATE bulk_run SET listed = listed + $3, listed_all = $4, after_shard = coalesce($5, after_shard),
                      after_subject = coalesce($6, after_subject)
                WHERE shard_key = $1 AND id = $2""",
            of.id.shard, of.id.uuid, command.listed, ended, command.after_shard, command.after,
        )  # fmt: skip
    else:
        ended = of.listed_all
    if ended or of.state.name != "running":
        await due.finish(tx, LIST_BULK, of.id.uuid)
    else:
        await due.schedule(tx, LIST_BULK, of.id.uuid, tx.recorded_at, follows="wall")
    return BulkRunMoved(of.id, of.state.name)
