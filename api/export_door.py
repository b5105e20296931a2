"""The door of exports: who has a link that we signed gets the file, for a short time and some times."""

from functools import partial
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.database import Database
from domain.perform import perform
from domain.privacy.data_export import (
    DataExport,
    FetchExport,
    data_export,
    export_of_text,
    fetch_export,
    follower,
)
from domain.privacy.export_file import unpacked
from domain.refusals import RETRYABLE, RefusalCode, Refused

PATH: Final = "/exports/{text}.jsonl"
_HEADERS: Final = {
    "Content-Disposition": 'attachment; filename="export.jsonl"', "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}  # fmt: skip


def routes(db: Database) -> list[Route]:
    """The door; it needs no sign-in, and counts and audits each time."""
    return [Route(PATH, partial(_answer, db), methods=["GET"])]


async def _answer(db: Database, request: Request) -> Response:
    try:
        id = export_of_text(db.vault, request.path_params["text"], db.clock.now())
        if id is None:
            return _refused(RefusalCode.NOT_FOUND, "This link is not valid, or has expired.", 404)
        of = await data_export(db.primary, id)
        # Packed it is much smaller than what is in it, which is sent piece by piece.
        packed = await _fetched(db, of, request.state.request_id)
        headers = {**_HEADERS, "Content-Length": str(of.size)}
        return StreamingResponse(unpacked(packed), media_type="application/x-ndjson", headers=headers)
    except Refused as refused:
        if refused.code in RETRYABLE:
            raise
        return _refused(refused.code, refused.message, 410)


async def _fetched(db: Database, of: DataExport, request_id: str) -> bytes:
    actor = follower(of, request_id)
    done = await perform(db, fetch_export, actor, of.customer, FetchExport(of.id), f"fetch:{uuid4()}")
    row = await db.primary.fetchrow(
        """SELECT k.wrapped, f.sealed FROM data_export_file f
             JOIN sealing_key k ON k.shard_key = f.shard_key AND k.customer_id = f.customer_id
            WHERE f.shard_key = $1 AND f.id = $2""",
        of.id.shard,
        done.outcome.file,
    )
    if row is None:
        raise Refused(RefusalCode.STATE_CONFLICT, "The export is not there any more; ask for another one.")
    return db.vault.open(row["wrapped"], row["sealed"])


def _refused(code: RefusalCode, message: str, status: int) -> Response:
    return JSONResponse({"code": code.value, "message": message}, status, {"Cache-Control": "no-store"})
