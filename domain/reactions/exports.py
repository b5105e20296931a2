"""Work about exports: a worker reads everything from the replica, seals it, and deletes it when its time is over."""

import asyncio
from datetime import timedelta
from typing import Final

from domain import due
from domain.database import Source
from domain.due import Due
from domain.fanout.exported import event_bodies, login_names
from domain.ids import DataExportId, uuid7
from domain.perform import perform
from domain.privacy.data_export import (
    EXPIRE,
    MAKE,
    DataExport,
    ExpireExport,
    FinishExport,
    data_export,
    expire_export,
    finish_export,
)
from domain.privacy.export_file import Around, Content, content_of
from domain.reactions.erasures import known_as
from domain.reactions.house import House

LOOKS: Final = 200  # at whether the replica has come as far as the request: ten seconds, well within a lease
AWAY: Final = timedelta(minutes=1)  # until a replica is looked for again that is not there, or far behind


async def make(house: House, work: Due) -> None:
    """Makes the file and hands it in; of two workers at once one is too late, and takes its own file away again.

    None is written of what is not asked for any more, so that nothing is left behind an erasure by a worker that dies.
    """
    db, id = house.db, DataExportId(work.customer.shard, work.subject)
    of = await data_export(db.primary, id)
    if of.state.name != "asked":
        await due.discard(db.marks, work)
        return
    content = await _content(house, of)
    if content is None:
        await due.postpone(db.marks, work, db.clock.now() + AWAY)
        return
    wrapped = await db.primary.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2",
        work.customer.shard, work.customer.uuid,
    )  # fmt: skip
    file, sealed = uuid7(db.clock.now(), db.entropy(10)), db.vault.seal(wrapped, content.packed, db.entropy)
    await db.marks.execute(
        """WITH asked AS (
               SELECT e.id FROM data_export e WHERE e.shard_key = $1 AND e.id = $4 AND e.state = 'asked' FOR SHARE)
           INSERT INTO data_export_file (shard_key, id, customer_id, export_id, sealed, recorded_at)
           SELECT $1, $2, $3, a.id, $5, $6 FROM asked a""",
        id.shard, file, work.customer.uuid, id.uuid, sealed, db.clock.now(),
    )  # fmt: skip
    command = FinishExport(id, file, content.records, content.size, content.sha256)
    await perform(db, finish_export, house.actor, work.customer, command, f"{MAKE}:{file}")
    if (await data_export(db.primary, id)).file != file:
        await db.marks.execute("DELETE FROM data_export_file WHERE shard_key = $1 AND id = $2", id.shard, file)


async def _content(house: House, of: DataExport) -> Content | None:
    """Everything as the replica has it once it knows of the request; None while it does not."""
    db, token = house.db, await house.db.token()
    references = await known_as(house, of.customer) if of.with_events else {}
    for _ in range(LOOKS):
        async with db.history(token) as history:
            if history.source is Source.REPLICA:
                replica = history.replica
                events = [each for account, known in sorted(references.items())
                          for each in await event_bodies(replica, account, known)]  # fmt: skip
                around = Around(tuple(await login_names(replica, of.customer)), tuple(events))
                return await content_of(replica, db.vault, of.customer, around, db.clock.now())
        await asyncio.sleep(0)
    return None


async def expire(house: House, work: Due) -> None:
    """Deletes a file whose time is over."""
    command = ExpireExport(DataExportId(work.customer.shard, work.subject))
    await perform(house.db, expire_export, house.actor, work.customer, command, f"{EXPIRE}:{work.subject}")


HANDLERS = {MAKE: make, EXPIRE: expire}
