"""Exports of everything about a customer: who asked, how far one is, and the sealed file while it is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain import due
from domain.actor import Actor, Grant
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, DataExportId, TenantId
from domain.machine import Machine, State
from domain.operation import operation
from domain.portal_link import signed, signed_of
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault

DATA_EXPORT = Machine(
    "data_export",
    {
        ("new", "ask"): "asked",
        ("asked", "finish"): "ready",
        ("asked", "fail"): "failed",
        ("ready", "expire"): "expired",
    },
)
MAKE, EXPIRE = "make_export", "expire_export"  # the due work about one
KEPT = timedelta(days=7)  # who asked comes back within a week; a file that lies about is a risk
LINK_LASTS = timedelta(minutes=15)  # a link is asked for when it is followed, not kept
MOST_KEPT = 3  # files of a customer at a time: each is a copy of everything
MOST_DOWNLOADS = 20  # of one file, by broken connections too; a link that leaked is worth no more
PATIENCE = timedelta(days=1)  # after which one that nobody could make gives way to another
_SIGNED_FOR = "data export"


@dataclass(frozen=True, slots=True)
class DataExport:
    """One export. What was made of it is None before that; ``until`` is when its file goes, in wall time."""

    id: DataExportId
    tenant: TenantId
    customer: CustomerId
    file: UUID | None
    records: int | None
    size: int | None
    sha256: str | None
    until: datetime | None
    downloads: int
    with_events: bool
    state: State
    recorded_at: datetime


def _export(row: Row) -> DataExport:
    return DataExport(
        DataExportId(row["shard_key"], row["id"]), TenantId(row["tenant_id"]),
        CustomerId(row["shard_key"], row["customer_id"]), row["file_id"], row["records"], row["size"], row["sha256"],
        row["until"], row["downloads"], row["with_events"], State(row["state"], row["seq"]), row["recorded_at"],
    )  # fmt: skip


async def data_exports(db: Primary, customer: CustomerId, limit: int = 10) -> list[DataExport]:
    """The customer's exports, newest first."""
    rows = await db.fetch(
        """SELECT shard_key, id, tenant_id, customer_id, file_id, records, size, sha256, until, downloads, with_events,
                  state, seq, recorded_at
             FROM data_export WHERE shard_key = $1 AND customer_id = $2 ORDER BY id DESC LIMIT $3""",
        customer.shard,
        customer.uuid,
        limit,
    )
    return [_export(row) for row in rows]


async def data_export(db: Primary, id: DataExportId) -> DataExport:
    """The export of that id, else NOT_FOUND."""
    row = await db.fetchrow(
        """SELECT shard_key, id, tenant_id, customer_id, file_id, records, size, sha256, until, downloads, with_events,
                  state, seq, recorded_at
             FROM data_export WHERE shard_key = $1 AND id = $2""",
        id.shard,
        id.uuid,
    )
    if row is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such export.", ("id",))
    return _export(row)


def download_text(vault: Vault, of: DataExport, now: datetime) -> str:
    """The text that lets anybody download it for a short time."""
    return signed(vault, _SIGNED_FOR, of.id, now + LINK_LASTS)


def export_of_text(vault: Vault, text: str, now: datetime) -> DataExportId | None:
    """The export that such a text is for; None for one that we did not sign, and once it has expired."""
    read = signed_of(vault, _SIGNED_FOR, text)
    return DataExportId(read[0], read[1]) if read and read[2] > now else None


@dataclass(frozen=True, slots=True)
class AskExport:
    """Everything that is known about the customer, as a file; the provider's events as they came only ``with_events``,
    since they repeat at length what stands in our own rows."""

    with_events: bool


@dataclass(frozen=True, slots=True)
class ExportMoved:
    """The export, and the state it is in."""

    export: DataExportId
    state: str


@operation("privacy.ask_export", allowed=frozenset({Grant.PORTAL, Grant.LEAD, Grant.ADMIN}), begins=True)
async def ask_export(tx: Tx, command: AskExport) -> ExportMoved:
    """Makes it due now. ALREADY_EXISTS while another is being made, and where as many are kept as may be; NOT_FOUND for
    a house."""
    if tx.head.kind == "house":
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    known = await data_exports(tx, tx.customer)
    for waiting in (each for each in known if each.state.name == "asked"):
        if waiting.recorded_at > tx.recorded_at - PATIENCE:
            raise Refused(RefusalCode.ALREADY_EXISTS, "An export is being made already.", ("customerId",))
        await _forget(tx, waiting, "fail")
        await due.finish(tx, MAKE, waiting.id.uuid)
    if sum(each.state.name == "ready" for each in known) >= MOST_KEPT:
        message = f"{MOST_KEPT} exports are kept already: take one of them, or wait until it is gone."
        raise Refused(RefusalCode.ALREADY_EXISTS, message, ("customerId",))
    id = tx.new_id(DataExportId)
    state = await DATA_EXPORT.begin(tx, tx.customer, id.uuid, "ask")
    await tx.execute(
        """INSERT INTO data_export (shard_key, id, tenant_id, customer_id, asked_by, with_events, downloads, state, seq,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)""",
        id.shard, id.uuid, tx.head.tenant.uuid, tx.customer.uuid, tx.actor.scope, command.with_events,
        state.name, state.seq, tx.recorded_at,
    )  # fmt: skip
    await due.schedule(tx, MAKE, id.uuid, tx.recorded_at, follows="wall")
    return ExportMoved(id, state.name)


