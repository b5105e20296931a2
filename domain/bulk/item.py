"""The things of a run, each done by an operation of its own under a key of its own, once."""

from dataclasses import dataclass
from uuid import UUID

from domain import due
from domain.bulk.action import BulkAction, Settings, act, require_allowed
from domain.bulk.run import DO_BULK, RUNNERS, SYSTEM
from domain.db import Primary, Tx
from domain.ids import BulkItemId, BulkRunId, CustomerId
from domain.money import Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

STOPPED = "stopped"  # in the place of a refusal, for an item that nothing was done about since its run was stopped


@dataclass(frozen=True, slots=True)
class EnlistSubjects:
    """Things of one customer that a run goes over, and whose run it is."""

    run: BulkRunId
    house: CustomerId
    subjects: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SubjectsEnlisted:
    """How many are new to the run."""

    new: int


@operation("bulk.enlist", allowed=SYSTEM)
async def enlist_subjects(tx: Tx, command: EnlistSubjects) -> SubjectsEnlisted:
    """Makes an item of each, with a due row; one that the run has already is left as it is."""
    new = 0
    for subject in command.subjects:
        id = tx.new_id(BulkItemId)
        made = await tx.fetchval(
            """INSERT INTO bulk_item (shard_key, id, customer_id, run_id, run_shard, run_customer_id, subject,
                   recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id""",
            id.shard, id.uuid, tx.customer.uuid, command.run.uuid, command.run.shard, command.house.uuid, subject,
            tx.recorded_at,
        )  # fmt: skip
        if made is not None:
            await due.schedule(tx, DO_BULK, id.uuid, tx.recorded_at, follows="wall")
            new += 1
    return SubjectsEnlisted(new)


async def run_of_item(db: Primary, customer: CustomerId, id: BulkItemId) -> tuple[CustomerId, BulkRunId]:
    """The run that an item is of, and the house customer whose that is; NOT_FOUND for any other id."""
    row = await db.fetchrow(
        """SELECT run_id, run_shard, run_customer_id FROM bulk_item
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such item.")
    return CustomerId(row["run_shard"], row["run_customer_id"]), BulkRunId(row["run_shard"], row["run_id"])


@dataclass(frozen=True, slots=True)
class DoItem:
    """One thing of a run. ``refusal`` is the code with which it was refused, if it was tried before, or STOPPED."""

    item: BulkItemId
    action: BulkAction
    settings: Settings
    reason: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class ItemDone:
    """What came of it: ``done``, ``refused`` or ``skipped``, and the amount that it was about."""

    result: str
    amount: Money | None = None


@operation("bulk.do_item", allowed=SYSTEM, moves_money=True)
async def do_item(tx: Tx, command: DoItem) -> ItemDone:
    """Does it, or writes down why it could not be; the item's due row is gone then. Refused as the action is."""
    row = await tx.fetchrow(
        "SELECT subject, result FROM bulk_item WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, command.item.uuid,
    )  # fmt: skip
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such item.")
    await due.finish(tx, DO_BULK, command.item.uuid)
    if row["result"] is not None:
        return ItemDone(row["result"])
    stopped = command.refusal == STOPPED
    result = "skipped" if stopped else "done" if command.refusal is None else "refused"
    # What it came to is written before it is done: a coupon's counter is locked last.
    await tx.execute(
        "UPDATE bulk_item SET result = $4, refusal = $5 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
        tx.customer.shard, tx.customer.uuid, command.item.uuid, result, None if stopped else command.refusal,
    )  # fmt: skip
    if command.refusal is not None:
        return ItemDone(result)
    amount = await act(tx, command.action, command.settings, row["subject"], command.reason)
    if amount is not None:
        await tx.execute(
            "UPDATE bulk_item SET currency = $4, amount = $5 WHERE shard_key = $1 AND customer_id = $2 AND id = $3",
            tx.customer.shard, tx.customer.uuid, command.item.uuid, str(amount.currency), amount.minor,
        )  # fmt: skip
    return ItemDone(result, amount)


@dataclass(frozen=True, slots=True)
class TryItem:
    """What a run would do to one thing."""

    action: BulkAction
    settings: Settings
    subject: UUID
    reason: str


@operation("bulk.try_item", allowed=RUNNERS)
async def try_item(tx: Tx, command: TryItem) -> ItemDone:
    """Only ever previewed: what ``do_item`` would come to, refused as the action is."""
    assert tx.preview, "a trial does nothing"
    require_allowed(command.action, tx.actor)
    return ItemDone("done", await act(tx, command.action, command.settings, command.subject, command.reason))
