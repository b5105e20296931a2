"""A worker writes an export's file while the customer is erased: whichever comes first, no file is left behind."""

import asyncio

import pytest

from domain import due
from domain.due import Due
from domain.ids import DataExportId, ErasureId
from domain.perform import perform
from domain.privacy.ask_erasure import RequestErasure, request_erasure
from domain.privacy.carry_out import EraseInTime, erase_in_time
from domain.privacy.data_export import MAKE, AskExport, ask_export
from domain.reactions.exports import make
from tests.held import held, until_waiting
from tests.lives import caught_up
from tests.mishaps import Death, death_at
from tests.world import Someone, World, fresh


async def asked_for(world: World, ada: Someone) -> tuple[DataExportId, Due, ErasureId]:
    """An export that nobody has made yet, its work, and an erasure that waits."""
    db = world.house.db
    export = (await perform(db, ask_export, ada.actor, ada.id, AskExport(False), fresh("ask"))).outcome.export
    erasure = await perform(db, request_erasure, ada.actor, ada.id, RequestErasure(True), fresh("erase"))
    work = await due.find(db.primary, ada.id, MAKE, export.uuid)
    assert work is not None
    await caught_up(world)
    return export, work, erasure.outcome.erasure


async def files_of(world: World, of: Someone) -> int:
    """How many files there are of the customer."""
    count: int = await world.house.db.primary.fetchval(
        "SELECT count(*) FROM data_export_file WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid
    )
    return count


@pytest.mark.row("Y7")
async def test_a_worker_that_dies_leaves_no_file_behind_an_erasure_that_it_met(world: World) -> None:
    house, ada = world.house, await world.customer()
    _, work, erasure = await asked_for(world, ada)
    with held(erase_in_time) as slow:
        erasing = await slow.begun(
            perform(house.db, slow.operation, house.actor, ada.id, EraseInTime(erasure), fresh("erase"))
        )
        with death_at("perform.begun"):  # before it can tell that nobody wants its file
            making = asyncio.ensure_future(make(house, work))
            await until_waiting(house, 1)
            slow.let_go.set()
            await erasing
            with pytest.raises(Death):
                await making
    assert await files_of(world, ada) == 0


@pytest.mark.row("Y7")
async def test_a_file_that_is_being_written_as_an_erasure_comes_goes_with_the_others(world: World) -> None:
    house, ada = world.house, await world.customer()
    export, _, erasure = await asked_for(world, ada)
    async with house.db.pool.acquire() as worker:
        async with worker.transaction():
            await worker.fetchval("SELECT id FROM data_export WHERE id = $1 FOR SHARE", export.uuid)
            await worker.execute(
                """INSERT INTO data_export_file (shard_key, id, customer_id, export_id, sealed, recorded_at)
                   VALUES ($1, gen_random_uuid(), $2, $3, 'sealed', now())""",
                ada.id.shard, ada.id.uuid, export.uuid,
            )  # fmt: skip
            erasing = asyncio.ensure_future(
                perform(house.db, erase_in_time, house.actor, ada.id, EraseInTime(erasure), fresh("erase"))
            )
            await until_waiting(house, 1)
        await erasing
    assert await files_of(world, ada) == 0
