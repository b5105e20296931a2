"""The work of runs over many: a piece is enlisted after the other, and each thing is done on its own, once."""

from datetime import timedelta
from typing import Final

from domain import due
from domain.bulk.item import STOPPED, DoItem, EnlistSubjects, do_item, enlist_subjects, run_of_item
from domain.bulk.run import DO_BULK, LIST_BULK, MOST_ITEMS, AdvanceBulkRun, BulkRun, advance_bulk_run, bulk_run
from domain.due import Due
from domain.fanout.bulk import Subject, page_of, waiting_items
from domain.ids import BulkItemId, BulkRunId
from domain.perform import perform
from domain.reactions.house import House
from domain.reactions.runs import PAGE, do_one, enlist, is_listed

SOON: Final = timedelta(seconds=2)  # until it is looked whether the pieces before are done: nobody waits for a run
PAUSED_LOOK: Final = timedelta(minutes=1)  # between two looks of an item whose run pauses; at most a page of them do


async def list_run(house: House, work: Due) -> None:
    """Enlists the next piece of a run, once those before it are done but for less than one."""
    db, id = house.db, BulkRunId(work.customer.shard, work.subject)
    if await is_listed(house, work):
        return
    run = await bulk_run(db.primary, work.customer, id)
    if await waiting_items(db.primary, id) >= PAGE:
        await due.postpone(db.marks, work, db.clock.now() + SOON)
        return
    page = await page_of(db.primary, run.tenant, run.order, run.after, min(PAGE, MOST_ITEMS - run.listed))
    await enlist(house, "bulk", enlist_subjects, page.subjects, lambda each: each.customer, lambda own: _part(run, own))
    last = page.last if run.listed + len(page.subjects) < MOST_ITEMS else None
    since = run.after[1] if run.after else None
    step = AdvanceBulkRun(id, len(page.subjects), last[0] if last else None, last[1] if last else None, since)
    await perform(db, advance_bulk_run, house.actor, work.customer, step, work.key)


def _part(run: BulkRun, own: list[Subject]) -> EnlistSubjects:
    return EnlistSubjects(run.id, run.house, tuple(each.id for each in own))


async def do_one_item(house: House, work: Due) -> None:
    """Does one thing of a run that runs, under a key that is the item's alone; of one that was stopped it does none."""
    db, id = house.db, BulkItemId(work.customer.shard, work.subject)
    run = await bulk_run(db.primary, *await run_of_item(db.primary, work.customer, id))
    if run.state.name == "paused":
        await due.postpone(db.marks, work, db.clock.now() + PAUSED_LOOK)
        return
    order, key = run.order, f"bulk:{id}"

    def command(refusal: str | None) -> DoItem:
        return DoItem(id, order.action, order.settings, order.reason, refusal)

    if run.state.name == "stopped":
        await perform(db, do_item, house.actor, work.customer, command(STOPPED), f"{key}:{STOPPED}")
    else:
        await do_one(house, work, do_item, command, key)


HANDLERS = {LIST_BULK: list_run, DO_BULK: do_one_item}