@dataclass(frozen=True, slots=True)
class FinishExport:
    """The sealed file that a worker has written, and what is in it."""

    export: DataExportId
    file: UUID
    records: int
    size: int
    sha256: str


@operation("privacy.finish_export", allowed=frozenset({Grant.SYSTEM}))
async def finish_export(tx: Tx, command: FinishExport) -> ExportMoved:
    """Keeps the file for its time; one that another worker has finished stays as that left it."""
    await due.finish(tx, MAKE, command.export.uuid)
    of = await data_export(tx, command.export)
    if of.state.name != "asked":
        return ExportMoved(of.id, of.state.name)
    state = await DATA_EXPORT.move(tx, tx.customer, of.id.uuid, of.state, "finish")
    until = tx.recorded_at + KEPT
    await tx.execute(
        """UPDATE data_export SET state = $3, seq = $4, file_id = $5, records = $6, size = $7, sha256 = $8,
                  ready_at = $9, until = $10
            WHERE shard_key = $1 AND id = $2""",
        of.id.shard, of.id.uuid, state.name, state.seq, command.file, command.records, command.size, command.sha256,
        tx.recorded_at, until,
    )  # fmt: skip
    await due.schedule(tx, EXPIRE, of.id.uuid, until, follows="wall")
    return ExportMoved(of.id, state.name)


@dataclass(frozen=True, slots=True)
class ExpireExport:
    """An export whose time is over."""

    export: DataExportId


@operation("privacy.expire_export", allowed=frozenset({Grant.SYSTEM}))
async def expire_export(tx: Tx, command: ExpireExport) -> ExportMoved:
    """Deletes its file; nothing happens to one that is gone already."""
    of = await data_export(tx, command.export)
    await due.finish(tx, EXPIRE, of.id.uuid)
    if of.state.name != "ready":
        return ExportMoved(of.id, of.state.name)
    return ExportMoved(of.id, (await _forget(tx, of, "expire")).name)


async def forget_exports(tx: Tx) -> None:
    """Nothing of what was exported stays, and what was asked for is not made any more."""
    for of in await data_exports(tx, tx.customer):
        if event := {"asked": "fail", "ready": "expire"}.get(of.state.name):
            for kind in (MAKE, EXPIRE):
                await due.finish(tx, kind, of.id.uuid)
            await _forget(tx, of, event)


async def _forget(tx: Tx, of: DataExport, event: str) -> State:
    """Its state first: a worker that writes a file at this moment has it in the way, so none comes after."""
    state = await _move(tx, of, event)
    await tx.execute("DELETE FROM data_export_file WHERE shard_key = $1 AND export_id = $2", of.id.shard, of.id.uuid)
    return state


async def _move(tx: Tx, of: DataExport, event: str) -> State:
    state = await DATA_EXPORT.move(tx, tx.customer, of.id.uuid, of.state, event)
    await tx.execute(
        "UPDATE data_export SET state = $3, seq = $4 WHERE shard_key = $1 AND id = $2",
        of.id.shard, of.id.uuid, state.name, state.seq,
    )  # fmt: skip
    return state


@dataclass(frozen=True, slots=True)
class FetchExport:
    """Somebody follows a link to the file."""

    export: DataExportId


@dataclass(frozen=True, slots=True)
class ExportFetched:
    """The file, and how often it was fetched with this time."""

    file: UUID
    downloads: int


@operation("privacy.fetch_export", allowed=frozenset({Grant.PORTAL}))
async def fetch_export(tx: Tx, command: FetchExport) -> ExportFetched:
    """Counts it. STATE_CONFLICT once the file is gone, or was fetched as often as it may be."""
    of = await data_export(tx, command.export)
    if of.state.name != "ready" or of.file is None or of.until is None or of.until <= tx.recorded_at:
        raise Refused(RefusalCode.STATE_CONFLICT, "The export is not there any more; ask for another one.", ("id",))
    if of.downloads >= MOST_DOWNLOADS:
        raise Refused(RefusalCode.STATE_CONFLICT, "The export was downloaded too often; ask for another one.", ("id",))
    await tx.execute(
        "UPDATE data_export SET downloads = downloads + 1 WHERE shard_key = $1 AND id = $2", of.id.shard, of.id.uuid
    )
    return ExportFetched(of.file, of.downloads + 1)


def follower(of: DataExport, request_id: str) -> Actor:
    """Who follows a link to the file: nobody knows who that is."""
    grants = frozenset({Grant.PORTAL})
    return Actor(f"link:{of.id}", str(of.id), grants, of.tenant, of.customer, of.customer, request_id=request_id)
